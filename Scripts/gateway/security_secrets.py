"""Attacks by false identities, on secrets, on the operators' listener and on TLS. Part of test_security.py."""

import contextlib
import hashlib
import json
import ssl
import subprocess

from harness import accepts, equal, expect, http_json, named, until
from siege import UPSTREAM_CREDENTIAL
from wire import Broken, Wire, ask, bearer, chat, chat_body, message_body, request, x_api_key


# Identities.


def forwarded_addresses(s):
    """X-Forwarded-For and the country count behind a trusted proxy alone, read from the right."""
    def client(gateway, key, forwarded, **more):
        prompt = s.prompt()
        answer = ask(gateway.port, "/v1/chat/completions", chat_body(prompt), [
            *bearer(key).items(), *(("x-forwarded-for", value) for value in forwarded), *more.items()])
        equal(answer.status, 200, "status")
        return gateway.exchange(prompt).get("client", {})

    equal(client(s.gateway, s.key, ["6.6.6.6"])["ip"], "127.0.0.1", "address without trusted proxies")
    gateway = s.other("trusting", {"trusted_proxies": ["127.0.0.0/8", "10.0.0.0/8"], "country_header": "cf-ipcountry"})
    key = gateway.key("proxied")
    for forwarded, wanted in (
            (["203.0.113.7"], "203.0.113.7"), (["6.6.6.6, 203.0.113.7"], "203.0.113.7"),
            (["6.6.6.6, 203.0.113.7, 10.1.2.3"], "203.0.113.7"), (["6.6.6.6", "203.0.113.7, 127.0.0.9"], "203.0.113.7"),
            (["2001:db8::7"], "2001:db8::7"), ([], "127.0.0.1")):
        equal(client(gateway, key, forwarded)["ip"], wanted, f"address with {forwarded}")
    for forwarded in (["6.6.6.6, nonsense"], ["6.6.6.6, "], ["6.6.6.6, <script>"]):
        expect(client(gateway, key, forwarded)["ip"] != "6.6.6.6", f"what stands left of nonsense was believed: {forwarded}")


def claimed_identities(s):
    """Nothing that a client says changes who is billed."""
    fields = {"user": "victim", "safety_identifier": "victim", "account": {"id": "victim"},
              "metadata": {"user_id": "victim", "user_api_key_user_id": "victim"}, "organization": "victim"}
    names = ("x-stillwatch-account", "x-stillwatch-user", "x-litellm-user", "x-litellm-end-user-id", "openai-organization",
             "openai-project", "x-user-id", "x-forwarded-user", "x-account-id", "x-consumer-username", "helicone-user-id",
             "x-organization", "anthropic-organization-id", "x-api-key-id")
    headers = {name: "victim" for name in names}
    for path, make, credential in (("/v1/chat/completions", chat_body, bearer), ("/v1/messages", message_body, x_api_key)):
        prompt = s.prompt()
        answer = ask(s.port, path, make(prompt, **fields), credential(s.key) | headers)
        equal(answer.status, 200, "status")
        record = s.gateway.exchange(prompt)
        equal(record["account"]["id"], "attacker", "account in the log")
        equal(record["id"], answer.header("x-request-id"), "id in the log and in the answer")


def credentials_stay(s):
    """The model server sees its own credential, and no client's."""
    for path, make, credential, wanted in (
            ("/v1/chat/completions", chat_body, bearer, ("authorization", f"Bearer {UPSTREAM_CREDENTIAL}")),
            ("/v1/messages", message_body, x_api_key, ("x-api-key", UPSTREAM_CREDENTIAL)),
            ("/v1/messages", message_body, bearer, ("x-api-key", UPSTREAM_CREDENTIAL))):
        prompt = s.prompt()
        hop = {"connection": "x-hop", "x-hop": "hop-secret", "proxy-authorization": "Basic hop-secret", "te": "trailers",
               "cookie": f"session={s.key}"}
        equal(ask(s.port, path, make(prompt), credential(s.key) | hop).status, 200, "status")
        seen = s.upstream.request(prompt)
        expect(s.key not in seen["head"] and s.key not in seen["body"], "the client's key reached the model server")
        expect("hop-secret" not in seen["head"], f"a header of one hop reached the model server: {seen['head']}")
        given = [pair for pair in map(tuple, seen["headers"]) if pair[0] in ("authorization", "x-api-key")]
        equal(given, [wanted], "credentials at the model server")


def answer_headers(s):
    """The answer's headers are the gateway's to frame; ids are in both headers."""
    answer = chat(s.port, s.key, s.prompt())
    equal(answer.header("keep-alive"), None, "a header of the other hop")
    expect(answer.header("x-request-id") and answer.header("x-request-id") == answer.header("request-id"), "ids")
    other = chat(s.port, s.key, s.prompt())
    expect(other.header("x-request-id") != answer.header("x-request-id"), "two requests with one id")
    claimed = ask(s.port, "/v1/models", method="GET", headers=bearer(s.key) | {"x-request-id": "victim\"id"})
    expect('"' not in (claimed.header("x-request-id") or ""), "the client chose the request's id")


# Secrets.


def secrets_at_rest(s):
    """No key is kept in clear; no prompt either where text is not kept; none is in what the gateway says."""
    for text in ("keep", "hash", "drop"):
        gateway = s.gateway if text == "keep" else s.other(text, {"exchange_log": {"text": text}})
        key = gateway.key(f"quiet-{text}")
        mark = f"canary-{hashlib.sha256(text.encode()).hexdigest()[:20]}"
        for model, more in (("plain", {}), ("plain", {"stream": True}), ("die-midstream", {"stream": True}),
                            ("garbage", {}), ("err-500", {}), ("bad-chunk", {"stream": True})):
            chat(gateway.port, key, mark + model, model, **more)
        chat(gateway.port, key[:-1] + "_", mark)
        ask(gateway.port, "/v1/chat/completions", b'{"model":"plain","messages":[' + mark.encode(), bearer(key))
        ask(gateway.port, f"/v1/{mark}?{key}", chat_body(mark), bearer(key))
        with Wire(gateway.port) as connection, contextlib.suppress(Broken):
            connection.send(b"POST /v1/chat/completions HTTP/1.1\r\nauthorization: Bearer %s\r\n%s\r\n\r\n" % (
                key.encode(), mark.encode())).answer()
        until("the log has the exchanges", 3, lambda g=gateway: len(g.log()) >= 3)
        said = gateway.said() + json.dumps(gateway.metrics()) + json.dumps(gateway.admin("GET", "/admin/status"))
        expect(mark not in said, lambda: f"the prompt is in what the gateway says: {near(said, mark)}")
        secret = key.rpartition("-")[2]
        expect(secret not in said, lambda: f"the key is in what the gateway says: {near(said, secret)}")
        for path in gateway.folder.rglob("*"):
            data = path.read_bytes() if path.is_file() else b""
            expect(secret.encode() not in data, f"the key is in {path.name}")
            expect(text == "keep" or mark.encode() not in data, f"the prompt is in {path.name} with text: {text}")


def near(text, word):
    place = text.index(word)
    return text[max(0, place - 150):place].replace("\n", " ") + "..."


def secrets_have_modes(s):
    for path in (s.gateway.folder / "state").rglob("*"):
        if path.is_file():
            mode = path.stat().st_mode & 0o777
            # Which gateway it is, is no secret.
            expect(mode & 0o007 == 0 or path.name == "gateway-id", f"others may read {path.name}: {mode:o}")
            expect("pepper" not in path.name or mode == 0o600, f"{path.name} has mode {mode:o}")


# The operators' listener.


def admin_token(s):
    calls = [("GET", "/admin/keys"), ("POST", "/admin/keys"), ("GET", "/admin/accounts/attacker"),
             ("PUT", "/admin/accounts/attacker"), ("GET", "/admin/campaigns"), ("GET", "/admin/approvals"),
             ("GET", "/admin/switches"), ("PUT", "/admin/switches/x"), ("GET", "/admin/audit"), ("POST", "/admin/judge"),
             ("POST", "/admin/policy/reload"), ("GET", "/admin/status")]
    for method, path in calls:
        for headers in ({}, {"authorization": "Bearer "}, {"authorization": "Bearer wrong"},
                        {"authorization": f"Bearer {s.gateway.token[:-1]}"}, {"authorization": f"Bearer {s.gateway.token}x"},
                        {"authorization": f"Basic {s.gateway.token}"}, {"authorization": s.gateway.token},
                        {"authorization": f"Bearer {s.key}"}, {"x-api-key": s.gateway.token}):
            body = {"account": "intruder"} if method in ("POST", "PUT") else None
            status, _ = http_json(s.gateway.admin_port, method, path, body, headers)
            expect(status in (401, 403), f"{method} {path} gave {status}")
        status, _ = http_json(s.gateway.admin_port, method, f"{path}?token={s.gateway.token}")
        expect(status in (401, 403), f"{method} {path} gave {status} with the token in the target")
    equal(s.gateway.admin("GET", "/admin/keys?account=intruder"), s.gateway.admin("GET", "/admin/keys?account=nobody"),
          "keys of an account that only intruders named")


def admin_paths(s):
    """What operators do is not to be had where clients connect."""
    headers = {"authorization": f"Bearer {s.gateway.token}"}
    for path in ("/admin/keys", "/admin/status", "/metrics", "/admin", "/admin/../admin/keys"):
        answer = ask(s.port, path, method="GET", headers=headers)
        expect(answer.status in (400, 401, 404), f"{path} gave {answer.status} to a client")
    for path in ("/v1/models", "/v1/chat/completions"):
        status, _ = http_json(s.gateway.admin_port, "GET", path, headers=bearer(s.key))
        expect(status in (401, 404), f"{path} gave {status} for operators")


def admin_input(s):
    """Nonsense from an operator is refused, and changes nothing."""
    g, wrong = s.gateway, []
    for method, path, body, statuses in (
            ("POST", "/admin/keys", {}, (400, 422)), ("POST", "/admin/keys", {"account": ""}, (400, 422)),
            ("POST", "/admin/keys", {"account": 5}, (400, 422)), ("POST", "/admin/keys", [1], (400, 422)),
            ("POST", "/admin/keys/nonsense/rotate", {}, (400, 404)), ("DELETE", "/admin/keys/nonsense", None, (400, 404)),
            ("POST", "/admin/campaigns/C-none/block", {"by": "a", "reason": "b"}, (400, 404, 409)),
            ("POST", "/admin/approvals/none", {"decision": "approve", "by": "a"}, (400, 404, 409)),
            ("POST", "/admin/approvals/none", {"decision": "perhaps", "by": "a"}, (400, 404)),
            ("PUT", "/admin/switches/bad", {"countries": "SG", "on": "yes"}, (400, 422)),
            ("PUT", "/admin/accounts/typist", {"counrty": "SG"}, (400, 422)), ("GET", "/admin/accounts/nobody", None, (404,)),
            ("GET", "/admin/audit?after=x", None, (400,)), ("PATCH", "/admin/keys", {}, (404, 405))):
        status, answer = http_json(g.admin_port, method, path, body, {"authorization": f"Bearer {g.token}"})
        if status not in statuses:
            wrong.append(f"{method} {path} {body} gave {status} {str(answer)[:120]}")
    expect(not wrong, "; ".join(wrong))
    for odd in ("a'b", "a;b", "%E2%82%AC", "a%20b", "a" * 200):
        status, answer = http_json(g.admin_port, "PUT", f"/admin/accounts/{odd}", {"plan": "x' OR 1=1"}, {
            "authorization": f"Bearer {g.token}"})
        expect(status < 500, f"account {odd} gave {status} {str(answer)[:200]}")
    status, _ = http_json(g.admin_port, "POST", "/admin/keys", {"account": "x", "name": "y" * (8 << 20)}, {
        "authorization": f"Bearer {g.token}"})
    expect(status in (400, 413), f"8 MiB gave {status}")
    s.still_serves()


# TLS.


def tls_listener(s):
    folder = s.place.folder
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout",
         folder / "server.key", "-out", folder / "server.pem"], check=True, capture_output=True)
    gateway = s.place.gateway(s.upstream, {"tls": {"certificate": "../server.pem", "key": "../server.key"}}, start=False)
    gateway.start(wait=False)
    until("the gateway listens", 20, lambda: accepts(gateway.port) and accepts(gateway.admin_port), 0.05)
    key = gateway.admin("POST", "/admin/keys", {"account": "private"}, status=201)["key"]
    context = ssl.create_default_context(cafile=folder / "server.pem")
    until("the key works", 5, lambda: ask(
        gateway.port, "/v1/models", headers=bearer(key), method="GET", tls=context).status == 200)
    for more in ({}, {"stream": True}):
        prompt = s.prompt()
        answer = ask(gateway.port, "/v1/chat/completions", chat_body(prompt, **more), bearer(key), tls=context)
        equal((answer.status, answer.is_whole), (200, True), "status")
    # A client's leaving reaches the model server through TLS too.
    prompt = s.prompt()
    with Wire(gateway.port, tls=context) as connection:
        connection.send(request("POST", "/v1/chat/completions", bearer(key), json.dumps(
            chat_body(prompt, "paced-20ms+long", stream=True)).encode()))
        next(iter(connection.parts(connection.head())))
        left = connection.close()
    s.upstream.aborted_within(prompt, left)
    with Wire(gateway.port, timeout=5) as connection, contextlib.suppress(Broken):
        answer = connection.send(request("GET", "/v1/models", bearer(key))).answer()
        raise AssertionError(f"plain HTTP was answered with {answer.status}")
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    with contextlib.suppress(ssl.SSLError, ConnectionError, Broken):
        ask(gateway.port, "/v1/models", headers=bearer(key), method="GET", tls=old)
        raise AssertionError("TLS 1.1 was accepted")


CHECKS = named([
    forwarded_addresses, claimed_identities, credentials_stay, answer_headers, secrets_at_rest, secrets_have_modes,
    admin_token, admin_paths, admin_input, tls_listener])
