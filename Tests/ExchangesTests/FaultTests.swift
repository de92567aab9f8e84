import Exchanges
import Testing

@Suite struct FaultTests {
    static let good =
        #"{"time":1776816003,"account":"a","request":{"messages":[{"role":"user","content":"Hi"}]}}"#

    @Test(arguments: [
        ("{", BadRecord.Reason.notJSON), ("hello", .notJSON), ("{\"a\":1}{\"b\":2}", .notJSON),
        ("{\"a\":01}", .notJSON), ("{\"a\":\"\u{1}\"}", .notJSON), ("{\"a\":\"\\x\"}", .notJSON),
        ("{\"a\":\"\\uZZZZ\"}", .notJSON), ("{\"a\":nul}", .notJSON), ("{'a':1}", .notJSON),
        ("{\"a\":\"\\ud800\"}", .notUTF8), ("{\"a\":\"\\udc00\"}", .notUTF8),
        ("{\"a\":\"\\ud800\\ud800\"}", .notUTF8), ("{\"a\":\"x\\ud83dy\"}", .notUTF8),
        ("{\"a\":1e999}", .wrongType), ("{\"a\":123456789012345678901234567890}", .wrongType),
        ("42", .wrongType), ("\"text\"", .wrongType), ("null", .wrongType),
    ])
    func reasons(_ record: String, _ reason: BadRecord.Reason) {
        #expect(decode(record, .stillwatch).faults == [BadRecord(reason)], "\(record)")
    }

    @Test(arguments: [
        (#"{"account":"a","request":{"prompt":"x"}}"#, BadRecord(.missingField, field: "time")),
        (
            #"{"time":1776816003,"request":{"prompt":"x"}}"#,
            BadRecord(.missingField, field: "account.id")
        ),
        (
            #"{"time":1776816003,"account":{"id":""},"request":{"prompt":"x"}}"#,
            BadRecord(.missingField, field: "account.id")
        ),
        (
            #"{"time":1776816003,"account":{"id":[]},"request":{"prompt":"x"}}"#,
            BadRecord(.wrongType, field: "account.id")
        ),
        (
            #"{"time":1776816003,"account":true,"request":{"prompt":"x"}}"#,
            BadRecord(.wrongType, field: "account")
        ),
        (
            #"{"time":1776816003,"account":"a"}"#,
            BadRecord(.missingField, field: "request.messages")
        ),
        (
            #"{"time":1776816003,"account":"a","request":{"messages":[]}}"#,
            BadRecord(.missingField, field: "request.messages")
        ),
        (
            #"{"time":1776816003,"account":"a","request":{"messages":7}}"#,
            BadRecord(.wrongType, field: "request.messages")
        ),
        (
            #"{"time":1776816003,"account":"a","request":{"messages":[7]}}"#,
            BadRecord(.wrongType, field: "request.messages")
        ),
        (
            #"{"time":1776816003,"account":"a","request":{"prompt":{}}}"#,
            BadRecord(.wrongType, field: "request.prompt")
        ),
        (
            #"{"time":1776816003,"account":"a","request":[]}"#,
            BadRecord(.wrongType, field: "request")
        ),
    ])
    func fields(_ record: String, _ fault: BadRecord) {
        #expect(decode(record, .stillwatch).faults == [fault], "\(record)")
    }

    @Test func hashedTextIsNoFault() {
        let records = [
            #"{"messages":[{"role":"user","content_hash":"D"}]}"#,
            #"{"messages":[{"role":"user","content":null,"sha256":"D"}]}"#,
            #"{"messages":[{"role":"user","content":[{"type":"text","text_hash":"D"}]}]}"#,
            #"{"prompt":null,"prompt_hash":"D"}"#,
        ]
        for record in records {
            let line = #"{"time":1776816003,"account":"a","request":\#(record)}"#
            #expect(decode(line, .stillwatch).exchanges.first?.messages == ["user: digest D"])
        }
        let absent = #"{"time":1776816003,"account":"a","request":{"messages":[{"role":"user"}]}}"#
        #expect(decode(absent, .stillwatch).exchanges.first?.messages == ["user: "])
    }

    @Test func blankLinesGiveNothing() {
        for blank in ["", " ", "\t\r", "  \r"] {
            let outcome = decode(blank, .stillwatch, isLast: true)
            #expect(outcome.exchanges.isEmpty && outcome.faults.isEmpty && outcome.ignored == 0)
        }
    }

    @Test func arraysGiveEachElement() {
        let outcome = decode("[\(Self.good),7,\(Self.good),{}]", .stillwatch)
        #expect(outcome.exchanges.count == 2)
        #expect(outcome.faults.map(\.reason) == [.wrongType, .missingField])
        #expect(decode("[]", .stillwatch).ignored == 1)
    }

    @Test func aCutOffLastLineIsTruncated() {
        let bytes = Array(StillwatchRecordTests.full.utf8)
        let decoder = RecordDecoder(format: .stillwatch)
        for length in 1..<bytes.count {
            let outcome = decode(Array(bytes[..<length]), with: decoder, isLast: true)
            #expect(outcome.faults == [BadRecord(.truncated)], "\(length) bytes")
        }
        #expect(decode("hello", .stillwatch, isLast: true).faults == [BadRecord(.notJSON)])
        #expect(decode(Self.good, .stillwatch, isLast: true).exchanges.count == 1)
    }

    @Test func nestingHasALimit() {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let closed =
                String(repeating: open, count: 100_000) + "1"
                + String(repeating: close, count: 100_000)
            let record = #"{"time":1,"x":\#(closed)}"#
            #expect(decode(record, .stillwatch).faults == [BadRecord(.tooDeep)])
            #expect(decode(String(repeating: open, count: 100_000), .stillwatch).faults.count == 1)
        }
    }

    @Test func sizeHasALimit() {
        let size = 100 << 20
        let line = UnsafeMutableRawBufferPointer.allocate(byteCount: size + 64, alignment: 16)
        defer { line.deallocate() }
        line.initializeMemory(as: UInt8.self, repeating: UInt8(ascii: "["))
        var faults: [BadRecord] = []
        RecordDecoder(format: .stillwatch).decode(
            UnsafeRawBufferPointer(rebasing: line[..<size]), exchange: { _ in },
            fault: { faults.append($0) })
        #expect(faults == [BadRecord(.tooLarge)])

        let small = RecordDecoder(format: .stillwatch, maximumRecordBytes: Self.good.utf8.count)
        #expect(decode(Array(Self.good.utf8), with: small).exchanges.count == 1)
        #expect(decode(Array((Self.good + " ").utf8), with: small).faults == [BadRecord(.tooLarge)])
    }

    @Test func embeddedDocumentsBeyondTheLimitStayText() {
        // Memory stays bounded, and no message is lost.
        let many = (0..<2000).map { _ in
            #"{"name":"gen_ai.choice","attributes":[{"key":"message","value":{"stringValue":"{\"content\":\"x\"}"}}]}"#
        }
        let span =
            #"{"spanId":"a","startTimeUnixNano":"1776816003214000999","attributes":[{"key":"gen_ai.operation.name","value":{"stringValue":"chat"}},{"key":"user.id","value":{"stringValue":"a"}}],"events":[\#(many.joined(separator: ","))]}"#
        let outcome = decode(span, .otel)
        #expect(outcome.exchanges.first?.answer.count == 2000)
    }
}
