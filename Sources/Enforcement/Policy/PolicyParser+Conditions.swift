extension PolicyParser {
    private static let conditionNames = [
        "verdict", "score", "plan", "country", "nationality", "organization", "account", "campaign",
        "indicator", "signal", "model", "endpoint", "contract",
    ]

    func conditions(_ node: SettingsNode) throws(SettingsError) -> RuleConditions {
        let fields = try node.fields(Self.conditionNames)
        guard Self.conditionNames.contains(where: { fields[$0] != nil }) else {
            throw node.error(
                "'\(node.name)' asks nothing, so every request would match; add one of "
                    + Self.conditionNames.joined(separator: ", "))
        }
        var conditions = RuleConditions()
        for verdict in try fields["verdict"]?.oneOrList() ?? [] {
            let value: PolicyVerdict = try verdict.word([
                "distillation": .distillation, "suspicious": .suspicious,
                "no_finding": .noFinding, "inconclusive": .inconclusive,
            ])
            conditions.verdicts |= value.bit
        }
        conditions.score = try fields["score"]?.number(in: 0...1)
        for signal in try fields["signal"]?.oneOrList() ?? [] {
            let name = try signal.text()
            guard let bit = signals[name] else {
                throw signal.error(
                    "unknown signal '\(name)'; known are "
                        + signals.keys.sorted().joined(separator: ", "))
            }
            conditions.signals |= bit
        }
        conditions.countries = try countrySet(fields["country"])
        conditions.nationalities = try countrySet(fields["nationality"])
        conditions.plans = try names(fields["plan"])
        conditions.organizations = try names(fields["organization"])
        conditions.accounts = try names(fields["account"])
        conditions.campaigns = try names(fields["campaign"])
        conditions.contracts = try names(fields["contract"])
        conditions.indicators = try names(fields["indicator"])
        conditions.models = try patterns(fields["model"])
        conditions.endpoints = try patterns(fields["endpoint"])
        return conditions
    }

    /// Empty where the field is absent or an empty list.
    func countrySet(_ node: SettingsNode?) throws(SettingsError) -> CountrySet {
        var set = CountrySet()
        guard let node else { return set }
        for element in node.isList ? try node.list() : [node] {
            let text = try element.text()
            guard let country = CountryCode(text) else {
                throw element.error("'\(text)' is not a country's two-letter code such as SG")
            }
            set.insert(country)
        }
        return set
    }

    private func names(_ node: SettingsNode?) throws(SettingsError) -> Set<String>? {
        guard let node else { return nil }
        var names: Set<String> = []
        for element in try node.oneOrList() { names.insert(try element.text()) }
        return names
    }

    private func patterns(_ node: SettingsNode?) throws(SettingsError) -> [GlobPattern] {
        guard let node else { return [] }
        var patterns: [GlobPattern] = []
        for element in try node.oneOrList() { patterns.append(GlobPattern(try element.text())) }
        return patterns
    }
}
