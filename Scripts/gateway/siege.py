"""The gateways under attack in test_security.py, and what several of its parts need."""

import itertools
import pathlib
import select
import socket
import time

from harness import equal, expect, expected_text, until
from wire import chat

HEADER_SECONDS, BODY_SECONDS, IDLE_SECONDS = 1, 2, 3
# What a timer may be late.
GRACE_SECONDS = 1.5
HEADER_BYTES, BODY_BYTES, EVENT_BYTES = 16 << 10, 1 << 20, 1 << 20
# Growth of the gateway under attack; what it would hold without bounds is at least eight times that.
MOST_GROWTH = 48 << 20
CONNECTIONS = 40
ROUTES = ("/v1/chat/completions", "/v1/responses", "/v1/completions", "/v1/embeddings", "/v1/messages",
          "/v1/messages/count_tokens")
UPSTREAM_CREDENTIAL = "valley-credential-of-the-model-server"
SETTINGS = {"limits": {
    "header_bytes": "16KiB", "body_bytes": "1MiB", "header_timeout": "1s", "body_timeout": "2s", "keep_alive": "3s",
    "stream_line_bytes": "1MiB"}}
POLICY = {"rules": [
    {"id": "reduce", "when": {"account": ["reduced"]}, "do": {"reduce": {"max_tokens": 512}}},
    {"id": "strip", "when": {"account": ["stripped"]}, "do": "strip_reasoning"}]}


class Siege:
    """The gateways under attack, and a listener that nobody may ever reach."""

    def __init__(self, place):
        self.place = place
        self.upstream = place.upstream()
        (place.folder / "upstream.key").write_text(UPSTREAM_CREDENTIAL + "\n")
        self.gateway = place.gateway(self.upstream, SETTINGS | {"upstreams": [
            {"url": self.upstream.url, "credential_file": "../upstream.key"}]}, POLICY)
        self.key = self.gateway.key("attacker")
        self.decoy = socket.create_server(("127.0.0.1", 0))
        self.decoy_port = self.decoy.getsockname()[1]
        self.numbers = itertools.count(1)
        self.made = {}

    @property
    def port(self):
        return self.gateway.port

    def prompt(self):
        return f"Prompt security-{next(self.numbers)}-end"

    def other(self, name, settings):
        """A gateway with other settings, started when a check first wants it."""
        if name not in self.made:
            self.made[name] = self.place.gateway(self.upstream, settings)
        return self.made[name]

    def decoy_is_untouched(self):
        expect(not select.select([self.decoy], [], [], 0)[0], "the gateway connected to where a client told it to")

    def still_serves(self):
        prompt = self.prompt()
        answer = chat(self.port, self.key, prompt)
        equal(answer.status, 200, "status of an ordinary request afterwards")
        equal(answer.json["choices"][0]["message"]["content"], expected_text(prompt), "its text")


def api_error(answer, path, status):
    """Checks that an answer is an error in the shape of the path's API, with the request's id in both headers."""
    equal(answer.status, status, f"status for {path} ({answer.body[:200]!r})")
    identity = answer.header("x-request-id")
    expect(identity and identity == answer.header("request-id"), f"ids in the headers: {answer.headers}")
    value = answer.json
    expect(isinstance(value["error"]["message"], str) and value["error"]["type"], f"error {value}")
    if path.startswith("/v1/messages"):
        equal((value["type"], value["request_id"]), ("error", identity), "type and id")
    else:
        equal(set(value["error"]), {"message", "type", "param", "code"}, "fields of the error")


def settle(gateway, seconds=20):
    """Waits until the gateway does nothing any more, and returns its resident bytes."""
    def ticks():
        return pathlib.Path(f"/proc/{gateway.process.pid}/stat").read_text().rpartition(")")[2].split()[11:13]

    last, since = ticks(), time.monotonic()

    def is_quiet():
        nonlocal last, since
        if (now := ticks()) != last:
            last, since = now, time.monotonic()
        return time.monotonic() - since > 0.4

    until("the gateway is quiet", seconds, is_quiet, 0.05)
    return gateway.resident_bytes()
