"""Model servers that fail, and clients that leave. Part of test_faults.py."""

import contextlib
import json
import os
import socket
import struct
import time

import wire
from harness import accepts, equal, expect, expected_text, named, until
from siege import api_error
from wire import Broken, Wire, ask, bearer, chat, chat_body, message, message_body, request, response, x_api_key

FIRST_BYTE_SECONDS, SILENCE_SECONDS = 1, 1
# What a timer may be late.
GRACE_SECONDS = 1.0
LEAVING = 20
PATIENCE = {"connect_timeout": "1s", "first_byte_timeout": "1s", "idle_timeout": "1s"}


def impatient(f):
    """A gateway that waits for a second at most, and a key."""
    return f.other("impatient", {"upstreams": [{"url": f.upstream.url, **PATIENCE}]})


def served(f, gateway, key, **more):
    prompt = f.prompt()
    answer = chat(gateway.port, key, prompt, **more)
    equal(answer.status, 200, f"status ({answer.body[:200]!r})")
    equal(answer.json["choices"][0]["message"]["content"], expected_text(prompt), "text")


def silent_before_answer(f):
    gateway, key = impatient(f)
    for ask_one, path in ((chat, "/v1/chat/completions"), (message, "/v1/messages")):
        prompt = f.prompt()
        started = time.monotonic()
        answer = ask_one(gateway.port, key, prompt, "hang")
        took = time.monotonic() - started
        api_error(answer, path, 504)
        expect(FIRST_BYTE_SECONDS - 0.1 <= took <= FIRST_BYTE_SECONDS + GRACE_SECONDS, f"answered after {took:.2f} s")
        f.upstream.wait(prompt, "aborted")
    served(f, gateway, key)


def slow_but_in_time(f):
    """Bounds on silence are none on the whole."""
    gateway, key = impatient(f)
    prompt = f.prompt()
    equal(chat(gateway.port, key, prompt, "slow-first-byte-600ms").status, 200, "status of a slow answer")
    answer = chat(gateway.port, key, prompt, "paced-100ms", stream=True)
    expect(answer.is_whole and answer.events()[-1][1] == "[DONE]", "a stream longer than the bounds was cut")


def error_in_stream(path, answer):
    """Checks that a stream ended with an error in its API's shape, and with nothing that looks like an end."""
    events = answer.events()
    name, data = events[-1]
    value = json.loads(data) if data.startswith("{") else {}
    expect("error" in (name, *value), f"the stream ends without an error: {name} {data[:200]}")
    if path == "/v1/messages":
        equal((name, value["type"]), ("error", "error"), "event")
        expect(value["error"]["type"] and value["error"]["message"], f"error {value}")
    elif path == "/v1/responses":
        equal((name, value["type"]), ("error", "error"), "event")
        expect(value["code"] and value["message"], f"error {value}")
    else:
        expect(value["error"]["message"] and value["error"]["type"], f"error {value}")
    text = answer.body.decode("utf-8", "replace")
    for end in ("[DONE]", "message_stop", "response.completed"):
        expect(end not in text, f"the stream has its end, {end}, before the error")
    return len(events) - 1


def broken_streams(f):
    """However a stream breaks, what came is passed on, then an error; the connection ends."""
    gateway, key = impatient(f)
    for model in ("die-midstream", "die-reset", "hang-midstream", "cut", "bad-chunk"):
        for path, make, headers in (
                ("/v1/chat/completions", chat_body, bearer), ("/v1/messages", message_body, x_api_key),
                ("/v1/responses", wire.response_body, bearer), ("/v1/completions", chat_completion_body, bearer)):
            prompt = f.prompt()
            with Wire(gateway.port) as connection:
                connection.send(request("POST", path, headers(key), json.dumps(
                    make(prompt, model, stream=True)).encode()))
                answer = connection.head()
                equal(answer.status, 200, f"status of {model} at {path}")
                answer.body = b"".join(connection.parts(answer))
                expect(connection.is_closed(1), f"the connection stays open after {model} at {path}")
            expect(error_in_stream(path, answer) >= 4, f"{model} at {path}: what came before was lost")


def chat_completion_body(prompt, model, **more):
    return {"model": model, "prompt": prompt, **more}


def broken_bodies(f):
    """An answer that is no stream and breaks off is an error, or a connection that ends before the answer does."""
    gateway, key = impatient(f)
    for model in ("die-midstream", "die-reset", "hang-midstream"):
        for ask_one in (chat, message, response):
            with contextlib.suppress(Broken):
                answer = ask_one(gateway.port, key, f.prompt(), model)
                expect(answer.status in (502, 504) or not answer.is_whole, f"{model} looks whole: {answer}")
    for model, status in (("garbage-json", None), ("garbage", 502), ("die", 502), ("both-lengths", 502)):
        answer = chat(gateway.port, key, f.prompt(), model)
        expect(answer.status == status or (status is None and answer.status in (200, 502)), f"{model}: {answer}")
    served(f, gateway, key)


def garbage_events(f):
    """Events that are no JSON come through or end the stream with an error; the gateway goes on."""
    gateway, key = impatient(f)
    for path, make, headers in (("/v1/chat/completions", chat_body, bearer), ("/v1/messages", message_body, x_api_key)):
        answer = ask(gateway.port, path, make(f.prompt(), "garbage-sse", stream=True), headers(key))
        text = answer.body.decode("utf-8", "replace")
        expect(("[DONE]" in text or "message_stop" in text) != ('"error"' in text), f"{path}: {text[-300:]}")
    served(f, gateway, key)


def upstream_gone_and_back(f):
    served(f, f.gateway, f.key)
    f.upstream.stop()
    try:
        for ask_one, path in ((chat, "/v1/chat/completions"), (message, "/v1/messages")):
            for more in ({}, {"stream": True}):
                started = time.monotonic()
                api_error(ask_one(f.gateway.port, f.key, f.prompt(), **more), path, 502)
                expect(time.monotonic() - started < 2 + GRACE_SECONDS, "a refused connection took long")
    finally:
        f.upstream.start()
    served(f, f.gateway, f.key)


def upstream_unreachable(f):
    """A model server that does not even refuse."""
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        port = deaf.getsockname()[1]
        # Fills the queue of connections, so that the next one is not answered.
        fillers = []
        try:
            while len(fillers) < 8:
                filler = socket.socket()
                filler.settimeout(0.2)
                fillers.append(filler)
                filler.connect(("127.0.0.1", port))
        except TimeoutError:
            pass
        gateway, key = f.other("deaf", {"upstreams": [{"url": f"http://127.0.0.1:{port}", **PATIENCE}]})
        started = time.monotonic()
        answer = chat(gateway.port, key, f.prompt())
        took = time.monotonic() - started
        api_error(answer, "/v1/chat/completions", 504 if answer.status == 504 else 502)
        expect(took < 1 + GRACE_SECONDS, f"answered after {took:.1f} s")
        for filler in fillers:
            filler.close()


def idle_connections_closed(f):
    """A kept connection that the model server closed does not cost a request."""
    for _ in range(20):
        served(f, f.gateway, f.key)
        f.upstream.control(close_idle=True)
        served(f, f.gateway, f.key)


def reused_connection_dies(f):
    """A kept connection that ends under a request, before any answer: the request is tried again, and billed once."""
    for more in ({}, {"stream": True}):
        served(f, f.gateway, f.key)
        f.upstream.control(close_reused=1)
        prompt = f.prompt()
        try:
            answer = chat(f.gateway.port, f.key, prompt, **more)
        finally:
            f.upstream.control(close_reused=0)
        equal((answer.status, answer.is_whole), (200, True), "status")
        f.gateway.exchange(prompt)


def upstream_replies_early(f):
    """An answer that comes before the whole request was taken reaches the client."""
    prompt = "x" * (8 << 20) + f.prompt()
    answer = chat(f.gateway.port, f.key, prompt, "early-reply-before-body", timeout=20)
    expect(answer.status in (400, 502), f"status {answer.status}")
    served(f, f.gateway, f.key)


def upstream_closes_after(f):
    for model in ("close-after", "http10"):
        for _ in range(5):
            prompt = f.prompt()
            answer = chat(f.gateway.port, f.key, prompt, model)
            equal(answer.json["choices"][0]["message"]["content"], expected_text(prompt, model), f"text of {model}")


def few_connections(f):
    """Requests over the bound of connections wait for one."""
    gateway, key = f.other("few", {"upstreams": [{"url": f.upstream.url, "connections": 2}]})
    with contextlib.ExitStack() as stack:
        waiting = []
        for _ in range(8):
            prompt = f.prompt()
            connection = stack.enter_context(Wire(gateway.port))
            connection.send(request("POST", "/v1/chat/completions", bearer(key), json.dumps(
                chat_body(prompt, "slow-first-byte-100ms")).encode()))
            waiting.append(connection)
        equal([connection.answer().status for connection in waiting], [200] * 8, "statuses")


def leave(f, model, path, make, headers, streams, reset=False):
    """One client that leaves under way; returns how late the model server knew, in seconds."""
    prompt = f.prompt()
    with Wire(f.gateway.port) as connection:
        connection.send(request("POST", path, headers(f.key), json.dumps(make(prompt, model, stream=streams)).encode()))
        if streams:
            next(iter(connection.parts(connection.head())))
        else:
            f.upstream.wait(prompt, "read")
        if reset:
            connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        left = connection.close()
    return f.upstream.aborted_within(prompt, left)


def client_leaves(f):
    """Twenty of twenty reach the model server within 50 ms, with and without streams."""
    for model, streams in (("paced-20ms+long", True), ("hang", False)):
        for number in range(LEAVING):
            is_message = number % 2
            leave(f, model, "/v1/messages" if is_message else "/v1/chat/completions",
                  message_body if is_message else chat_body, x_api_key if is_message else bearer, streams,
                  reset=number % 4 > 1)


def client_leaves_while_waiting(f):
    """A stream that has not begun, and one whose words are far apart."""
    for model in ("slow-first-byte-9000ms", "hang-midstream", "paced-5000ms"):
        prompt = f.prompt()
        with Wire(f.gateway.port) as connection:
            connection.send(request("POST", "/v1/chat/completions", bearer(f.key), json.dumps(
                chat_body(prompt, model, stream=True)).encode()))
            f.upstream.wait(prompt, "read")
            if not model.startswith("slow"):
                next(iter(connection.parts(connection.head())))
            left = connection.close()
        f.upstream.aborted_within(prompt, left)


def many_streams(f):
    """Two hundred streams at a time are each whole and in order."""
    with contextlib.ExitStack() as stack:
        opened = []
        for _ in range(200):
            prompt = f.prompt()
            connection, answer = wire.open_stream(
                f.gateway.port, bearer(f.key), "/v1/chat/completions", chat_body(prompt, "paced-20ms", stream=True),
                timeout=30)
            stack.enter_context(connection)
            opened.append((prompt, connection, answer))
        for prompt, connection, answer in opened:
            answer.body = b"".join(connection.parts(answer))
            events = answer.events()
            equal(events[-1][1], "[DONE]", "last event")
            text = "".join(
                json.loads(data)["choices"][0]["delta"].get("content", "") for _, data in events[:-1])
            equal(text, expected_text(prompt, "paced-20ms"), "text")


def no_descriptors_leak(f):
    """Whatever happened on them, connections that ended are closed."""
    def count():
        return len(os.listdir(f"/proc/{f.gateway.process.pid}/fd"))

    served(f, f.gateway, f.key)
    before = count()
    for _ in range(30):
        leave(f, "hang", "/v1/chat/completions", chat_body, bearer, False)
        chat(f.gateway.port, f.key, f.prompt(), "die")
        chat(f.gateway.port, f.key, f.prompt(), "bad-chunk", stream=True)
        expect(accepts(f.gateway.port), "no connection is taken")
    until("connections are closed", 5, lambda: count() <= before + 8)


CHECKS = named([
    silent_before_answer, slow_but_in_time, broken_streams, broken_bodies, garbage_events, upstream_gone_and_back,
    upstream_unreachable, idle_connections_closed, reused_connection_dies, upstream_replies_early, upstream_closes_after,
    few_connections, client_leaves, client_leaves_while_waiting, many_streams, no_descriptors_leak])
