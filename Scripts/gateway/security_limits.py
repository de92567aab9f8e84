"""Attacks by size, slowness and nonsense. Part of test_security.py."""

import contextlib
import gzip
import itertools
import json
import time
import zlib

import wire
from harness import equal, expect, http_json, named, until
from siege import (
    BODY_BYTES, BODY_SECONDS, CONNECTIONS, GRACE_SECONDS, HEADER_BYTES, HEADER_SECONDS, IDLE_SECONDS, MOST_GROWTH, api_error,
    settle)
from wire import Broken, Wire, ask, bearer, chat, chat_body, message_body, request, x_api_key


def head_too_large(s):
    for headers in ({"x-filler": "a" * (HEADER_BYTES + 1)}, {f"x-filler-{i}": "a" * 64 for i in range(400)}):
        with Wire(s.port) as connection:
            answer = connection.send(request("GET", "/v1/models", bearer(s.key) | headers)).answer()
            equal(answer.status, 431, "status")
            expect(connection.is_closed(2), "the connection stays open")
    with Wire(s.port) as connection:
        answer = connection.send(request("GET", "/v1/models?" + "a" * (HEADER_BYTES + 1), bearer(s.key))).answer()
        expect(answer.status in (400, 404, 414, 431), f"status {answer.status} of a long target")
    s.still_serves()


def body_too_large(s):
    for path, headers in (("/v1/chat/completions", bearer(s.key)), ("/v1/messages", x_api_key(s.key))):
        # By its length alone, before any of it is sent.
        with Wire(s.port) as connection:
            connection.send(request("POST", path, headers | {"content-length": str(BODY_BYTES + 1)}))
            api_error(connection.answer(), path, 413)
            expect(connection.is_closed(2), "the connection stays open")
        with Wire(s.port) as connection:
            connection.send(request("POST", path, headers | {"transfer-encoding": "chunked"}))
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                for _ in range(40):
                    connection.send(b"10000\r\n" + b"a" * 65536 + b"\r\n")
            api_error(connection.answer(), path, 413)
    prompt = s.prompt() + "x" * (BODY_BYTES - 4096)
    equal(chat(s.port, s.key, prompt).status, 200, "status just below the bound")


def unread_body(s):
    """A refusal is readable although its request was not read to the end."""
    for _ in range(10):
        answer = chat(s.port, "nonsense", "x" * (BODY_BYTES - 4096))
        equal(answer.status, 401, "status")


def slow_head(s):
    """A head that trickles in, or never begins, is not waited for."""
    def trickle(first):
        started = time.monotonic()
        with Wire(s.port, timeout=20) as connection:
            connection.send(first)
            for byte in itertools.cycle(b"a"):
                # Waits for the end of the connection, a tenth of a second at a time.
                if connection.is_closed(0.1):
                    break
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    if first:
                        connection.send(bytes([byte]))
                expect(time.monotonic() - started < 12, f"open for 12 s after {first[:20]!r}")
        return time.monotonic() - started

    took = trickle(b"GET /v1/models HTTP/1.1\r\nhost: a\r\nx-slow: ")
    expect(took <= HEADER_SECONDS + GRACE_SECONDS, f"closed after {took:.1f} s")
    took = trickle(b"")
    expect(took <= max(HEADER_SECONDS, IDLE_SECONDS) + GRACE_SECONDS, f"a silent connection closed after {took:.1f} s")


def slow_body(s):
    started = time.monotonic()
    with Wire(s.port, timeout=20) as connection:
        connection.send(request("POST", "/v1/chat/completions", bearer(s.key) | {"content-length": "1000"}, b"{"))
        with contextlib.suppress(Broken):
            equal(connection.answer().status, 408, "status")
        expect(connection.is_closed(5), "the connection stays open")
    took = time.monotonic() - started
    expect(took <= BODY_SECONDS + GRACE_SECONDS, f"closed after {took:.1f} s")


def idle_connection(s):
    with Wire(s.port, timeout=20) as connection:
        connection.send(request("GET", "/v1/models", bearer(s.key)))
        equal(connection.answer("GET").status, 200, "status")
        started = time.monotonic()
        expect(connection.is_closed(IDLE_SECONDS + GRACE_SECONDS), "an idle connection stays open")
        expect(time.monotonic() - started >= IDLE_SECONDS - 0.5, "an idle connection was closed early")


def many_connections(s):
    """Those over the bound are turned away, and there is room again when some leave."""
    gateway = s.other("narrow", {"limits": {"connections": CONNECTIONS}})
    key = gateway.key("crowd")

    def serves():
        try:
            return ask(gateway.port, "/v1/models", headers=bearer(key), method="GET", timeout=3).status
        except (Broken, OSError):
            return None

    until("the connections of before are gone", 5, lambda: serves() == 200)
    with contextlib.ExitStack() as stack:
        for _ in range(CONNECTIONS + 10):
            with contextlib.suppress(OSError):
                stack.enter_context(Wire(gateway.port))
        # Taken by several threads, so not at once.
        until("they are taken", 5, lambda: gateway.metric("stillwatch_connections$") >= CONNECTIONS)
        expect(serves() in (None, 503), "a connection over the bound was served")
        equal(http_json(gateway.admin_port, "GET", "/healthz")[0], 200, "health meanwhile")
    until("there is room again", 5, lambda: serves() == 200)


def slow_reader(s):
    """Clients that read nothing of long streams make the model server wait, not the gateway grow."""
    before = settle(s.gateway)
    with contextlib.ExitStack() as stack:
        prompts = [s.prompt() for _ in range(16)]
        for prompt in prompts:
            connection, answer = wire.open_stream(
                s.port, bearer(s.key), "/v1/chat/completions", chat_body(prompt, "long-150000", stream=True),
                receive_buffer=4096)
            stack.enter_context(connection)
            equal(answer.status, 200, "status")
        growth = settle(s.gateway) - before
        expect(growth < MOST_GROWTH, f"grew by {growth >> 20} MiB")
        s.still_serves()
    for prompt in prompts:
        s.upstream.wait(prompt, "aborted")


def compressed_bodies(s):
    before = settle(s.gateway)
    packer = zlib.compressobj(9, wbits=31)
    bomb = packer.compress(b'{"model":"plain","messages":[{"role":"user","content":"')
    bomb += b"".join(packer.compress(b" " * (1 << 20)) for _ in range(256)) + packer.flush()
    for coding in ("gzip", "deflate", "br", "zstd", "gzip, gzip", "identity, gzip", "x-gzip"):
        answer = ask(s.port, "/v1/chat/completions", bomb, bearer(s.key) | {"content-encoding": coding})
        expect(answer.status in (400, 413, 415), f"status {answer.status} for {coding}")
    prompt = s.prompt()
    answer = ask(s.port, "/v1/chat/completions", gzip.compress(json.dumps(chat_body(prompt)).encode()),
                 bearer(s.key) | {"content-encoding": "gzip"})
    expect(answer.status in (200, 415), f"status {answer.status} of a small compressed body")
    growth = settle(s.gateway) - before
    expect(growth < MOST_GROWTH, f"grew by {growth >> 20} MiB")


def huge_events(s):
    """An event over the bound ends the stream with an error, or comes through; the gateway does not hold much of it."""
    before = settle(s.gateway)
    stripped = s.gateway.key("stripped")
    for key, path, make, headers in (
            (s.key, "/v1/chat/completions", chat_body, bearer), (stripped, "/v1/chat/completions", chat_body, bearer),
            (s.key, "/v1/messages", message_body, x_api_key), (stripped, "/v1/messages", message_body, x_api_key)):
        body = make(s.prompt(), "huge-line-64", stream=True)
        with Wire(s.port, timeout=30) as connection:
            connection.send(request("POST", path, headers(key), json.dumps(body).encode()))
            answer = connection.head()
            size, tail = 0, b""
            for part in connection.parts(answer):
                size += len(part)
                tail = (tail + part)[-4096:]
        ended = b"[DONE]" in tail or b"message_stop" in tail
        expect(ended or b'"error"' in tail, f"{size} bytes of {path}, then neither an error nor the end: {tail[-200:]!r}")
        expect(ended == (size > 64 << 20), f"{size} bytes, ended {ended}")
    growth = settle(s.gateway) - before
    expect(growth < MOST_GROWTH, f"grew by {growth >> 20} MiB")
    s.still_serves()


def odd_json(s):
    """No body brings the gateway down, or past a rule."""
    nested = b"[" * 200_000
    bodies = [
        b"", b"{", b"null", b"[]", b"1", b'"text"', nested, b'{"model":' + nested, b'{"messages":' + nested + b"]" * 200_000,
        b'\xef\xbb\xbf{"model":"plain"}', b'{"model":"\xff\xfe"}', b'{"model":"\\ud800","messages":[]}', b'{"model":1}',
        b'{"model":"plain","messages":"x"}', b'{"model":"plain","messages":[1,null,{}]}', b'{"model":"plain"}{"model":"x"}',
        b'{"model":"plain","messages":[{"role":"user","content":{"a":1}}]}', b'{"model":"plain","stream":"yes","messages":[]}',
        b'{"model":"plain","max_tokens":1e999,"messages":[]}', b'{"model":"plain","max_tokens":-1,"messages":[]}',
        b'{"model":"plain","messages":[],"stream_options":[]}', b'{"model":"plain","messages":[]}\0',
        b"{'model':'plain'}", b'{"model":"pl\nain","messages":[]}', b'{"a":"' + b"\\u0000" * 1000 + b'"}']
    for body in bodies:
        for path, headers in (("/v1/chat/completions", bearer), ("/v1/responses", bearer), ("/v1/messages", x_api_key)):
            answer = ask(s.port, path, body, headers(s.key))
            expect(answer.status < 600 and answer.status != 502, f"status {answer.status} for {body[:60]!r} at {path}")
            answer.json
    equal(ask(s.port, "/v1/chat/completions", nested, bearer(s.key)).status, 400, "status of nested brackets")
    expect(s.gateway.is_running(), "the gateway ended")
    s.still_serves()


def doubled_fields(s):
    """A field named twice, or in escapes, does not get past a rule."""
    key = s.gateway.key("reduced")
    rest = '"model":"plain","messages":[{"role":"user","content":"%s"}]'
    for fields in ('"max_tokens":5,"max_tokens":4000', '"max_tokens":4000,"max_tokens":5', '"max\\u005ftokens":4000',
                   '"\\u006dax_tokens":4000,"max_tokens":9', '"max_tokens":4e3', '"max_tokens":4000.0',
                   '"max_completion_tokens":4000,"max_completion_tokens":4001', '"max_tokens":9,"x":{"max_tokens":4000}'):
        prompt = s.prompt()
        body = "{" + fields + "," + rest % prompt + "}"
        answer = ask(s.port, "/v1/chat/completions", body.encode(), bearer(key))
        if answer.status == 400:
            continue
        equal(answer.status, 200, f"status for {fields}")
        pairs = json.loads(s.upstream.request(prompt)["body"], object_pairs_hook=lambda pairs: pairs)
        amounts = [value for name, value in pairs if name in ("max_tokens", "max_completion_tokens")]
        expect(amounts and max(amounts) <= 512, f"{fields} reached the model server as {amounts}")


CHECKS = named([
    head_too_large, body_too_large, unread_body, slow_head, slow_body, idle_connection, many_connections, slow_reader,
    compressed_bodies, huge_events, odd_json, doubled_fields])
