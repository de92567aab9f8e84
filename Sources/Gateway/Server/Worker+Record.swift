import Enforcement
import Exchanges
import NIOCore
import NIOHTTP1

extension Worker {
    /// The exchange as the log has it; `nil` for what is none, such as a list of models.
    func record(of turn: Turn, refusal: Refusal?) -> LogEntry? {
        guard turn.endpoint.generates || turn.endpoint == .embeddings, !turn.facts.model.isEmpty
        else { return nil }
        var writer = RecordWriter()
        writer.bytes.reserveCapacity(
            (turn.request.body?.readableBytes ?? 0) + turn.answer.text.count
                + turn.answer.reasoning.count + 768)
        writer.literal("{\"id\":\"")
        writer.bytes.append(contentsOf: turn.id.utf8)
        writer.literal("\",\"time\":")
        writer.time(EventTime(microseconds: turn.request.arrived.microseconds))
        writer.literal(",\"account\":")
        writer.json(turn.account.logged)
        appendClient(of: turn, to: &writer)
        writer.literal(",\"request\":{\"endpoint\":\"")
        writer.literal(turn.endpoint.path)
        writer.literal("\",")
        if let fields = turn.facts.loggedFields {
            writer.json(fields)
            writer.literal("}")
        } else {
            turn.request.body?.withUnsafeReadableBytes { writer.fields(ofObject: $0) }
        }
        appendAnswer(of: turn, refusal: refusal, to: &writer)
        appendUsage(of: turn, to: &writer)
        appendGateway(of: turn, refusal: refusal, to: &writer)
        writer.literal("}\n")
        return LogEntry(
            line: writer.bytes, signals: turn.endpoint.generates ? turn.facts.signals : nil)
    }

    private func appendClient(of turn: Turn, to writer: inout RecordWriter) {
        writer.literal(",\"client\":{\"ip\":")
        writer.string(turn.clientAddress)
        if let agent = turn.request.head.headers.first(name: "user-agent") {
            writer.literal(",\"user_agent\":")
            writer.string(Array(agent.utf8.prefix(512)))
        }
        if let country = turn.clientCountry {
            writer.literal(",\"country\":")
            writer.string(country.description)
        }
        writer.literal("}")
    }

    private func appendAnswer(
        of turn: Turn, refusal: Refusal?, to writer: inout RecordWriter
    ) {
        writer.literal(",\"response\":{\"status\":")
        writer.number(Int64(turn.status))
        let answer = turn.answer
        if let interruption = turn.interruption {
            writer.literal(",\"finish_reason\":")
            writer.string(interruption.rawValue)
        } else if let refusal {
            writer.literal(",\"finish_reason\":")
            writer.string(refusal.rawValue)
        } else if !answer.finishReason.isEmpty {
            writer.literal(",\"finish_reason\":")
            writer.string(answer.finishReason)
        }
        let keeps = settings.log.text == RecordWriter.TextPolicy.keep.rawValue
        let hasContent =
            !answer.text.isEmpty || !answer.reasoning.isEmpty || !answer.tools.isEmpty
            || !answer.signature.isEmpty
        guard hasContent, turn.endpoint.generates else { return writer.literal("}") }
        writer.literal(",\"content\":[")
        var isFirst = true
        func separate() {
            if !isFirst { writer.literal(",") }
            isFirst = false
        }
        if !answer.reasoning.isEmpty || !answer.signature.isEmpty {
            separate()
            writer.literal("{\"type\":\"thinking\",\"thinking\":")
            writer.string(keeps ? answer.reasoning : [])
            writer.literal(",\"signature\":")
            // A signature that is seen again elsewhere is a sign, so it is kept whatever becomes of text.
            writer.string(answer.signature)
            writer.literal("}")
        }
        for tool in answer.tools {
            separate()
            writer.literal("{\"type\":\"tool_use\",\"name\":")
            writer.string(tool)
            writer.literal("}")
        }
        if !answer.text.isEmpty, keeps {
            separate()
            writer.literal("{\"type\":\"text\",\"text\":")
            writer.string(answer.text)
            writer.literal("}")
        } else if !answer.text.isEmpty, settings.log.text == RecordWriter.TextPolicy.hash.rawValue {
            separate()
            writer.literal("{\"type\":\"text\",\"text_hash\":")
            writer.string(
                answer.text.withUnsafeBytes { pepper.textDigest(of: $0) })
            writer.literal("}")
        }
        writer.literal("]}")
    }

    private func appendUsage(of turn: Turn, to writer: inout RecordWriter) {
        let used = used(by: turn)
        writer.literal(",\"usage\":{\"input_tokens\":")
        writer.number(used.input)
        writer.literal(",\"output_tokens\":")
        writer.number(used.output)
        if let reasoning = turn.answer.usage.reasoningTokens {
            writer.literal(",\"reasoning_tokens\":")
            writer.number(reasoning)
        }
        writer.literal("}")
    }

    private func appendGateway(
        of turn: Turn, refusal: Refusal?, to writer: inout RecordWriter
    ) {
        writer.literal(",\"gateway\":{\"key\":\"")
        writer.bytes.append(contentsOf: turn.request.key.id.utf8)
        writer.literal("\",\"milliseconds\":")
        writer.number((NIODeadline.now() - turn.request.arrived.tick).nanoseconds / 1_000_000)
        if let refusal {
            writer.literal(",\"refused\":")
            writer.string(refusal.rawValue)
        }
        if let decision = turn.decision {
            append(decision.matched, as: ",\"rules\":[", to: &writer)
            append(decision.shadowed.rules, as: ",\"shadow_rules\":[", to: &writer)
        }
        writer.literal("}")
    }

    private func append(
        _ names: [String], as field: StaticString, to writer: inout RecordWriter
    ) {
        guard !names.isEmpty else { return }
        writer.literal(field)
        for (index, name) in names.enumerated() {
            if index > 0 { writer.literal(",") }
            writer.string(name)
        }
        writer.literal("]")
    }
}
