#!/usr/bin/env python3
"""A stand-in model server whose behaviour each request chooses by its model's name.

    Scripts/gateway/upstream.py [--port N]

Speaks HTTP/1.1 with kept connections and chunked streams of server-sent events, prints its port, and ends when its
standard input does. It trusts nobody: it reads requests strictly, and notes each one as it arrived with every event
of its connection, on the monotonic clock that all processes of the machine share.

Flags of a model's name, joined by `+` (what an answer says is in answers.py: tools, two, reasoning, redacted,
logprobs, no-usage, long-N, varied):

    paced-20ms           between two events of a stream
    slow-first-byte-1500ms  before the answer's head
    hang                 takes the request and says nothing
    hang-midstream       says nothing more after a few events
    die                  closes without an answer
    die-midstream        closes in the middle of an answer;  die-reset  the same with a TCP reset
    cut                  a stream that ends early in good order of HTTP
    error-midstream      a stream that ends with the API's own error event
    garbage              an answer that is not HTTP
    garbage-json, garbage-sse  an answer of the right type whose text is nonsense
    bad-chunk            a chunk size that is no number
    both-lengths         an answer framed twice, by length and by chunks
    err-429, err-429-once   an error of that status, once for each prompt with `once`
    html-502             an error that is a page
    huge-line-N          an event of N MiB
    gzip, gzip-always    a compressed answer, to whoever accepts it or to all
    split                cuts a stream at odd places;  crlf  ends its lines with CR LF;  comments  between its events
    early-reply-before-body  answers before it has read the request's body
    close-after          closes the connection after the answer;  http10  answers as HTTP/1.0 did

    GET /__requests?contains=TEXT    the requests as they arrived        GET /__events?contains=TEXT
    GET /__wait?contains=TEXT&event=NAME&seconds=N   waits for an event  GET /__stats
    POST /__control {"close_idle": true} or {"close_reused": N}          POST /__reset
"""

import argparse
import asyncio
import gzip
import hashlib
import itertools
import json
import re
import socket
import struct
import sys
import time
import urllib.parse
import zlib

import answers

# Enough of a body to search for a mark.
KEPT_BODY = 64 << 10
MOST_HEAD = 256 << 10
MOST_BODY = 256 << 20
EVENTS_BEFORE_TROUBLE = 5
TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")


class Gone(Exception):
    """The peer is no longer there."""


class Malformed(Exception):
    """What came is no request."""


class Journal:
    """What was seen, and who waits for it."""

    def __init__(self):
        self.changed = asyncio.Event()
        self.reset()

    def reset(self):
        self.requests = []
        self.events = []
        self.counts = {"connections": 0, "requests": 0, "finished": 0, "aborted": 0, "malformed": 0}
        self.answered_once = set()
        self.close_reused = 0

    def note(self, connection, event, request=None, **more):
        self.events.append({
            "at": time.monotonic(), "connection": connection.number, "event": event,
            "request": request["number"] if request else None, **more})
        if event in self.counts:
            self.counts[event] += 1
        self.changed.set()
        self.changed = asyncio.Event()

    def having(self, text):
        return [entry for entry in self.requests if text in entry["body"] or text in entry["head"]]

    def events_of(self, text, name=None):
        numbers = {entry["number"] for entry in self.having(text)}
        return [e for e in self.events if e["request"] in numbers and (name is None or e["event"] == name)]


class Connection(asyncio.Protocol):
    """One connection: a reader of requests and a writer of answers."""

    numbers = itertools.count(1)

    def __init__(self, server):
        self.server = server
        self.journal = server.journal
        self.number = next(self.numbers)
        self.buffer = bytearray()
        self.arrived = asyncio.Event()
        self.gone = asyncio.Event()
        self.writable = asyncio.Event()
        self.writable.set()
        self.request = None
        self.served = 0
        self.is_idle = True

    # Events of the transport.

    def connection_made(self, transport):
        self.transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.server.connections.add(self)
        self.journal.counts["connections"] += 1
        self.task = asyncio.ensure_future(self.serve())

    def data_received(self, data):
        self.buffer += data
        self.arrived.set()

    def eof_received(self):
        self.leave()

    def connection_lost(self, _error):
        self.leave()
        self.server.connections.discard(self)

    def leave(self):
        """Notes that the peer went, and whether an answer was under way."""
        if self.gone.is_set():
            return
        self.gone.set()
        self.arrived.set()
        self.writable.set()
        if self.request is not None:
            self.journal.note(self, "aborted", self.request)

    def pause_writing(self):
        self.writable.clear()

    def resume_writing(self):
        self.writable.set()

    # Reading.

    async def more(self):
        if self.gone.is_set():
            raise Gone
        self.arrived.clear()
        await self.arrived.wait()

    async def line(self, most):
        while (end := self.buffer.find(b"\n")) < 0:
            if len(self.buffer) > most:
                raise Malformed("a line that is too long")
            await self.more()
        line = bytes(self.buffer[:end + 1])
        del self.buffer[:end + 1]
        if not line.endswith(b"\r\n"):
            raise Malformed("a line that does not end with CR LF")
        return line

    async def exactly(self, count):
        while len(self.buffer) < count:
            await self.more()
        data = bytes(self.buffer[:count])
        del self.buffer[:count]
        return data

    async def read_head(self):
        """The next request without its body, read by the letter of RFC 9112."""
        raw = await self.line(MOST_HEAD)
        first = raw[:-2].split(b" ")
        if len(first) != 3 or not TOKEN.fullmatch(first[0]) or first[2] not in (b"HTTP/1.1", b"HTTP/1.0"):
            raise Malformed(f"request line {raw[:80]!r}")
        headers = []
        while (line := await self.line(MOST_HEAD)) != b"\r\n":
            raw += line
            name, colon, value = line[:-2].partition(b":")
            if not colon or not TOKEN.fullmatch(name) or re.search(rb"[\0\r\n]", value):
                raise Malformed(f"header line {line[:80]!r}")
            headers.append((name.decode().lower(), value.strip(b" \t").decode("latin-1")))
        return {
            "method": first[0].decode(), "target": first[1].decode("latin-1"), "head": raw.decode("latin-1"),
            "headers": headers}

    async def read_body(self, request, keep):
        """Reads the body; `keep` gets it as it comes, and may end the reading."""
        lengths = [value for name, value in request["headers"] if name == "content-length"]
        codings = [value for name, value in request["headers"] if name == "transfer-encoding"]
        if (lengths and codings) or len(lengths) > 1 or (codings and codings != ["chunked"]):
            raise Malformed(f"body framed by {lengths} and {codings}")
        if codings:
            while True:
                size = (await self.line(1024))[:-2].split(b";")[0]
                if not re.fullmatch(rb"[0-9a-fA-F]{1,8}", size):
                    raise Malformed(f"chunk size {size!r}")
                if int(size, 16) == 0:
                    while await self.line(MOST_HEAD) != b"\r\n":
                        pass
                    return
                keep(await self.exactly(int(size, 16)))
                if await self.exactly(2) != b"\r\n":
                    raise Malformed("a chunk that is longer than its size")
        if lengths and not re.fullmatch(r"[0-9]{1,18}", lengths[0]):
            raise Malformed(f"content-length {lengths[0]!r}")
        length = int(lengths[0]) if lengths else 0
        if length > MOST_BODY:
            raise Malformed(f"body of {length} bytes")
        while length:
            if not self.buffer:
                await self.more()
            part = bytes(self.buffer[:length])
            del self.buffer[:length]
            length -= len(part)
            if keep(part):
                return

    # Writing.

    async def write(self, data):
        if self.gone.is_set() or self.transport.is_closing():
            raise Gone
        self.transport.write(data)
        if not self.writable.is_set():
            await self.writable.wait()
            if self.gone.is_set():
                raise Gone

    async def pause(self, seconds):
        """Waits, unless the peer goes first."""
        if seconds <= 0:
            return
        try:
            await asyncio.wait_for(self.gone.wait(), seconds)
        except asyncio.TimeoutError:
            return
        raise Gone

    def reset(self):
        """Ends the connection with a reset."""
        self.transport.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.request = None
        self.transport.abort()
        raise Gone

    async def drop(self, when=0.0):
        """Ends the connection in good order of TCP, whatever is under way."""
        await self.pause(when)
        self.request = None
        self.transport.close()
        raise Gone

    # One request after another.

    async def serve(self):
        try:
            while not self.gone.is_set():
                await self.serve_one()
        except Gone:
            pass
        except Malformed as problem:
            self.journal.note(self, "malformed", self.request, what=str(problem))
            self.request = None
            self.transport.write(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
        except Exception as problem:  # A fault of this program must show in a test, not hang it.
            self.journal.note(self, "broken", self.request, what=repr(problem))
            self.request = None
            raise
        finally:
            self.transport.close()

    async def serve_one(self):
        self.is_idle = True
        request = await self.read_head()
        self.is_idle = False
        path = request["target"].partition("?")[0]
        if path.startswith("/__"):
            body = bytearray()
            await self.read_body(request, lambda part: body.extend(part))
            return await self.reply(200, await self.server.control(request["target"], bytes(body)))
        self.served += 1
        number = self.journal.counts["requests"] + 1
        self.journal.counts["requests"] = number
        request |= {
            "number": number, "connection": self.number, "at": time.monotonic(), "reused": self.served > 1,
            "body": "", "length": 0, "sha256": "", "complete": False}
        self.journal.requests.append(request)
        self.request = request
        self.journal.note(self, "request", request)
        if self.served > 1 and self.journal.close_reused > 0:
            self.journal.close_reused -= 1
            self.journal.note(self, "closed_reused", request)
            await self.drop()
        whole = bytearray()
        hasher = hashlib.sha256()
        early = False

        def keep(part):
            nonlocal early
            whole.extend(part)
            hasher.update(part)
            early = early or b"early-reply-before-body" in whole[:4096]
            return early

        try:
            await self.read_body(request, keep)
        finally:
            request |= {
                "body": whole[:KEPT_BODY].decode("utf-8", "replace"), "length": len(whole),
                "sha256": hasher.hexdigest(), "complete": not early}
        self.journal.note(self, "read", request)
        await Answer(self, request, bytes(whole)).send(early)
        self.request = None
        self.journal.note(self, "finished", request)

    async def reply(self, status, value, extra=(), content_type="application/json"):
        data = value if isinstance(value, bytes) else json.dumps(value).encode()
        head = [f"HTTP/1.1 {status} {'OK' if status == 200 else 'Error'}", f"content-type: {content_type}",
                f"content-length: {len(data)}", *extra]
        await self.write("\r\n".join(head).encode() + b"\r\n\r\n" + data)


class Answer:
    """How one request is answered."""

    def __init__(self, connection, request, raw):
        self.connection = connection
        self.request = request
        self.path = request["target"].partition("?")[0]
        self.headers = dict(request["headers"])
        try:
            self.body = json.loads(raw) if raw else {}
        except ValueError:
            self.body = None
        self.raw = raw
        model = self.body.get("model") if isinstance(self.body, dict) else None
        self.flags = answers.Flags(model)

    @property
    def identity(self):
        """Headers of every answer; those that concern one connection alone must not reach a client."""
        number = self.request["number"]
        return [f"x-request-id: up_{number}", f"request-id: up_{number}", "keep-alive: timeout=5", "x-upstream: valley",
                "server: valley"]

    async def send(self, early):
        connection, flags = self.connection, self.flags
        if early:
            await connection.reply(
                400, answers.error(self.path, 400, "Too early."), [*self.identity, "connection: close"])
            # Read on and drop, or the kernel's reset could overtake the answer.
            connection.buffer.clear()
            while not connection.gone.is_set():
                await connection.more()
                connection.buffer.clear()
            raise Gone
        delay = flags.milliseconds("slow-first-byte", 1500)
        if delay:
            await connection.pause(delay)
        if "hang" in flags:
            await connection.gone.wait()
            raise Gone
        if "die" in flags:
            await connection.drop()
        if "garbage" in flags:
            await connection.write(b"\x16\x03\x01 lorem ipsum\r\n\r\n" * 8)
            await connection.drop()
        if "html-502" in flags:
            return await connection.reply(
                502, b"<html><h1>Bad gateway</h1></html>", self.identity, content_type="text/html")
        if (status := self.error_status()) is not None:
            extra = [*self.identity]
            if status in (429, 503, 529):
                extra.append("retry-after: 1")
            return await connection.reply(status, answers.error(self.path, status), extra)
        await self.send_success()
        if "close-after" in flags or "http10" in flags:
            await connection.drop()

    def error_status(self):
        text = self.flags.value("err")
        if text is None:
            return None
        if text.endswith("-once"):
            key = (self.flags.model, answers.prompt_of(self.body))
            if key in self.connection.journal.answered_once:
                return None
            self.connection.journal.answered_once.add(key)
        return int(text.split("-")[0])

    async def send_success(self):
        if self.path in answers.ROUTES:
            if not isinstance(self.body, dict):
                return await self.connection.reply(
                    400, answers.error(self.path, 400, "The body is not JSON."), self.identity)
            whole, stream = answers.ROUTES[self.path]
            number = self.request["number"]
            if stream and self.body.get("stream") is True:
                return await self.send_stream(stream(self.body, number))
            return await self.send_json(whole(self.body, number))
        if self.path == "/v1/models":
            return await self.send_json(answers.models("anthropic-version" in self.headers))
        if self.path.startswith("/v1/models/"):
            name = self.path.removeprefix("/v1/models/")
            return await self.send_json(answers.model(name, "anthropic-version" in self.headers))
        if self.path.startswith("/v1/"):
            return await self.send_json({
                "method": self.request["method"], "target": self.request["target"],
                "length": len(self.raw), "sha256": hashlib.sha256(self.raw).hexdigest()})
        await self.connection.reply(404, answers.error(self.path, 404), self.identity)

    def compresses(self):
        return "gzip-always" in self.flags or (
            "gzip" in self.flags and "gzip" in self.headers.get("accept-encoding", ""))

    async def send_json(self, value):
        connection, flags = self.connection, self.flags
        data = json.dumps(value).encode()
        extra = [*self.identity]
        if "garbage-json" in flags:
            data = data[:len(data) // 2] + b"}]\xff\x00"
        if self.compresses():
            data = gzip.compress(data)
            extra.append("content-encoding: gzip")
        if "die-midstream" in flags or "die-reset" in flags or "hang-midstream" in flags:
            head = "\r\n".join([
                "HTTP/1.1 200 OK", "content-type: application/json", f"content-length: {len(data)}", *extra])
            await connection.write(head.encode() + b"\r\n\r\n" + data[:len(data) // 2])
            await self.trouble()
        if "http10" in flags:
            head = "\r\n".join(["HTTP/1.0 200 OK", "content-type: application/json", *extra])
            return await connection.write(head.encode() + b"\r\n\r\n" + data)
        if "both-lengths" in flags:
            extra.append("transfer-encoding: chunked")
        if "close-after" in flags:
            extra.append("connection: close")
        await connection.reply(200, data, extra)

    async def trouble(self):
        """What happens in the middle of an answer."""
        flags, connection = self.flags, self.connection
        if "hang-midstream" in flags:
            await connection.gone.wait()
            raise Gone
        # So that what was written is read before the connection ends.
        await connection.pause(0.05)
        if "die-reset" in flags:
            connection.reset()
        await connection.drop()

    def encode(self, name, data):
        end = "\r\n" if "crlf" in self.flags else "\n"
        text = data if isinstance(data, str) else json.dumps(data)
        lines = ([f"event: {name}"] if name else []) + [f"data: {text}", "", ""]
        if "comments" in self.flags:
            lines.insert(0, ": still here")
        return end.join(lines).encode()

    async def send_stream(self, events):
        connection, flags = self.connection, self.flags
        pace = flags.milliseconds("paced", 20) or 0
        compressor = zlib.compressobj(wbits=31) if self.compresses() else None
        is_plain = "http10" in flags
        head = [f"HTTP/1.{0 if is_plain else 1} 200 OK", "content-type: text/event-stream; charset=utf-8",
                "cache-control: no-cache", *self.identity]
        if not is_plain:
            head.append("transfer-encoding: chunked")
        if compressor:
            head.append("content-encoding: gzip")
        await connection.write("\r\n".join(head).encode() + b"\r\n\r\n")

        async def put(data):
            if compressor:
                data = compressor.compress(data) + compressor.flush(zlib.Z_SYNC_FLUSH)
            cuts = itertools.cycle((1, 2, 3, 5, 7, 11, 64)) if "split" in flags else itertools.repeat(len(data))
            at = 0
            while at < len(data):
                part = data[at:at + next(cuts)]
                at += len(part)
                await connection.write(part if is_plain else b"%x\r\n%s\r\n" % (len(part), part))
                if "split" in flags:
                    # Lets the loop send each part for itself.
                    await asyncio.sleep(0)

        troubles = {"die-midstream", "die-reset", "hang-midstream"}
        for index, (name, data) in enumerate(events):
            if pace and index:
                await connection.pause(pace)
            if index == EVENTS_BEFORE_TROUBLE:
                if troubles & set(flags.parts):
                    await self.trouble()
                if "cut" in flags:
                    break
                if "bad-chunk" in flags:
                    # So that what was written is read before.
                    await connection.pause(0.05)
                    await connection.write(b"zz\r\nnot a chunk\r\n")
                    await self.trouble()
                if "garbage-sse" in flags:
                    await put(b"data: {not json\n\nevent: \xff\xfe\ndata: [[[\n\nlorem ipsum\n\n")
                if "error-midstream" in flags:
                    await put(self.encode(*self.error_event()))
                    break
                if (size := flags.count("huge-line", 16)) is not None:
                    await put(b"data: " + json.dumps({"filler": "x" * (size << 20)}).encode() + b"\n\n")
            await put(self.encode(name, data))
        if compressor:
            rest = compressor.flush()
            await connection.write(b"%x\r\n%s\r\n" % (len(rest), rest))
        if not is_plain:
            await connection.write(b"0\r\n\r\n")

    def error_event(self):
        if self.path == "/v1/responses":
            return "error", {"type": "error", "code": "server_error", "message": "The model server gave up.",
                             "param": None, "sequence_number": 99}
        value = answers.error(self.path, 529, "The model server gave up.")
        return ("error" if self.path == "/v1/messages" else None), value


class Server:
    """All connections, and the questions that tests ask."""

    def __init__(self):
        self.journal = Journal()
        self.connections = set()

    async def control(self, target, body):
        parts = urllib.parse.urlsplit(target)
        query = {name: values[0] for name, values in urllib.parse.parse_qs(parts.query).items()}
        journal, text = self.journal, query.get("contains", "")
        if parts.path == "/__requests":
            return journal.having(text)
        if parts.path == "/__events":
            return journal.events_of(text) if text else journal.events
        if parts.path == "/__wait":
            end = time.monotonic() + float(query.get("seconds", 5))
            while not (found := journal.events_of(text, query["event"])) and time.monotonic() < end:
                try:
                    await asyncio.wait_for(journal.changed.wait(), end - time.monotonic())
                except asyncio.TimeoutError:
                    break
            return found
        if parts.path == "/__stats":
            return journal.counts | {"open": len(self.connections), "now": time.monotonic()}
        if parts.path == "/__reset":
            journal.reset()
        if parts.path == "/__control":
            order = json.loads(body)
            journal.close_reused = order.get("close_reused", journal.close_reused)
            if order.get("close_idle"):
                for connection in list(self.connections):
                    if connection.is_idle and connection.served:
                        connection.transport.close()
        return {}


async def run(port):
    server = Server()
    loop = asyncio.get_running_loop()
    listener = await loop.create_server(lambda: Connection(server), "127.0.0.1", port, backlog=1024)
    print(listener.sockets[0].getsockname()[1], flush=True)
    ended = asyncio.Event()
    # The tests hold the other end, so that none of these outlives them.
    loop.add_reader(sys.stdin.fileno(), lambda: sys.stdin.buffer.read1(4096) or ended.set())
    await ended.wait()


if __name__ == "__main__":
    options = argparse.ArgumentParser(description="A stand-in model server for tests of the gateway.")
    options.add_argument("--port", type=int, default=0)
    asyncio.run(run(options.parse_args().port))
