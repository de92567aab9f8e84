extension PolicyParser {
    private static let conditionNames = [
        "verdict", "score", "plan", "country", "nationality", "organization", "account", "campaign",
        "indicator", "signal", "model", "endpoint", "contract",
    ]

    /// The conditions of a `when`, the cheap ones first.
    func conditions(_ node: SettingsNode) throws(SettingsError) -> [RuleCondition] {
        let fields = try node.fields(Self.conditionNames)
        var conditions: [RuleCondition] = []
        if let verdicts = fields["verdict"] {
            var bits: UInt8 = 0
            for verdict in try verdicts.oneOrList() {
                let value: PolicyVerdict = try verdict.word([
                    "distillation": .distillation, "suspicious": .suspicious,
                    "no_finding": .noFinding, "inconclusive": .inconclusive,
                ])
                bits |= value.bit
            }
            conditions.append(.verdict(bits))
        }
        if let score = fields["score"] { conditions.append(.score(try score.number(in: 0...1))) }
        if let signals = fields["signal"] { conditions.append(.signal(try signalBits(signals))) }
        if let countries = fields["country"] {
            conditions.append(.country(try countrySet(countries)))
        }
        if let nationalities = fields["nationality"] {
            conditions.append(.nationality(try countrySet(nationalities)))
        }
        let sets: KeyValuePairs<String, (Set<String>) -> RuleCondition> = [
            "account": RuleCondition.account, "organization": RuleCondition.organization,
            "plan": RuleCondition.plan, "contract": RuleCondition.contract,
            "campaign": RuleCondition.campaign, "indicator": RuleCondition.indicator,
        ]
        for (name, condition) in sets {
            guard let node = fields[name] else { continue }
            var names: Set<String> = []
            for element in try node.oneOrList() { names.insert(try element.text()) }
            conditions.append(condition(names))
        }
        if let models = fields["model"] { conditions.append(.model(try patterns(models))) }
        if let endpoints = fields["endpoint"] {
            conditions.append(.endpoint(try patterns(endpoints)))
        }
        guard !conditions.isEmpty else {
            throw node.error(
                "'\(node.name)' asks nothing, so every request would match; add one of "
                    + Self.conditionNames.joined(separator: ", "))
        }
        return conditions
    }

    private func signalBits(_ node: SettingsNode) throws(SettingsError) -> UInt32 {
        var bits: UInt32 = 0
        for signal in try node.oneOrList() {
            let name = try signal.text()
            guard let bit = signals[name] else {
                throw signal.error(
                    "unknown signal '\(name)'; known are "
                        + signals.keys.sorted().joined(separator: ", "))
            }
            bits |= bit
        }
        return bits
    }

    func countrySet(_ node: SettingsNode) throws(SettingsError) -> CountrySet {
        var set = CountrySet()
        for element in try node.oneOrList() {
            let text = try element.text()
            guard let country = CountryCode(text) else {
                throw element.error("'\(text)' is not a country's two-letter code such as SG")
            }
            set.insert(country)
        }
        return set
    }

    private func patterns(_ node: SettingsNode) throws(SettingsError) -> [GlobPattern] {
        var patterns: [GlobPattern] = []
        for element in try node.oneOrList() { patterns.append(GlobPattern(try element.text())) }
        return patterns
    }
}
