import Testing

@testable import Gateway

@Suite("Server-sent events")
struct EventStreamTests {
    private func events(_ pieces: [[UInt8]], limit: Int = 1 << 20) -> (
        events: [String], isWhole: Bool
    ) {
        var stream = EventStream(limit: limit)
        var found: [String] = []
        for piece in pieces {
            let isWhole = piece.withUnsafeBytes { bytes in
                stream.feed(bytes) { event in
                    let name = String(decoding: event.name, as: UTF8.self)
                    let data = String(decoding: event.data, as: UTF8.self)
                    found.append("\(name)|\(data)|\(event.raw.count)")
                }
            }
            if !isWhole { return (found, false) }
        }
        return (found, true)
    }

    private let text = Array(
        ("data: {\"a\":1}\n\nevent: delta\r\ndata: first\r\ndata:second\r\n\r\n: ping\n\nevent: end\ndata\n\n"
            + "id: 7\ndata: [DONE]\n\n").utf8)

    @Test("events are the same wherever the stream is cut")
    func cuts() {
        let whole = events([text])
        #expect(
            whole.events == [
                "|{\"a\":1}|15", "delta|first\nsecond|42", "||8", "end||17", "|[DONE]|20",
            ])
        for first in 0...text.count {
            for second in first...text.count {
                let pieces = [
                    Array(text[..<first]), Array(text[first..<second]), Array(text[second...]),
                ]
                #expect(events(pieces).events == whole.events, "cut at \(first) and \(second)")
            }
        }
    }

    @Test("an event that is not whole is held back, and a larger one than allowed ends the stream")
    func limits() {
        var stream = EventStream(limit: 100)
        let half = Array("data: half".utf8)
        var count = 0
        #expect(half.withUnsafeBytes { stream.feed($0) { _ in count += 1 } })
        #expect(count == 0)
        #expect(stream.isInsideEvent)
        let long = [UInt8](repeating: 0x61, count: 500)
        #expect(!events([long], limit: 100).isWhole)
        #expect(!events(long.map { [$0] }, limit: 100).isWhole)
        // Many small events in one piece are no large one.
        let many = Array(String(repeating: "data: x\n\n", count: 1000).utf8)
        #expect(events([many], limit: 100).events.count == 1000)
    }
}
