extension Policy {
    /// Reads and checks a policy.
    ///
    /// - Parameters:
    ///   - path: the policy's path, for messages and as the start of relative paths in it.
    ///   - signals: the names a rule's `signal` may use, with their bits.
    ///   - readFile: reads another file's text; what it throws becomes part of the message.
    package static func parse(
        yaml: String, path: String, signals: [String: UInt32] = [:],
        readFile: (String) throws -> String
    ) throws(SettingsError) -> Policy {
        let root = try SettingsNode.document(yaml: yaml, file: path)
        let fields = try root.fields([
            "dry_run", "regions_dry_run", "appeal", "rules", "regions", "canaries",
        ])
        var canaries: [String] = []
        if let node = fields["canaries"] {
            canaries = try PolicyParser.canaries(node, policy: path, readFile)
        }
        let parser = PolicyParser(signals: signals, hasCanaries: !canaries.isEmpty)
        var rules: [PolicyRule] = []
        for node in try fields["rules"]?.list() ?? [] {
            let rule = try parser.rule(node)
            if rules.contains(where: { $0.id == rule.id }) {
                throw node.error("there is another rule '\(rule.id)'; ids must differ")
            }
            rules.append(rule)
        }
        var regions: [RegionRule] = []
        for node in try fields["regions"]?.list() ?? [] {
            let region = try parser.region(node)
            if regions.contains(where: { $0.id == region.id }) {
                throw node.error("there is another region '\(region.id)'; ids must differ")
            }
            regions.append(region)
        }
        return Policy(
            isDryRun: try fields["dry_run"]?.boolean() ?? false,
            isRegionsDryRun: try fields["regions_dry_run"]?.boolean() ?? false,
            appeal: try fields["appeal"]?.text() ?? "", canaries: canaries, rules: rules,
            regions: regions)
    }
}

/// Turns the nodes of a policy into checked values.
struct PolicyParser {
    let signals: [String: UInt32]
    let hasCanaries: Bool

    static func canaries(
        _ node: SettingsNode, policy: String, _ readFile: (String) throws -> String
    ) throws(SettingsError) -> [String] {
        let name = try node.text()
        var path = name
        if !name.hasPrefix("/"), let slash = policy.lastIndex(of: "/") {
            path = policy[...slash] + name
        }
        let text: String
        do {
            text = try readFile(path)
        } catch {
            throw node.error("\(path) cannot be read: \(error); check the path and permissions")
        }
        let lines = text.split(whereSeparator: \.isNewline).filter { line in
            line.contains { !$0.isWhitespace }
        }
        guard !lines.isEmpty else {
            throw node.error("\(path) holds no text; write one canary a line")
        }
        return lines.map(String.init)
    }

    func rule(_ node: SettingsNode) throws(SettingsError) -> PolicyRule {
        let fields = try node.fields([
            "id", "when", "do", "stages", "expires", "until", "approval",
        ])
        let id = try identifier(fields.required("id"))
        let conditions = try conditions(fields.required("when"))
        let stages: [RuleStage]
        if let list = fields["stages"] {
            if let other = fields["do"] ?? fields["approval"] {
                throw other.error("a rule with 'stages' has its actions and approvals there")
            }
            stages = try self.stages(list)
        } else {
            var stage = try self.stage(fields.required("do"), after: 0)
            stage.needsApproval = try approval(fields["approval"])
            stages = [stage]
        }
        var end = RuleEnd.never
        if let until = fields["until"] { end = .at(try until.end()) }
        if let expires = fields["expires"] {
            if let until = fields["until"] {
                throw until.error("a rule has 'expires' or 'until', not both; leave one out")
            }
            end = .afterFinding(try expires.microseconds())
        }
        if let counted = fields["stages"] ?? fields["expires"],
            !conditions.contains(where: \.needsFinding)
        {
            throw counted.error(
                "there is no finding to count from; add verdict, score, campaign or indicator to "
                    + "'when'")
        }
        return PolicyRule(id: id, conditions: conditions, stages: stages, end: end)
    }

    func region(_ node: SettingsNode) throws(SettingsError) -> RegionRule {
        let fields = try node.fields(["id", "countries", "nationalities", "do"])
        let id = try identifier(fields.required("id"))
        let countries = try regionCountries(fields["countries"])
        let nationalities = try regionCountries(fields["nationalities"])
        guard !countries.isEmpty || !nationalities.isEmpty else {
            throw node.error("region '\(id)' names no country; fill countries or nationalities")
        }
        let gate: Gate = try fields.required("do").word([
            "block": .block(.region(id)), "challenge": .challenge, "log": .log,
        ])
        return RegionRule(
            id: id, countries: countries, nationalities: nationalities, gate: gate)
    }

    /// Of a region one of the lists may be empty.
    private func regionCountries(_ node: SettingsNode?) throws(SettingsError) -> CountrySet {
        guard let node else { return CountrySet() }
        if node.isList, try node.list().isEmpty { return CountrySet() }
        return try countrySet(node)
    }

    /// An id is a part of approval ids, whose other parts a slash divides.
    private func identifier(_ node: SettingsNode) throws(SettingsError) -> String {
        let text = try node.text()
        let isPlain = text.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: true
            default: false
            }
        }
        guard isPlain else {
            throw node.error("'\(node.name)' may hold letters, digits, '-', '_' and '.' only")
        }
        return text
    }

    private func approval(_ node: SettingsNode?) throws(SettingsError) -> Bool {
        guard let node else { return false }
        return try node.word(["required": true, "none": false])
    }

    private func stages(_ node: SettingsNode) throws(SettingsError) -> [RuleStage] {
        var stages: [RuleStage] = []
        for element in try node.list() {
            let fields = try element.fields(["after", "do", "approval"])
            let after = try fields.required("after").microseconds()
            if let last = stages.last, after <= last.after {
                throw element.error("stages must come in the order of 'after', each later")
            }
            var stage = try stage(fields.required("do"), after: after)
            stage.needsApproval = try approval(fields["approval"])
            stages.append(stage)
        }
        guard !stages.isEmpty else { throw node.error("'\(node.name)' is an empty list; add one") }
        return stages
    }
}
