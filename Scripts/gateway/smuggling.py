"""Requests that two programs in a row could read differently, each with a second request hidden in it.

What a gateway passes on must be read by the model server as the gateway read it. Sources: RFC 9112, sections 2.2, 3,
5.1, 6.1 to 6.3 and 11.2; RFC 9110, section 5.5.
"""

import json

from wire import chat_body


class Case:
    """One attempt."""

    def __init__(self, name, raw, may_serve=False, must_close=True):
        self.name = name
        self.raw = raw
        # Whether a recipient may understand it, in one way alone; else it must refuse it.
        self.may_serve = may_serve
        # Whether the connection must end with the answer also if it is served.
        self.must_close = must_close


def cases(key, mark):
    """All attempts; what is hidden in them has the mark in its target, and a key that works."""
    hidden = (f"GET /v1/models?{mark} HTTP/1.1\r\nhost: gateway.test\r\nauthorization: Bearer {key}\r\n\r\n").encode()
    outer = json.dumps(chat_body("outer " + mark)).encode()
    found = []

    def head(*lines, first=b"POST /v1/chat/completions HTTP/1.1", end=b"\r\n"):
        fixed = [first, b"host: gateway.test", b"authorization: Bearer " + key.encode(), b"content-type: application/json"]
        return end.join([*fixed, *lines, b"", b""])

    def add(name, raw, may_serve=False, must_close=False):
        found.append(Case(name, raw, may_serve, must_close or not may_serve))

    def chunk(data):
        return b"%x\r\n%s\r\n" % (len(data), data)

    chunked = chunk(outer) + b"0\r\n\r\n"
    length = b"content-length: %d" % len(outer)
    # Framed twice.
    add("length-and-chunks", head(length, b"transfer-encoding: chunked") + chunked + hidden)
    add("chunks-and-length", head(b"transfer-encoding: chunked", b"content-length: 4") + b"0\r\n\r\n" + hidden)
    add("two-lengths", head(length, b"content-length: %d" % (len(outer) + len(hidden))) + outer + hidden)
    add("same-length-twice", head(length, length) + outer, may_serve=True)
    add("two-codings", head(b"transfer-encoding: chunked", b"transfer-encoding: identity") + chunked + hidden)
    # Lengths that are no numbers.
    for name, text in (("plus", b"+%d"), ("list", b"%d, 0"), ("hexadecimal", b"0x%x"), ("negative", b"-%d"),
                       ("blank-inside", b"%d 0"), ("letters", b"%dabc"), ("overflow", b"1844674407370955%d616")):
        add(f"length-{name}", head(b"content-length: " + text % len(outer)) + outer + hidden)
    add("length-empty", head(b"content-length:") + hidden)
    # Codings that are not `chunked`.
    for name, text in (("unknown", b"xchunked"), ("chunked-first", b"chunked, identity"), ("tab", b"\x0bchunked"),
                       ("identity", b"identity"), ("quoted", b'"chunked"'), ("twice", b"chunked, chunked")):
        add(f"coding-{name}", head(b"transfer-encoding: " + text) + chunked + hidden)
    add("coding-gzip", head(b"transfer-encoding: gzip, chunked") + chunked)
    add("coding-in-1.0", head(b"transfer-encoding: chunked", first=b"POST /v1/chat/completions HTTP/1.0")
        + chunked + hidden, may_serve=True, must_close=True)
    # Chunks.
    for name, text in (("letters", b"zz"), ("negative", b"-1"), ("prefix", b"0x20"), ("empty", b""), ("blank", b" 20"),
                       ("overflow", b"10000000000000020"), ("plus", b"+20")):
        add(f"chunk-size-{name}", head(b"transfer-encoding: chunked") + text + b"\r\n" + outer + b"\r\n0\r\n\r\n" + hidden)
    add("chunk-too-long", head(b"transfer-encoding: chunked") + b"%x\r\n%s" % (len(outer) - 4, outer)
        + b"\r\n0\r\n\r\n" + hidden)
    add("chunk-line-feed", head(b"transfer-encoding: chunked") + b"%x\n%s\n0\n\n" % (len(outer), outer), may_serve=True)
    add("chunk-extension-line-feed", head(b"transfer-encoding: chunked")
        + b"%x;a\nb\r\n%s\r\n0\r\n\r\n" % (len(outer), outer) + hidden)
    # Headers.
    add("blank-before-colon", head(b"content-length : %d" % len(outer)) + outer + hidden)
    add("folded", head(b"x-folded: one", b" two", length) + outer)
    add("folded-coding", head(b"transfer-encoding:", b" chunked", length) + outer)
    add("folded-first", b"POST /v1/chat/completions HTTP/1.1\r\n host: x\r\n" + head(length)[36:] + outer)
    add("null-in-value", head(b"x-null: a\0b", length) + outer)
    add("return-in-value", head(b"x-return: a\rtransfer-encoding: chunked", length) + outer)
    add("null-in-name", head(b"x-nu\0ll: a", length) + outer)
    add("no-colon", head(b"nonsense", length) + outer)
    add("no-name", head(b": value", length) + outer)
    add("blank-in-name", head(b"content length: 0", length) + outer)
    add("line-feeds", head(length, end=b"\n") + outer, may_serve=True)
    add("line-feed-hides-coding", head(b"x-a: b\ntransfer-encoding: chunked", length) + outer + hidden)
    # The first line.
    add("two-blanks", head(length, first=b"POST  /v1/chat/completions HTTP/1.1") + outer, may_serve=True)
    add("blank-in-target", head(length, first=b"POST /v1/chat/completions /v1/x HTTP/1.1") + outer)
    add("version-2", head(length, first=b"POST /v1/chat/completions HTTP/2.0") + outer)
    add("version-1.9", head(length, first=b"POST /v1/chat/completions HTTP/1.9") + outer, may_serve=True)
    add("version-missing", b"GET /v1/models\r\n\r\n")
    add("version-lower-case", head(length, first=b"POST /v1/chat/completions http/1.1") + outer)
    add("http2-preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0")
    add("tls-hello", b"\x16\x03\x01\x00\xf1\x01\x00\x00\xed\x03\x03" + b"\0" * 64)
    add("two-hosts", head(b"host: other.test", length) + outer)
    add("no-host", (b"POST /v1/chat/completions HTTP/1.1\r\nauthorization: Bearer " + key.encode() + b"\r\n" + length
                    + b"\r\n\r\n" + outer))
    return found
