import Enforcement
import Exchanges
import NIOCore
import NIOHTTP1

extension Turn: UpstreamListener {
    func upstream(head: HTTPResponseHead) {
        guard case .sent = phase else { return }
        heard = .now()
        firstByteMicroseconds = (heard - request.arrived.tick).nanoseconds / 1000
        upstreamHead = head
        status = Int(head.status.code)
        if let encoding = head.headers.first(name: "content-encoding")?.lowercased(),
            encoding != "identity", encoding != "gzip", encoding != "deflate"
        {
            return refuse(
                APIError(
                    .upstreamFailed,
                    "The model server compressed its answer although it was asked not to."))
        }
        isEventStream =
            status == 200
            && (head.headers.first(name: "content-type")?.hasPrefix("text/event-stream") ?? false)
        guard isEventStream else {
            phase = .collecting
            return
        }
        phase = .streaming
        worker.metrics.openStreams.add()
        events = EventStream(limit: worker.protection.eventBytes)
        editor = worker.streamEditor(of: self)
    }

    func upstream(body bytes: inout ByteBuffer) {
        switch phase {
        case .streaming: take(bytes)
        case .collecting:
            guard body.readableBytes + bytes.readableBytes <= worker.protection.answerBytes else {
                return refuse(
                    APIError(.upstreamFailed, "The model server's answer is too large to be read."))
            }
            if body.readableBytes == 0, upstreamHead?.headers["content-encoding"].isEmpty ?? true,
                let length = upstreamHead?.headers.first(name: "content-length").flatMap(Int.init)
            {
                body = worker.allocator.buffer(
                    capacity: max(0, min(length, worker.protection.answerBytes)))
            }
            body.writeBuffer(&bytes)
        default: break
        }
    }

    func upstreamDidRead() {
        heard = .now()
        guard case .streaming = phase else { return }
        if !isHeadSent || output.readableBytes > 0 { writeStream(ends: false) }
        if hasTerminalEvent { settleAndLog() }
    }

    func upstreamDidEnd() {
        self.connection = nil
        switch phase {
        case .streaming:
            if !hasTerminalEvent, endpoint.generates {
                interruption = .upstreamFailed
                worker.metrics.upstreamFailures.add()
                let error = APIError(
                    .upstreamFailed, "The model server ended its answer before it was whole.")
                if !isHeadSent { writeStream(ends: false) }
                return cut(error)
            }
            settleAndLog()
        case .sent, .collecting:
            settleAndLog()
        default: break
        }
    }

    func upstream(failed failure: UpstreamFailure) {
        fail(failure)
    }

    // MARK: Streams

    /// Takes some of a stream.
    private func take(_ bytes: ByteBuffer) {
        let isWhole =
            bytes.withUnsafeReadableBytes { raw in
                events?.feed(raw) { event in self.take(event) }
            } ?? true
        if !isWhole {
            interruption = .upstreamFailed
            cut(APIError(.upstreamFailed, "The model server sent an event that is too large."))
        }
    }

    private func take(_ event: EventStream.Event) {
        if case .streaming = phase {} else { return }
        guard event.data.count > 0 else {
            output.writeBytes(event.raw)
            return
        }
        guard !isTerminal(event) else {
            // All before it goes at once; it and what a change adds to it wait for the log.
            hasTerminalEvent = true
            swap(&output, &ending)
            pass(event)
            swap(&output, &ending)
            return
        }
        pass(event)
    }

    private func pass(_ event: EventStream.Event) {
        if !event.data.equals("[DONE]") {
            meter.add(event.data, worker.reader, into: &answer)
        }
        if editor != nil {
            edit(event)
        } else if hidesUsage, event.mayBeUsage {
            var usage = UsageChunk()
            if !usage.isHidden(event) { output.writeBytes(event.raw) }
        } else {
            output.writeBytes(event.raw)
        }
    }

    private func edit(_ event: EventStream.Event) {
        switch editor?.feed(name: Array(event.name), data: Array(event.data)) {
        case nil, .unchanged: output.writeBytes(event.raw)
        case .replaced(let events): write(events)
        }
    }

    private func write(_ events: [StreamEvent]) {
        for event in events {
            if !event.name.isEmpty {
                output.writeStaticString("event: ")
                output.writeBytes(event.name)
                output.writeStaticString("\n")
            }
            output.writeStaticString("data: ")
            output.writeBytes(event.data)
            output.writeStaticString("\n\n")
        }
    }

    /// Writes what an editor still holds back when a stream ends otherwise than it should.
    func endEditing() {
        guard var editor else { return }
        self.editor = nil
        write(editor.end())
    }

    private func isTerminal(_ event: EventStream.Event) -> Bool {
        switch endpoint {
        case .messages: event.name.equals("message_stop")
        case .responses:
            event.name.equals("response.completed") || event.name.equals("response.incomplete")
                || event.name.equals("response.failed") || event.name.equals("error")
        default: event.data.equals("[DONE]")
        }
    }

    /// Writes what is ready of a stream, its head first.
    func writeStream(ends: Bool) {
        guard let client = clientConnection else { return }
        let isChunked = !client.isHTTP10
        if !isChunked { client.endsWithAnswer() }
        var buffer = worker.allocator.buffer(capacity: output.readableBytes + 512)
        if !isHeadSent {
            isHeadSent = true
            worker.metrics.firstByte.record(firstByteMicroseconds)
            ResponseBytes.start(
                &buffer, status: 200, requestID: id, isKeepAlive: client.keepsAlive)
            passOnHeaders(to: &buffer)
            ResponseBytes.endOfStreamHead(&buffer, isChunked: isChunked)
        }
        if isChunked {
            ResponseBytes.chunk(output, to: &buffer)
            if ends { buffer.writeStaticString("0\r\n\r\n") }
        } else {
            buffer.writeImmutableBuffer(output)
        }
        output.clear(minimumCapacity: 0)
        if buffer.readableBytes > 0 { client.write(buffer, flush: true) }
    }

    private func passOnHeaders(to buffer: inout ByteBuffer) {
        guard let upstreamHead else { return }
        for (name, value) in upstreamHead.headers where ResponseBytes.isPassedOn(name) {
            buffer.writeString(name)
            buffer.writeStaticString(": ")
            buffer.writeString(value)
            buffer.writeStaticString("\r\n")
        }
    }

    // MARK: Whole answers

    /// Reads what a whole answer says, for the meter and the log.
    func readWholeAnswer() {
        guard endpoint.generates || endpoint == .embeddings, status < 300, body.readableBytes > 0
        else { return }
        body.withUnsafeReadableBytes { bytes in
            do throws(BadRecord) {
                try worker.reader.answer(bytes, into: &answer)
            } catch {
                // An answer that is no JSON is passed on as it is, and metered by its size.
                answer.text = Array(bytes)
            }
        }
    }

    /// The answer as the client gets it.
    func wholeAnswer() -> ByteBuffer {
        let isKeepAlive = clientConnection?.keepsAlive ?? false
        let hasBody = request.head.method != .HEAD && status != 204 && status != 304
        if status >= 400, !looksLikeJSON {
            let error = APIError(
                .upstreamFailed, "The model server answered with status \(status).")
            let text = error.body(style, requestID: id)
            var buffer = worker.allocator.buffer(capacity: text.utf8.count + 512)
            ResponseBytes.start(&buffer, status: status, requestID: id, isKeepAlive: isKeepAlive)
            passOnHeaders(to: &buffer, without: "content-type")
            buffer.writeStaticString("content-type: application/json\r\n")
            ResponseBytes.end(&buffer, length: text.utf8.count)
            buffer.writeString(text)
            return buffer
        }
        var edited: [UInt8]?
        if status < 300, let editor = worker.answerEditor(of: self) {
            edited = body.withUnsafeReadableBytes {
                editor.edit($0.bindMemory(to: UInt8.self))
            }
        }
        let length = edited?.count ?? body.readableBytes
        var buffer = worker.allocator.buffer(capacity: length + 1024)
        ResponseBytes.start(&buffer, status: status, requestID: id, isKeepAlive: isKeepAlive)
        passOnHeaders(to: &buffer)
        ResponseBytes.end(&buffer, length: length)
        if hasBody {
            if let edited {
                buffer.writeBytes(edited)
            } else {
                buffer.writeImmutableBuffer(body)
            }
        }
        return buffer
    }

    private var looksLikeJSON: Bool {
        body.withUnsafeReadableBytes { bytes in
            bytes.first { $0 > 0x20 } == UInt8(ascii: "{")
        }
    }

    private func passOnHeaders(to buffer: inout ByteBuffer, without: String) {
        guard let upstreamHead else { return }
        for (name, value) in upstreamHead.headers
        where ResponseBytes.isPassedOn(name) && name.lowercased() != without {
            buffer.writeString(name)
            buffer.writeStaticString(": ")
            buffer.writeString(value)
            buffer.writeStaticString("\r\n")
        }
    }
}
