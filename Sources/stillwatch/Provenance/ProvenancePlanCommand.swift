import ArgumentParser
import Charts
import Foundation
import Scanning
import Watermarking

struct ProvenancePlanCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Says how many scored tokens a provenance test needs, before it is run.",
        discussion: """
            The effect is assumed or measured: --marked-share scales the published curve for students of 5 % marked answers, --shift \
            gives it in standard deviations of one score, --pilot takes it from the report.json of a smaller test. Write the number \
            down before the test, with --planned-tokens. Exit status: 0 it ran; 2 it could not run.
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable { case table, json }

    @OptionGroup var mark: ManifestArguments

    @Option(
        name: .customLong("marked-share"),
        help: "Share of the student's training data that is assumed marked, above 0 up to 1.")
    var markedShare = 0.05

    @Option(help: "The effect grows with the marked share to this power.")
    var exponent = 1.0

    @Option(
        help: "Strength of your mark over that of the published teacher (KGW, bias 3, gamma 0.25).")
    var strength = 1.0

    @Option(help: "Mean shift of a score in standard deviations, in place of the published curve.")
    var shift: Double?

    @Option(help: "report.json of a pilot, in place of the published curve.")
    var pilot: String?

    @Option(help: "p-value at which a test finds something, before --tests.")
    var alpha = 1e-6

    @Option(help: "Suspects, protocols and manifests that will be tried in all.")
    var tests = 1

    @Option(help: "Wanted probability of a finding.")
    var power = 0.9

    @Option(help: "Simulated runs for the anytime-valid test.")
    var runs = 2000

    @Option(help: "Seed of the simulation.")
    var seed: UInt64 = 1

    @Option(help: "An SVG file for curves of power against scored tokens.")
    var plot: String?

    @Option(help: "table or json.")
    var format = Format.table

    func validate() throws {
        guard markedShare > 0, markedShare <= 1 else {
            throw ValidationError(
                "--marked-share must be above 0 and at most 1, not \(markedShare)")
        }
        guard alpha > 0, alpha < 0.5 else {
            throw ValidationError("--alpha must be above 0 and below 0.5, not \(alpha)")
        }
        guard power >= 0.05, power < 1 else {
            throw ValidationError("--power must be from 0.05 to below 1, not \(power)")
        }
        guard (1...1_000_000).contains(tests) else {
            throw ValidationError("--tests must be between 1 and 1000000, not \(tests)")
        }
        guard (100...1_000_000).contains(runs) else {
            throw ValidationError("--runs must be between 100 and 1000000, not \(runs)")
        }
        guard exponent > 0, exponent <= 4, strength > 0, strength <= 100 else {
            throw ValidationError("--exponent must be in 0...4 and --strength in 0...100, above 0")
        }
        if let shift, !(shift > 0 && shift <= 10) {
            throw ValidationError("--shift must be above 0 and at most 10, not \(shift)")
        }
        if shift != nil, pilot != nil {
            throw ValidationError("--shift and --pilot are two ways to say one thing; give one")
        }
    }

    func run() throws {
        do {
            let (manifest, keys) = try mark.read()
            let null = try WatermarkScheme(manifest: manifest, keys: keys).null
            var plans: [(name: String, plan: ProvenancePlan?)] = []
            for (name, curve) in try curves() {
                let plan = curve.map {
                    ProvenancePlan(
                        null: null, shifts: $0, alpha: alpha / Double(tests), power: power,
                        runs: runs, seed: seed)
                }
                plans.append((name, plan))
            }
            try plot.map { try draw(plans, $0) }
            switch format {
            case .table: table(plans)
            case .json: json(plans, manifest)
            }
        } catch { throw ProvenanceCommand.fail(error) }
    }

    private func draw(_ plans: [(name: String, plan: ProvenancePlan?)], _ path: String) throws {
        var series: [LineChart.Series] = []
        for (name, plan) in plans {
            let curve = plan?.curve ?? []
            series.append(.init("\(name), fixed", curve.map { (Double($0.count), $0.fixed) }))
            series.append(.init("\(name), anytime", curve.map { (Double($0.count), $0.anytime) }))
        }
        let chart = LineChart(
            title: "Power at p \(alpha / Double(tests))", xLabel: "scored tokens", yLabel: "power",
            series: series, levels: [("\(power)", power)], isLogarithmic: true)
        try Data(chart.svg().utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
    }

    private func curves() throws -> [(String, ShiftCurve?)] {
        if let shift { return [("shift \(shift)", ShiftCurve(constant: shift))] }
        guard let pilot else {
            let curve = ShiftCurve(
                markedShare: markedShare, exponent: exponent, strength: strength)
            return [("\(markedShare * 100) % marked", curve)]
        }
        let data = try Data(contentsOf: URL(fileURLWithPath: pilot))
        guard data.count < 1 << 24,
            let report = try? JSONSerialization.jsonObject(with: data) as? [String: Any],
            let suspect = report["suspect"] as? [String: Any],
            let measured = suspect["shift"] as? Double,
            let bounds = suspect["shift_95"] as? [Double], bounds.count == 2
        else {
            throw WatermarkError.file(
                path: pilot, reason: "no report.json of a provenance test with scored tokens")
        }
        func curve(_ shift: Double) -> ShiftCurve? {
            shift > 0 && shift <= 10 ? ShiftCurve(constant: shift) : nil
        }
        return [
            ("pilot's shift \(rounded(measured))", curve(measured)),
            ("pilot's lower bound \(rounded(bounds[0]))", curve(bounds[0])),
        ]
    }

    private func rounded(_ value: Double) -> Double { (value * 10_000).rounded() / 10_000 }

    private var assumptions: [String] {
        var lines = [
            "Scored tokens are distinct pairs of window and token after all filters; a suspect must write more than that.",
            "The shift is the mean over all scored tokens in standard deviations of one score under the null.",
            "Fixed size: the null's tail is the scheme's own, the alternative normal.",
            "Anytime: \(runs) simulated suspects (seed \(seed)), looked at every 3 %; sums between looks are normal.",
        ]
        if shift == nil, pilot == nil {
            lines.append(
                "The shift is the published one for 5 % marked answers (Sander et al. 2024: log10 p -0.98 at 1k, -2.4 at 10k, -7.6 "
                    + "at 50k, -17.7 at 100k, -23.6 at 248k) times (share / 0.05)^\(exponent) times strength \(strength). "
                    + "Other models, marks and prompts differ: a pilot is better.")
        } else if pilot != nil {
            lines.append(
                "A pilot's tokens are not counted again in the test, or its test was planned without it."
            )
        }
        return lines
    }

    private func table(_ plans: [(name: String, plan: ProvenancePlan?)]) {
        var rows = [["effect", "fixed size", "anytime", "99 % interval", "anytime median"]]
        let none = "over \(Terminal.grouped(ProvenancePlan.most))"
        for (name, plan) in plans {
            func text(_ count: Int?) -> String { count.map { Terminal.grouped($0) } ?? none }
            let interval = plan?.anytimeInterval.map {
                "\(Terminal.grouped($0.lowerBound)) - \(Terminal.grouped($0.upperBound))"
            }
            rows.append([
                name, text(plan?.fixedCount), text(plan?.anytimeCount), interval ?? "",
                text(plan?.anytimeMedian),
            ])
        }
        Terminal.output(
            "Scored tokens for power \(power) at p \(alpha)"
                + (tests > 1 ? ", corrected for \(tests) tests" : ""))
        Terminal.output(Terminal.table(rows, rightAligned: [1, 2, 3, 4]))
        for line in assumptions { Terminal.output("- \(line)") }
    }

    private func json(
        _ plans: [(name: String, plan: ProvenancePlan?)], _ manifest: WatermarkManifest
    ) {
        var text = JSONText()
        func count(_ name: String, _ value: Int?, _ object: inout JSONText) {
            object.key(name)
            if let value { object.integer(value) } else { object.null() }
        }
        text.object { object in
            object.key("fingerprint")
            object.string(manifest.fingerprint)
            object.key("alpha")
            object.number(alpha)
            object.key("tests")
            object.integer(tests)
            object.key("power")
            object.number(power)
            object.key("plans")
            object.array(plans) { array, entry in
                array.object { object in
                    object.key("effect")
                    object.string(entry.name)
                    count("fixed_tokens", entry.plan?.fixedCount, &object)
                    count("anytime_tokens", entry.plan?.anytimeCount, &object)
                    count("anytime_low", entry.plan?.anytimeInterval?.lowerBound, &object)
                    count("anytime_high", entry.plan?.anytimeInterval?.upperBound, &object)
                    count("anytime_median", entry.plan?.anytimeMedian, &object)
                    object.key("curve")
                    object.array(entry.plan?.curve ?? []) { array, point in
                        array.object { object in
                            object.key("tokens")
                            object.integer(point.count)
                            object.key("fixed_power")
                            object.number(point.fixed)
                            object.key("anytime_power")
                            object.number(point.anytime)
                        }
                    }
                }
            }
            object.key("assumptions")
            object.array(assumptions) { $0.string($1) }
        }
        Terminal.output(String(decoding: text.bytes, as: UTF8.self))
    }
}
