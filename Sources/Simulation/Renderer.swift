/// Puts events of a plan into words.
struct Renderer {
    /// Earlier turns that a client sends along at most.
    static let window: Int32 = 12

    let plan: WorldPlan
    private let answers: Answers
    private let turnText = ByteBuffer(capacity: 1 << 14)

    init(_ plan: WorldPlan) {
        self.plan = plan
        answers = Answers(plan.pool)
    }

    func render(_ event: Event, number: Int, into out: Rendered) {
        let session = plan.sessions[Int(event.session)]
        let style = plan.styles[Int(session.style)]
        out.text.removeAll()
        out.blocks.removeAll(keepingCapacity: true)
        out.messages.removeAll(keepingCapacity: true)
        out.id = Random.mix(
            session.seed &+ UInt64(event.turn) &* 0x1_0001 &+ (event.isRetry ? 0x8000_0000 : 0))
        out.time = event.time
        out.account = plan.accounts[Int(session.account)]
        out.client = plan.clients.all[Int(event.client)]
        out.address = plan.networks.addresses[Int(event.address)]
        out.model = Model.names[Int(event.model)]
        out.style = style
        out.tools = plan.toolsets[style.toolset]
        out.conversation = session.turnCount > 1 && style.keepsHistory ? session.seed : 0
        out.status = Int(event.status)
        out.system = span(out) { out.text.append(plan.pool.bytes(style.system)) }

        if session.foreign >= 0 { appendForeign(session.foreign, into: out) }
        let first = style.keepsHistory ? max(0, event.turn - Self.window) : event.turn
        for turn in first..<event.turn {
            appendQuestion(session, style, turn, into: out)
            let begin = out.blocks.count
            appendAnswer(session, style, turn, into: out)
            out.messages.append(
                RenderedMessage(role: .assistant, blocks: begin..<out.blocks.count))
        }
        appendQuestion(session, style, event.turn, into: out)
        let asked = out.text.count
        out.inputTokens = asked / 4 + 4 * out.messages.count + 3

        let begin = out.blocks.count
        out.outputTokens = 0
        out.reasoningTokens = 0
        out.finish = .stop
        if out.status == 200 && style.endpoint == .messages {
            appendAnswer(session, style, event.turn, into: out)
            out.outputTokens = max(1, (out.text.count - asked) / 4)
            finish(event, out)
        } else if out.status != 200 {
            out.inputTokens = 0
            out.finish = .error
        }
        out.answer = begin..<out.blocks.count
        out.duration = 180_000 + Int64(out.outputTokens + out.reasoningTokens) * 14_000
    }

    private func finish(_ event: Event, _ out: Rendered) {
        let isReasoning = event.model == Model.reason || out.style.passesThinking
        if isReasoning {
            var random = Random(seed: out.id)
            out.reasoningTokens = Int(random.logNormal(median: 350, sigma: 0.8))
            out.outputTokens += out.reasoningTokens
        }
        if let last = out.blocks.last, last.kind == .toolUse {
            out.finish = .toolUse
        } else if let limit = out.style.parameters.maxTokens, out.outputTokens >= limit {
            out.outputTokens = limit
            out.reasoningTokens = min(out.reasoningTokens, limit)
            out.finish = .length
        }
    }

    private func span(_ out: Rendered, _ body: () -> Void) -> Span {
        let begin = out.text.count
        body()
        return begin..<out.text.count
    }

    private func answerSeed(_ session: Session, _ turn: Int32) -> UInt64 {
        Random.mix(session.seed ^ UInt64(turn &+ 1) &* 0xd134_2543_de82_ef95)
    }

    private func appendQuestion(
        _ session: Session, _ style: Style, _ turn: Int32, into out: Rendered
    ) {
        let text = span(out) { write(session, turn, to: out.text) }
        let isResult = style.isToolLoop && turn > 0
        let begin = out.blocks.count
        out.blocks.append(
            RenderedBlock(
                kind: isResult ? .toolResult : .text, text: text,
                seed: isResult ? answerSeed(session, turn - 1) : 0))
        out.messages.append(
            RenderedMessage(role: isResult ? .tool : .user, blocks: begin..<out.blocks.count))
    }

    /// The words of one user message.
    private func write(_ session: Session, _ number: Int32, to target: ByteBuffer) {
        let turn = plan.turns[Int(session.firstTurn + number)]
        for piece in plan.templates[Int(turn.template)] {
            switch piece {
            case .text(let id): target.append(plan.pool.bytes(id))
            case .body:
                write(turn.body, turn.edit, to: target)
                let wantsSecond = turn.template == 0 && turn.second != 0
                if wantsSecond {
                    target.append("\n\n")
                    write(turn.second, turn.edit, to: target)
                }
            case .second: write(turn.second, 0, to: target)
            case .answer(let length):
                answers.append(
                    seed: Random.mix(session.seed &+ UInt64(number)), length: length,
                    language: plan.pool.language(turn.body), question: plan.pool.bytes(turn.body),
                    to: target)
            }
        }
    }

    private func write(_ id: TextID, _ edit: UInt32, to target: ByteBuffer) {
        if edit == 0 {
            target.append(plan.pool.bytes(id))
        } else {
            Edit.apply(edit, to: plan.pool.bytes(id), plan.pool.language(id), into: target)
        }
    }

    private func appendAnswer(
        _ session: Session, _ style: Style, _ turn: Int32, into out: Rendered
    ) {
        let seed = answerSeed(session, turn)
        var random = Random(seed: seed)
        let body = plan.turns[Int(session.firstTurn + turn)].body
        let language = plan.pool.language(body)
        let question = plan.pool.bytes(body)
        if style.passesThinking {
            let thought = span(out) {
                answers.append(
                    seed: seed &+ 1, length: random.int(80...360), language: language,
                    question: question, to: out.text)
            }
            out.blocks.append(RenderedBlock(kind: .thinking, text: thought, seed: seed))
        }
        let isLast = turn == session.turnCount - 1
        let isRefusal = random.chance(0.006)
        let median = Double(style.answerBytes) * plan.settings.answerScale
        let wanted = Int(random.logNormal(median: median, sigma: 0.5))
        let length = style.isToolLoop && !isLast ? min(120, wanted / 4) : min(4000, wanted)
        let text = span(out) {
            if isRefusal {
                answers.appendRefusal(seed: seed, to: out.text)
            } else if style.parameters.wantsJSON {
                out.text.append("{\"result\": ")
                out.text.append(random.int(11))
                out.text.append(", \"note\": \"ok\"}")
            } else {
                answers.append(
                    seed: seed, length: length, language: language, question: question,
                    to: out.text)
            }
        }
        out.blocks.append(RenderedBlock(kind: .text, text: text))
        if style.isToolLoop && !isLast && !plan.toolsets[style.toolset].isEmpty {
            out.blocks.append(
                RenderedBlock(
                    kind: .toolUse,
                    text: text.lowerBound..<min(text.upperBound, text.lowerBound + 1),
                    seed: seed, tool: random.int(plan.toolsets[style.toolset].count)))
        }
    }

    /// The first question and the signed thinking of another session, as a replaying client sends them.
    private func appendForeign(_ foreign: Int32, into out: Rendered) {
        let session = plan.sessions[Int(foreign)]
        let style = plan.styles[Int(session.style)]
        appendQuestion(session, style, 0, into: out)
        let begin = out.blocks.count
        appendAnswer(session, style, 0, into: out)
        out.messages.append(RenderedMessage(role: .assistant, blocks: begin..<out.blocks.count))
    }
}
