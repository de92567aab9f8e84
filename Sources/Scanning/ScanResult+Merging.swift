import Detection

extension ScanResult {
    /// What one scan of everything that went into these results would give. Reports of one path are added up.
    package static func merged(_ results: [ScanResult], threads: Int = 1) -> ScanResult {
        var inputs: [InputReport] = []
        var places: [String: Int] = [:]
        var bad: [BadRecordSummary] = []
        for result in results {
            for report in result.inputs {
                if let place = places[report.path] {
                    inputs[place].add(report)
                } else {
                    places[report.path] = inputs.count
                    inputs.append(report)
                }
            }
            bad.add(result.bad)
        }
        return ScanResult(
            profiles: .merged(results.map(\.profiles), threads: threads),
            inputs: inputs.sorted { $0.path < $1.path }, bad: bad)
    }

    /// The same result with the reports of one path added up.
    package var withJoinedInputs: ScanResult { Self.merged([self]) }
}

extension InputReport {
    /// Adds what another part of the same input gave.
    package mutating func add(_ other: InputReport) {
        if other.bytes > 0 { format = other.format }
        bytes += other.bytes
        exchanges += other.exchanges
        bad += other.bad
        ignored += other.ignored
        outsideTime += other.outsideTime
        if !other.digest.isEmpty { digest = other.digest }
    }
}

extension [BadRecordSummary] {
    /// Adds others: counts by reason, with the first place by file and offset.
    package mutating func add(_ others: [BadRecordSummary]) {
        for fault in others {
            guard let index = firstIndex(where: { $0.reason == fault.reason }) else {
                append(fault)
                continue
            }
            let before = self[index]
            if (fault.file, fault.offset, fault.field) < (before.file, before.offset, before.field)
            {
                self[index] = fault
            }
            self[index].count = before.count + fault.count
        }
    }
}
