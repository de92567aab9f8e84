import NIOCore
import NIOHTTP1

/// Answers as bytes: a head and what fits behind it in one buffer, so that a small answer is one write.
enum ResponseBytes {
    /// An error of the gateway's own.
    static func error(
        _ error: APIError, _ style: APIStyle, requestID: String, isKeepAlive: Bool
    ) -> ByteBuffer {
        let body = error.body(style, requestID: requestID)
        var buffer = ByteBuffer()
        buffer.reserveCapacity(512 + body.utf8.count)
        start(&buffer, status: error.refusal.status, requestID: requestID, isKeepAlive: isKeepAlive)
        buffer.writeStaticString("content-type: application/json\r\n")
        if let seconds = error.retryAfterSeconds {
            buffer.writeStaticString("retry-after: ")
            buffer.writeString(String(seconds))
            buffer.writeStaticString("\r\n")
        }
        if !error.refusal.shouldRetry { buffer.writeStaticString("x-should-retry: false\r\n") }
        end(&buffer, length: body.utf8.count)
        buffer.writeString(body)
        return buffer
    }

    /// Plain text.
    static func plain(_ status: HTTPResponseStatus, _ text: String, isKeepAlive: Bool) -> ByteBuffer
    {
        var buffer = ByteBuffer()
        start(&buffer, status: Int(status.code), requestID: nil, isKeepAlive: isKeepAlive)
        buffer.writeStaticString("content-type: text/plain\r\n")
        end(&buffer, length: text.utf8.count)
        buffer.writeString(text)
        return buffer
    }

    /// Writes the status line and the fields that every answer has.
    static func start(
        _ buffer: inout ByteBuffer, status: Int, requestID: String?, isKeepAlive: Bool
    ) {
        if status == 200 {
            buffer.writeStaticString("HTTP/1.1 200 OK\r\n")
        } else {
            buffer.writeStaticString("HTTP/1.1 ")
            buffer.writeString(String(status))
            buffer.writeStaticString(" ")
            buffer.writeString(HTTPResponseStatus(statusCode: status).reasonPhrase)
            buffer.writeStaticString("\r\n")
        }
        if let requestID {
            buffer.writeStaticString("x-request-id: ")
            buffer.writeString(requestID)
            buffer.writeStaticString("\r\nrequest-id: ")
            buffer.writeString(requestID)
            buffer.writeStaticString("\r\n")
        }
        if !isKeepAlive { buffer.writeStaticString("connection: close\r\n") }
    }

    /// Ends a head whose body has a known length.
    static func end(_ buffer: inout ByteBuffer, length: Int) {
        buffer.writeStaticString("content-length: ")
        buffer.writeString(String(length))
        buffer.writeStaticString("\r\n\r\n")
    }

    /// Ends a head whose body is a stream.
    static func endOfStreamHead(_ buffer: inout ByteBuffer, isChunked: Bool) {
        if isChunked {
            buffer.writeStaticString("transfer-encoding: chunked\r\n\r\n")
        } else {
            buffer.writeStaticString("\r\n")
        }
    }

    /// Appends a chunk (RFC 9112, section 7.1); nothing for no bytes, which would end the body.
    static func chunk(_ data: ByteBuffer, to buffer: inout ByteBuffer) {
        guard data.readableBytes > 0 else { return }
        var digits: (UInt64, Int) = (0, 0)
        var rest = data.readableBytes
        repeat {
            let digit = UInt64(rest & 15)
            digits.0 = digits.0 << 8 | (digit < 10 ? 0x30 + digit : 0x57 + digit)
            digits.1 += 1
            rest >>= 4
        } while rest > 0
        for _ in 0..<digits.1 {
            buffer.writeInteger(UInt8(truncatingIfNeeded: digits.0))
            digits.0 >>= 8
        }
        buffer.writeStaticString("\r\n")
        buffer.writeImmutableBuffer(data)
        buffer.writeStaticString("\r\n")
    }

    /// Fields of a model server's answer that are not passed on: those of the connection, those that are written anew, and
    /// cookies, which would tie clients to a server that they do not know.
    static func isPassedOn(_ name: String) -> Bool {
        switch name.utf8.count {
        case 2: !same(name, "te")
        case 4: !same(name, "date")
        case 6: !same(name, "server")
        case 7: !same(name, "trailer") && !same(name, "upgrade")
        case 10:
            !same(name, "connection") && !same(name, "keep-alive") && !same(name, "request-id")
                && !same(name, "set-cookie")
        case 12: !same(name, "x-request-id")
        case 14: !same(name, "content-length")
        case 16: !same(name, "content-encoding") && !same(name, "proxy-connection")
        case 17: !same(name, "transfer-encoding")
        case 18: !same(name, "proxy-authenticate")
        default: true
        }
    }

    private static func same(_ name: String, _ literal: StaticString) -> Bool {
        var index = 0
        for byte in name.utf8 {
            let lower = byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte
            if lower != literal.utf8Start[index] { return false }
            index += 1
        }
        return true
    }
}
