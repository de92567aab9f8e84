import Enforcement
import Exchanges
import NIOCore
import NIOHTTP1
import Watermarking

/// One of several answers to a request.
final class CandidateDraw: UpstreamListener {
    private(set) var head: HTTPResponseHead?
    private(set) var body = ByteBuffer()
    private(set) var failure: UpstreamFailure?
    fileprivate var connection: UpstreamConnection?
    private let limit: Int
    private let isDone: (CandidateDraw) -> Void

    init(limit: Int, isDone: @escaping (CandidateDraw) -> Void) {
        self.limit = limit
        self.isDone = isDone
    }

    func upstream(head: HTTPResponseHead) { self.head = head }

    func upstream(body bytes: inout ByteBuffer) {
        body.writeBuffer(&bytes)
        guard body.readableBytes > limit else { return }
        connection?.cancel()
        fail(.malformed)
    }

    func upstreamDidRead() {}

    func upstreamDidEnd() {
        connection = nil
        isDone(self)
    }

    func upstream(failed failure: UpstreamFailure) { fail(failure) }

    fileprivate func fail(_ failure: UpstreamFailure) {
        connection = nil
        self.failure = failure
        isDone(self)
    }

    /// Whether it is an answer to choose.
    var isUsable: Bool { failure == nil && head?.status == .ok }
}

/// Draws several answers to one request and gives the client the one that bears the keyed mark best; see
/// `CandidateChoice` for the mark and its test.
///
/// A stream is drawn whole before any of it is passed on, so its first byte waits for its last.
final class CandidateDraws {
    private let draws: [CandidateDraw]
    private unowned let turn: Turn
    private var open: Int
    private var isOver = false
    private let results = Results()

    /// What the draws' closures and this object share.
    private final class Results {
        var done: (() -> Void)?
    }

    init(count: Int, turn: Turn) {
        self.turn = turn
        open = count
        let limit = turn.worker.protection.answerBytes
        let results = results
        draws = (0..<count).map { _ in CandidateDraw(limit: limit) { _ in results.done?() } }
    }

    /// Asks the model server as many times as there are draws.
    func start(_ head: HTTPRequestHead, _ body: ByteBuffer?, over pool: UpstreamPool) {
        results.done = { [unowned self] in self.oneIsDone() }
        for draw in draws {
            pool.withConnection(
                fresh: false, for: draw,
                { connection in
                    draw.connection = connection
                    connection.begin(draw, head, body: body)
                }, fail: { draw.fail($0) })
        }
    }

    /// Ends all draws that are open.
    func cancel() {
        isOver = true
        results.done = nil
        for draw in draws {
            draw.connection?.cancel()
            draw.connection = nil
        }
    }

    private func oneIsDone() {
        open -= 1
        guard open == 0, !isOver else { return }
        isOver = true
        results.done = nil
        let usable = draws.filter(\.isUsable)
        guard let first = usable.first else {
            // An answer with an error status is an answer; without any, the first failure tells why.
            if let answered = draws.first(where: { $0.failure == nil && $0.head != nil }) {
                return turn.take(answered)
            }
            return turn.fail(draws.first?.failure ?? .closed)
        }
        let texts = usable.map(text)
        let choice = turn.worker.candidateChoice.choose(among: texts)
        turn.take(choice.map { usable[$0] } ?? first)
    }

    /// The text of an answer, whole or as a stream.
    private func text(of draw: CandidateDraw) -> [UInt8] {
        var answer = AnswerSoFar()
        let reader = turn.worker.reader
        let type = draw.head?.headers.first(name: "content-type") ?? ""
        draw.body.withUnsafeReadableBytes { bytes in
            guard type.hasPrefix("text/event-stream") else {
                do throws(BadRecord) {
                    try reader.answer(bytes, into: &answer)
                } catch {
                    answer.text = Array(bytes)
                }
                return
            }
            var events = EventStream(limit: turn.worker.protection.answerBytes)
            var meter = StreamMeter()
            _ = events.feed(bytes) { event in
                if !event.data.equals("[DONE]") { meter.add(event.data, reader, into: &answer) }
            }
            meter.read(reader, into: &answer)
        }
        return answer.text
    }
}
