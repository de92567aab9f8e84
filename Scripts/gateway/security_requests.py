"""Attacks by keys, request targets and requests in a row. Part of test_security.py."""

import contextlib
import hashlib
import json
import select

from harness import equal, expect, expected_text, named, until
from siege import ROUTES, api_error
from wire import Broken, Wire, ask, bearer, chat, chat_body, request, x_api_key


# Keys.


def keys_missing(s):
    for path in ROUTES:
        mark = s.prompt()
        api_error(ask(s.port, path, chat_body(mark), {"content-type": "application/json"}), path, 401)
        equal(s.upstream.requests(mark), [], "requests at the model server")
    api_error(ask(s.port, "/v1/models", method="GET"), "/v1/models", 401)
    answer = ask(s.port, "/v1/models", method="GET", headers={"anthropic-version": "2023-06-01"})
    api_error(answer, "/v1/messages", 401)


def keys_malformed(s):
    identity, secret = s.key.split("-")[1:]
    wrong = [
        "", " ", "sw-", "sw--", f"sw-{identity}", f"sw-{identity}-", s.key[:-1], s.key + "A", s.key.lower(),
        s.key.replace("sw-", "SW-"), f"sw-{'A' * 16}-{secret}", f"sw-{identity}-{'A' * len(secret)}",
        f"sw-{identity}-{secret[:-1]}%00", "' OR '1'='1", "sw-' OR 1=1 --", f"{identity}' UNION SELECT * FROM keys; --",
        "sw-%' AND id LIKE '%", "'; DROP TABLE keys; --", "null", "undefined", "A" * 4096, "sw-" + "-" * 60,
        "\u00e9" * 16, "../../etc/passwd", "${jndi:ldap://127.0.0.1/a}", "{{7*7}}"]
    for key in wrong:
        for path, headers in (("/v1/chat/completions", bearer(key)), ("/v1/messages", x_api_key(key))):
            mark = s.prompt()
            api_error(ask(s.port, path, chat_body(mark), headers), path, 401)
            equal(s.upstream.requests(mark), [], f"requests at the model server with key {key!r}")
    for value in (s.key, f"Basic {s.key}", f"Bearer{s.key}", f"Bearer {s.key} {s.key}", f"Token {s.key}"):
        answer = ask(s.port, "/v1/models", method="GET", headers={"authorization": value})
        equal(answer.status, 401, f"status with {value.replace(s.key, 'KEY')!r}")
    s.still_serves()


def keys_mixed(s):
    """The public half of one key with the secret of another is no key."""
    other = s.gateway.key("other")
    (first, one), (second, two) = s.key.split("-")[1:], other.split("-")[1:]
    for key in (f"sw-{first}-{two}", f"sw-{second}-{one}", f"sw-{first[:8]}{second[8:]}-{one}", f"sw-{first}-{one[::-1]}"):
        equal(chat(s.port, key, s.prompt()).status, 401, "status with a mixed key")


def keys_in_odd_places(s):
    for target in (f"/v1/models?api_key={s.key}", f"/v1/models?key={s.key}&access_token={s.key}"):
        equal(ask(s.port, target, method="GET").status, 401, "status with the key in the target")
    for headers in ({"cookie": f"key={s.key}"}, {"proxy-authorization": f"Bearer {s.key}"}, {"api-key": s.key},
                    {"x-authorization": f"Bearer {s.key}"}):
        equal(ask(s.port, "/v1/models", method="GET", headers=headers).status, 401, f"status with {list(headers)}")
    body = json.dumps(chat_body(s.prompt())).encode()
    raw = request("POST", "/v1/chat/completions", {"transfer-encoding": "chunked", "trailer": "authorization"},
                  b"%x\r\n%s\r\n0\r\nauthorization: Bearer %s\r\n\r\n" % (len(body), body, s.key.encode()))
    with Wire(s.port) as connection:
        equal(connection.send(raw).answer().status, 401, "status with the key in a trailer")


def keys_two(s):
    """Two credentials are refused, or one of them is billed, in the log as with the model server."""
    victim = s.gateway.key("victim")
    for headers in ([("authorization", f"Bearer {s.key}"), ("authorization", f"Bearer {victim}")],
                    [("authorization", f"Bearer {s.key}"), ("x-api-key", victim)],
                    [("authorization", "Bearer nonsense"), ("x-api-key", victim)]):
        prompt = s.prompt()
        answer = ask(s.port, "/v1/chat/completions", chat_body(prompt), headers)
        if answer.status == 200:
            account = s.gateway.exchange(prompt)["account"]["id"]
            expect(account in ("attacker", "victim"), f"billed to {account}")
        else:
            expect(answer.status in (400, 401), f"status {answer.status}")


def keys_revoked(s):
    made = s.gateway.admin("POST", "/admin/keys", {"account": "leaver"}, status=201)
    s.gateway.wait_key(made["key"])
    rotated = s.gateway.admin("POST", f"/admin/keys/{made['id']}/rotate", {"grace_seconds": 0}, status=201)
    s.gateway.wait_key(rotated["key"])
    s.gateway.wait_key(made["key"], works=False)
    s.gateway.admin("DELETE", f"/admin/keys/{rotated['id']}")
    s.gateway.wait_key(rotated["key"], works=False)


# Where a request goes.


def host_header(s):
    """The Host header names nothing but the gateway."""
    for host in (f"127.0.0.1:{s.decoy_port}", "evil.test", "localhost", f"127.0.0.1:{s.upstream.port}", "a@b"):
        prompt = s.prompt()
        answer = ask(s.port, "/v1/chat/completions", chat_body(prompt), bearer(s.key) | {
            "x-forwarded-host": f"127.0.0.1:{s.decoy_port}", "forwarded": f"host=127.0.0.1:{s.decoy_port}"}, host=host)
        expect(answer.status in (200, 400), f"status {answer.status} with Host: {host}")
        for seen in s.upstream.requests(prompt):
            hosts = [value for name, value in seen["headers"] if name == "host"]
            equal(hosts, [f"127.0.0.1:{s.upstream.port}"], "Host at the model server")
    s.decoy_is_untouched()


def targets_absolute(s):
    for target in (f"http://127.0.0.1:{s.decoy_port}/v1/chat/completions", f"//127.0.0.1:{s.decoy_port}/v1/chat/completions",
                   f"@127.0.0.1:{s.decoy_port}/v1/chat/completions", f"https://127.0.0.1:{s.decoy_port}/v1/models",
                   f":{s.decoy_port}/v1/chat/completions", "file:///etc/passwd", "*"):
        prompt = s.prompt()
        answer = ask(s.port, target, chat_body(prompt), bearer(s.key))
        expect(400 <= answer.status < 500, f"status {answer.status} for {target}")
        equal(s.upstream.requests(prompt), [], "requests at the model server")
    s.decoy_is_untouched()


def method_connect(s):
    with Wire(s.port) as connection:
        connection.send(request("CONNECT", f"127.0.0.1:{s.decoy_port}", bearer(s.key)))
        answer = connection.answer()
        expect(400 <= answer.status < 600 and answer.status != 502, f"status {answer.status}")
    s.decoy_is_untouched()


def targets_in_the_request(s):
    """Fields and headers with which other proxies let a client choose the model server."""
    url = f"http://127.0.0.1:{s.decoy_port}"
    fields = {name: url for name in ("api_base", "base_url", "upstream", "endpoint", "custom_llm_provider", "proxy")}
    headers = {name: url for name in (
        "x-upstream-url", "x-api-base", "x-litellm-api-base", "x-stillwatch-upstream", "x-target-url", "x-original-url",
        "x-rewrite-url", "helicone-target-url", "x-portkey-custom-host", "destination")}
    prompt = s.prompt()
    answer = ask(s.port, "/v1/chat/completions", chat_body(prompt, **fields), bearer(s.key) | headers)
    expect(answer.status in (200, 400), f"status {answer.status}")
    if answer.status == 200:
        equal(s.upstream.request(prompt)["target"], "/v1/chat/completions", "target at the model server")
    s.decoy_is_untouched()


def paths(s):
    odd = [
        "/v1/../v1/chat/completions", "/v1//chat/completions", "//v1/chat/completions", "/v1/./chat/completions",
        "/v1/chat/completions/../../admin/keys", "/v1/%2e%2e/admin/keys", "/v1/%2e%2e%2fadmin/keys", "/..%2fadmin/keys",
        "/v1/chat%2fcompletions", "/v1/chat/completions%00", "/v1\\chat\\completions", "/v1/chat/completions;a=b",
        "/V1/chat/completions", "/v1/chat/completions/", "/admin/keys", "/v1/admin/keys", "/metrics", "/__requests",
        "/v1/../__requests", "/v1/..;/admin/keys", "/v1/chat/completions#x", "/", "/v1", "/v1/", "v1/chat/completions",
        "/v1/chat/completions\x7f", "/v1/unknown", "/v1/files", "/v1/%63hat/completions", "/v1/models/../../__requests"]
    for path in odd:
        prompt = s.prompt()
        answer = ask(s.port, path, chat_body(prompt), bearer(s.key))
        expect(answer.status in (400, 404, 405), f"status {answer.status} for {path}")
        equal(s.upstream.requests(prompt), [], f"requests at the model server for {path}")
    prompt = s.prompt()
    equal(ask(s.port, "/v1/chat/completions?beta=true", chat_body(prompt), bearer(s.key)).status, 200, "with a query")
    equal(s.upstream.request(prompt)["target"], "/v1/chat/completions?beta=true", "target at the model server")


def methods(s):
    for method in ("GET", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "BREW", "PROPFIND", "post"):
        prompt = s.prompt()
        try:
            answer = ask(s.port, "/v1/chat/completions", chat_body(prompt), bearer(s.key), method=method)
        except Broken:
            continue
        expect(400 <= answer.status < 500 or answer.status == 501, f"status {answer.status} for {method}")
        expect(prompt.encode() not in answer.body, f"{method} was echoed")
        equal(s.upstream.requests(prompt), [], f"requests at the model server for {method}")
    s.still_serves()


def other_routes(s):
    """Passed on byte by byte where the configuration says so, to those with a key."""
    gateway = s.other("passing", {"other_routes": "pass"})
    key = gateway.key("passer")
    data = bytes(range(256)) * 400
    mark = s.prompt().replace(" ", "-")
    headers = {"authorization": f"Bearer {key}", "content-type": "multipart/form-data; boundary=x", "x-mark": mark}
    for method in ("POST", "PUT", "DELETE"):
        answer = ask(gateway.port, "/v1/files?purpose=batch", data, headers, method=method)
        equal(answer.status, 200, f"status of {method}")
        equal((answer.json["method"], answer.json["target"], answer.json["sha256"]),
              (method, "/v1/files?purpose=batch", hashlib.sha256(data).hexdigest()), "what arrived")
    equal(ask(gateway.port, "/v1/files/abc", method="GET", headers={"authorization": f"Bearer {key}"}).status, 200, "GET")
    equal(ask(gateway.port, "/v1/files", data, {"content-type": "text/plain"}).status, 401, "status without a key")
    for path in ("/v1/../__stats", "/v1/%2e%2e/__stats", "/v1//files", "/__stats", "/v2/files"):
        expect(ask(gateway.port, path, method="GET", headers=headers).status in (400, 404), f"{path} was passed on")


# Requests in a row.


def pipelined(s):
    """Requests sent all at once are answered in their order."""
    prompts = [s.prompt() for _ in range(6)]
    models = ["slow-first-byte-300ms", "plain", "plain", "paced-5ms", "plain", "plain"]
    raw = b"".join(
        request("POST", "/v1/chat/completions", bearer(s.key),
                json.dumps(chat_body(prompt, model, stream=model.startswith("paced"))).encode())
        for prompt, model in zip(prompts, models, strict=True))
    with Wire(s.port) as connection:
        connection.send(raw)
        for prompt, model in zip(prompts, models, strict=True):
            answer = connection.answer()
            equal(answer.status, 200, "status")
            if model.startswith("paced"):
                events = [json.loads(data) for _, data in answer.events() if data != "[DONE]"]
                text = "".join(e["choices"][0]["delta"].get("content", "") for e in events if e["choices"])
            else:
                text = answer.json["choices"][0]["message"]["content"]
            equal(text, expected_text(prompt, model), "text")


def after_the_last(s):
    """What follows a request that closes its connection is ignored (RFC 9112, section 9.6), and costs it no answer."""
    prompt, mark = s.prompt(), s.prompt()
    closing = request("POST", "/v1/chat/completions", bearer(s.key) | {"connection": "close"},
                      json.dumps(chat_body(prompt, "slow-first-byte-100ms")).encode())
    following = request("POST", "/v1/chat/completions", bearer(s.key), json.dumps(chat_body(mark)).encode())
    with Wire(s.port) as connection:
        connection.send(closing + following)
        equal(connection.answer().status, 200, "status")
        expect(connection.is_closed(2) and not connection.buffer, "a second answer, or an open connection")
    equal(s.upstream.requests(mark), [], "requests at the model server")


def nonsense_after(s):
    """What follows a request and is none ends the connection, after the answer."""
    prompt = s.prompt()
    first = request("POST", "/v1/chat/completions", bearer(s.key),
                    json.dumps(chat_body(prompt, "slow-first-byte-100ms")).encode())
    with Wire(s.port) as connection:
        connection.send(first + b"nonsense\r\n\r\n")
        equal(connection.answer().status, 200, "status")
        with contextlib.suppress(Broken):
            equal(connection.answer().status, 400, "status of the nonsense")
        expect(connection.is_closed(2), "the connection stays open")


def expect_continue(s):
    prompt = s.prompt()
    body = json.dumps(chat_body(prompt)).encode()
    raw = request("POST", "/v1/chat/completions", bearer(s.key) | {
        "expect": "100-continue", "content-length": str(len(body))})
    with Wire(s.port) as connection:
        connection.send(raw)
        until("the gateway asks for the body", 3, lambda: connection.buffer or select.select(
            [connection.socket], [], [], 0)[0] and connection.fill())
        expect(connection.buffer.startswith(b"HTTP/1.1 100"), f"got {connection.buffer[:60]!r}")
        equal(connection.send(body).answer().status, 200, "status")


def upgrades(s):
    for headers in ({"upgrade": "websocket", "connection": "upgrade", "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA=="},
                    {"upgrade": "h2c", "connection": "upgrade, http2-settings", "http2-settings": "AAMAAABkAAQAAP__"}):
        prompt = s.prompt()
        answer = ask(s.port, "/v1/chat/completions", chat_body(prompt), bearer(s.key) | headers)
        expect(answer.status in (200, 400, 501), f"status {answer.status}")
        for seen in s.upstream.requests(prompt):
            names = {name for name, _ in seen["headers"]}
            equal(names & {"upgrade", "http2-settings"}, set(), "headers of the upgrade")


CHECKS = named([
    keys_missing, keys_malformed, keys_mixed, keys_in_odd_places, keys_two, keys_revoked, host_header, targets_absolute,
    method_connect, targets_in_the_request, paths, methods, other_routes, pipelined, after_the_last,
    nonsense_after, expect_continue, upgrades])
