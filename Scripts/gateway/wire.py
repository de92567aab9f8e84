"""HTTP/1.1 by hand: a client that sends what it is told, byte for byte, and reads answers strictly."""

import contextlib
import json
import re
import select
import socket
import ssl
import time


class Broken(Exception):
    """An answer that breaks HTTP, or that ended before it was whole."""


class Answer:
    """An answer as it came."""

    def __init__(self, status, headers):
        self.status = status
        self.headers = headers
        self.body = b""
        # Whether its end came by its own framing.
        self.is_whole = False

    def header(self, name):
        """The one value of a header, `None` without it."""
        values = [value for key, value in self.headers if key == name]
        if len(values) > 1:
            raise Broken(f"{len(values)} headers {name}")
        return values[0] if values else None

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def error(self):
        """What is under `error`, in either API's shape."""
        return self.json["error"]

    def events(self):
        return events_of(self.body)

    def __repr__(self):
        return f"{self.status} {self.headers} {self.body[:300]!r} {'whole' if self.is_whole else 'cut'}"


def events_of(data):
    """A stream's events as (name or None, data)."""
    found = []
    for block in re.split(rb"\r?\n\r?\n", data):
        name, lines = None, []
        for line in re.split(rb"\r?\n", block):
            field, _, value = line.partition(b":")
            if field == b"event":
                name = value.strip().decode()
            elif field == b"data":
                lines.append(value.removeprefix(b" ").decode("utf-8", "replace"))
        if lines:
            found.append((name, "\n".join(lines)))
    return found


def request(method, target, headers=(), body=b"", host="gateway.test", version="HTTP/1.1"):
    """The bytes of a request; a body gets its length unless the headers frame it."""
    pairs = list(headers.items() if isinstance(headers, dict) else headers)
    names = {name.lower() for name, _ in pairs}
    if host is not None and "host" not in names:
        pairs.insert(0, ("host", host))
    if body and not names & {"content-length", "transfer-encoding"}:
        pairs.append(("content-length", str(len(body))))
    lines = [f"{method} {target} {version}", *(f"{name}: {value}" for name, value in pairs)]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


class Wire:
    """One connection."""

    def __init__(self, port, tls=None, timeout=10, receive_buffer=None):
        plain = socket.socket()
        if receive_buffer:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        plain.settimeout(timeout)
        plain.connect(("127.0.0.1", port))
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = tls.wrap_socket(plain, server_hostname="localhost") if tls else plain
        self.buffer = bytearray()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Leaves, and returns when."""
        with contextlib.suppress(OSError):
            self.socket.close()
        return time.monotonic()

    def send(self, data):
        self.socket.sendall(data)
        return self

    def fill(self):
        """Reads more; returns whether the peer is still there."""
        try:
            data = self.socket.recv(1 << 16)
        except (ConnectionResetError, BrokenPipeError, ssl.SSLError):
            return False
        self.buffer += data
        return bool(data)

    def holds_line(self):
        """Reads on until there is a whole line; returns whether there is."""
        while b"\n" not in self.buffer:
            if not self.fill():
                return False
        return True

    def line(self):
        if not self.holds_line():
            raise Broken(f"the connection ended in a line: {self.buffer[:80]!r}")
        line = self.take(self.buffer.index(b"\n") + 1)
        if not line.endswith(b"\r\n"):
            raise Broken(f"a line of the head that ends with LF alone: {line[:80]!r}")
        return line[:-2]

    def take(self, count):
        """Takes that much of what has been read."""
        data = bytes(self.buffer[:count])
        del self.buffer[:count]
        return data

    def head(self):
        """The next answer's status and headers."""
        first = self.line()
        match = re.fullmatch(rb"HTTP/1\.1 (\d{3})( .*)?", first)
        if not match:
            raise Broken(f"status line {first[:120]!r}")
        headers = []
        while line := self.line():
            name, colon, value = line.partition(b":")
            if not colon or not re.fullmatch(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+", name):
                raise Broken(f"header line {line[:120]!r}")
            headers.append((name.decode().lower(), value.strip().decode("latin-1")))
        answer = Answer(int(match[1]), headers)
        return self.head() if answer.status == 100 else answer

    def parts(self, answer, method="POST"):
        """Yields the body as it comes; marks the answer whole at its end."""
        length, coding = answer.header("content-length"), answer.header("transfer-encoding")
        if length is not None and coding is not None:
            raise Broken("an answer framed twice")
        if method == "HEAD" or answer.status in (204, 304):
            answer.is_whole = True
        elif coding is not None:
            if coding != "chunked":
                raise Broken(f"transfer-encoding: {coding}")
            while True:
                if not self.holds_line():
                    return
                size = self.line().split(b";")[0]
                if not re.fullmatch(rb"[0-9a-fA-F]{1,8}", size):
                    raise Broken(f"chunk size {size[:40]!r}")
                size = int(size, 16)
                while len(self.buffer) < size + 2:
                    if not self.fill():
                        return
                part = self.take(size)
                if self.take(2) != b"\r\n":
                    raise Broken("a chunk that is longer than its size")
                if size == 0:
                    answer.is_whole = True
                    return
                yield part
        else:
            wanted = int(length) if length is not None else None
            while wanted is None or wanted > 0:
                if not self.buffer and not self.fill():
                    answer.is_whole = wanted is None
                    return
                part = self.take(len(self.buffer) if wanted is None else wanted)
                wanted = None if wanted is None else wanted - len(part)
                yield part
            answer.is_whole = True

    def answer(self, method="POST"):
        """The next answer, to its end."""
        answer = self.head()
        answer.body = b"".join(self.parts(answer, method))
        return answer

    def is_closed(self, seconds):
        """Whether the peer closes within that time, with nothing more to say."""
        end = time.monotonic() + seconds
        while (rest := end - time.monotonic()) > 0:
            if select.select([self.socket], [], [], rest)[0] and not self.fill():
                return True
        return False


def bearer(key):
    return {"authorization": f"Bearer {key}", "content-type": "application/json"}


def x_api_key(key):
    return {"x-api-key": key, "anthropic-version": "2023-06-01", "content-type": "application/json"}


def chat_body(prompt, model="plain", **more):
    return {"model": model, "messages": [{"role": "user", "content": prompt}], **more}


def message_body(prompt, model="plain", **more):
    return {"model": model, "max_tokens": 4096, "messages": [{"role": "user", "content": prompt}], **more}


def response_body(prompt, model="plain", **more):
    return {"model": model, "input": prompt, **more}


def ask(port, target, body=None, headers=(), method="POST", timeout=10, tls=None, **more):
    """One request on a connection of its own, with its answer."""
    data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    with Wire(port, tls=tls, timeout=timeout) as wire:
        return wire.send(request(method, target, headers, data, **more)).answer(method)


def chat(port, key, prompt, model="plain", timeout=10, **more):
    return ask(port, "/v1/chat/completions", chat_body(prompt, model, **more), bearer(key), timeout=timeout)


def message(port, key, prompt, model="plain", timeout=10, **more):
    return ask(port, "/v1/messages", message_body(prompt, model, **more), x_api_key(key), timeout=timeout)


def response(port, key, prompt, model="plain", timeout=10, **more):
    return ask(port, "/v1/responses", response_body(prompt, model, **more), bearer(key), timeout=timeout)


def open_stream(port, headers, target, body, timeout=10, **more):
    """A connection on which an answer has begun: the connection, and the answer's head."""
    wire = Wire(port, timeout=timeout, **more)
    answer = wire.send(request("POST", target, headers, json.dumps(body).encode())).head()
    return wire, answer
