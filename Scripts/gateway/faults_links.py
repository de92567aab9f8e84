"""What the gateway talks to over other links: a model server behind TLS, a collector of traces."""

import contextlib
import http.server
import json
import subprocess
import threading

from harness import equal, expect, free_port, named, until
from wire import ask, bearer, chat, chat_body


def certificate(folder):
    """A certificate of its own authority for localhost."""
    if not (folder / "links.pem").exists():
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
             "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout",
             folder / "links.key", "-out", folder / "links.pem"], check=True, capture_output=True)
    return folder / "links.pem", folder / "links.key"


def model_server_behind_tls(f):
    """One gateway is the model server of another, over TLS and with a credential; without its authority it is not believed."""
    pem, key = certificate(f.place.folder)
    inner = f.place.gateway(f.upstream, {"tls": {"certificate": str(pem), "key": str(key)}}, start=False)
    inner.start(wait=False)
    until("the inner gateway answers", 20, lambda: inner.is_running() and answers(inner), 0.05)
    credential = inner.admin("POST", "/admin/keys", {"account": "outer"}, status=201)["key"]
    (f.place.folder / "inner.key").write_text(credential + "\n")
    address = {"url": f"https://localhost:{inner.port}", "credential_file": str(f.place.folder / "inner.key")}
    outer = f.place.gateway(f.upstream, {"upstreams": [address | {"ca_file": str(pem)}]})
    wrong = f.place.gateway(f.upstream, {"upstreams": [address]})
    customer = outer.key("customer")
    until("the credential works", 5, lambda: chat(outer.port, customer, f.prompt()).status == 200, 0.05)
    for more in ({}, {"stream": True}):
        prompt = f.prompt()
        answer = chat(outer.port, customer, prompt, **more)
        equal((answer.status, answer.is_whole), (200, True), "status")
        until("both have it in their logs", 3, lambda: outer.exchanges(prompt) and inner.exchanges(prompt), 0.05)
    equal(chat(wrong.port, wrong.key("customer"), f.prompt()).status, 502, "status without the authority")


def answers(gateway):
    with contextlib.suppress(OSError, AssertionError):
        gateway.admin("GET", "/admin/status", status=200)
        return True
    return False


class Collector(http.server.ThreadingHTTPServer):
    """Takes OTLP/JSON."""

    def __init__(self):
        self.spans = []
        super().__init__(("127.0.0.1", free_port()), Taker)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Taker(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        for resource in body["resourceSpans"]:
            for scope in resource["scopeSpans"]:
                self.server.spans += scope["spans"]
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def traces(f):
    """Spans have OpenTelemetry's GenAI attributes, go on from the client's, reach the model server, and hold no text."""
    collector = Collector()
    gateway = f.place.gateway(
        f.upstream, {"telemetry": {"traces": f"http://127.0.0.1:{collector.server_port}/v1/traces"}})
    key = gateway.key("customer")
    prompt = f.prompt()
    trace, parent = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
    answer = ask(gateway.port, "/v1/chat/completions", chat_body(prompt),
                 bearer(key) | {"traceparent": f"00-{trace}-{parent}-01"})
    equal(answer.status, 200, "status")
    until("the span arrives", 5, lambda: any(span["traceId"] == trace for span in collector.spans), 0.05)
    span = next(span for span in collector.spans if span["traceId"] == trace)
    equal(span["parentSpanId"], parent, "parent")
    values = {a["key"]: next(iter(a["value"].values())) for a in span["attributes"]}
    for name, value in {
            "gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "plain",
            "http.response.status_code": "200", "enduser.id": "customer"}.items():
        equal(values.get(name), value, name)
    expect(int(values["gen_ai.usage.output_tokens"]) > 0, "no usage")
    expect(int(span["endTimeUnixNano"]) > int(span["startTimeUnixNano"]), "the span takes no time")
    expect(prompt not in json.dumps(collector.spans), "a prompt is in a span")
    seen = f.upstream.requests(prompt)[0]
    sent = dict(seen["headers"]).get("traceparent", "")
    equal(sent.split("-")[1:3], [trace, span["spanId"]], "what the model server gets")
    # A collector that is gone costs spans, not requests.
    collector.shutdown()
    collector.server_close()
    equal(chat(gateway.port, key, f.prompt()).status, 200, "status without a collector")
    until("lost spans are counted", 10, lambda: gateway.metric("spans_dropped") > 0, 0.1)


CHECKS = named([model_server_behind_tls, traces])
