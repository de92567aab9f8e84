extension PolicyParser {
    private static let plainActions =
        "allow, log, challenge, block, strip_reasoning, summarise_reasoning, drop_logprobs, canary"
    private static let detailedActions = [
        "throttle", "cap_reasoning", "watermark", "reduce", "shadow",
    ]

    func stage(_ node: SettingsNode, after: Int64) throws(SettingsError) -> RuleStage {
        var stage = RuleStage(after: after)
        for element in try node.oneOrList() {
            guard element.isMapping else {
                try addPlain(element, to: &stage.actions)
                continue
            }
            let fields = try element.fields(Self.detailedActions)
            for inner in try fields["shadow"]?.oneOrList() ?? [] {
                if inner.isMapping {
                    let known = Self.detailedActions.filter { $0 != "shadow" }
                    try addDetailed(inner.fields(known), to: &stage.shadowed)
                } else {
                    try addPlain(inner, to: &stage.shadowed)
                }
            }
            try addDetailed(fields, to: &stage.actions)
        }
        guard !stage.actionText.isEmpty else {
            throw node.error("'\(node.name)' does nothing; give an action such as log")
        }
        return stage
    }

    private func addDetailed(
        _ fields: SettingsFields, to actions: inout RuleActions
    ) throws(SettingsError) {
        if let throttle = fields["throttle"] {
            actions.raise(to: .throttle(try rate(throttle)), "throttle")
        }
        if let cap = fields["cap_reasoning"] {
            let fields = try cap.fields(["tokens", "effort"])
            var changes = AnswerChanges()
            changes.kinds = .capReasoning
            changes.reasoningTokens = try fields["tokens"]?.integer(in: 0...1_000_000)
            changes.reasoningEffort = try fields["effort"]?.word([
                "none": ReasoningEffort.none, "minimal": .minimal, "low": .low, "medium": .medium,
                "high": .high,
                "xhigh": .xhigh, "max": .max,
            ])
            guard changes.reasoningTokens != nil || changes.reasoningEffort != nil else {
                throw cap.error("'cap_reasoning' caps nothing; give tokens, effort or both")
            }
            actions.add(changes, "cap_reasoning")
        }
        if let watermark = fields["watermark"] {
            let fields = try watermark.fields(["candidates"])
            var changes = AnswerChanges()
            changes.kinds = .watermark
            changes.candidates = try fields.required("candidates").integer(in: 2...16)
            actions.add(changes, "watermark")
        }
        if let reduce = fields["reduce"] {
            let fields = try reduce.fields(["max_tokens"])
            var changes = AnswerChanges()
            changes.kinds = .reduce
            changes.maximumTokens = try fields.required("max_tokens").integer(in: 16...1_000_000)
            actions.add(changes, "reduce")
        }
    }

    private func addPlain(
        _ node: SettingsNode, to actions: inout RuleActions
    ) throws(SettingsError) {
        let name = try node.text()
        var changes = AnswerChanges()
        switch name {
        case "allow": return actions.raise(to: .allow, name)
        case "log": return actions.raise(to: .log, name)
        case "challenge": return actions.raise(to: .challenge, name)
        // The rule's id takes this one's place when the rule is applied.
        case "block": return actions.raise(to: .block(.rule("")), name)
        case "strip_reasoning": changes.kinds = .stripReasoning
        case "summarise_reasoning": changes.kinds = .summariseReasoning
        case "drop_logprobs": changes.kinds = .dropLogprobs
        case "canary":
            guard hasCanaries else {
                throw node.error("'canary' needs texts; add 'canaries: FILE' with one a line")
            }
            changes.kinds = .canary
        default:
            if Self.detailedActions.contains(name) {
                throw node.error("'\(name)' needs details, such as {\(name): ...}")
            }
            throw node.error(
                "unknown action '\(name)'; known are \(Self.plainActions), "
                    + Self.detailedActions.joined(separator: ", "))
        }
        actions.add(changes, name)
    }

    private func rate(_ node: SettingsNode) throws(SettingsError) -> ThrottleRate {
        let fields = try node.fields(["requests", "per", "hard"])
        let per = try fields.required("per").word([
            "second": Int64(1_000_000), "minute": 60_000_000, "hour": 3_600_000_000,
            "day": 86_400_000_000,
        ])
        return ThrottleRate(
            requests: try fields.required("requests").integer(in: 1...1_000_000_000), per: per,
            hard: try fields["hard"]?.boolean() ?? false)
    }
}

extension RuleActions {
    fileprivate mutating func raise(to gate: Gate, _ name: String) {
        names.append(name)
        guard var raised = self.gate else { return self.gate = gate }
        raised.tighten(to: gate)
        self.gate = raised
    }

    fileprivate mutating func add(_ changes: AnswerChanges, _ name: String) {
        names.append(name)
        self.changes.add(changes)
    }
}
