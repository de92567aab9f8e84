import Detection
import Exchanges

/// `summary.json`: counts, settings, versions, input digests, calibration, timings.
///
/// Everything but `timings` depends on the inputs and settings alone.
public enum SummaryFile {
    /// One setting or calibration value, as shown.
    public struct Entry: Sendable {
        /// Its name.
        public let name: String
        /// Its value as text.
        public let value: String
        /// What it means; empty where the name says it.
        public let explanation: String

        /// Makes an entry.
        public init(_ name: String, _ value: String, explanation: String = "") {
            self.name = name
            self.value = value
            self.explanation = explanation
        }
    }

    /// The file's bytes.
    public static func bytes(
        version: String, result: ScanResult, judgement: Judgement, settings: [Entry],
        calibration: [Entry], timings: [(name: String, seconds: Double)]
    ) -> [UInt8] {
        var text = JSONText()
        text.object { top in
            top.key("version")
            top.string(version)
            top.key("profile_format")
            top.integer(AccountProfile.formatVersion)
            counts(result, judgement, &top)
            top.key("first_time")
            optionalTime(result.times?.first, &top)
            top.key("last_time")
            optionalTime(result.times?.last, &top)
            inputs(result, &top)
            top.key("settings")
            top.object { object in
                for entry in settings {
                    object.key(entry.name)
                    object.string(entry.value)
                }
            }
            top.key("calibration")
            top.array(calibration) { text, entry in
                text.object { object in
                    object.key("name")
                    object.string(entry.name)
                    object.key("value")
                    object.string(entry.value)
                    object.key("explanation")
                    object.string(entry.explanation)
                }
            }
            suppressions(judgement, &top)
            top.key("unavailable")
            top.array(judgement.unavailable) { $0.string($1) }
            top.key("cleared_groups")
            top.array(judgement.cleared) { text, group in
                text.object { object in
                    object.key("id")
                    object.string(group.id)
                    object.key("accounts")
                    object.integer(group.members.count)
                    object.key("exchanges")
                    object.integer(group.exchanges)
                    object.key("resembles")
                    object.string(group.resembles)
                    object.key("p_value")
                    object.number(group.pValue)
                }
            }
            top.key("timings")
            top.object { object in
                for entry in timings {
                    object.key(entry.name)
                    object.number((entry.seconds * 1000).rounded() / 1000)
                }
            }
        }
        text.newline()
        return text.bytes
    }

    private static func counts(_ result: ScanResult, _ judgement: Judgement, _ top: inout JSONText)
    {
        top.key("counts")
        top.object { object in
            object.key("exchanges")
            object.integer(result.exchanges)
            object.key("accounts")
            object.integer(result.profiles.count)
            object.key("bytes")
            object.integer(result.bytes)
            object.key("bad_records")
            object.integer(result.bad.reduce(0) { $0 + $1.count })
            object.key("ignored_records")
            object.integer(result.inputs.reduce(0) { $0 + $1.ignored })
            object.key("outside_time_range")
            object.integer(result.inputs.reduce(0) { $0 + $1.outsideTime })
            object.key("groups_tested")
            object.integer(judgement.groupsTested)
            object.key("campaigns")
            object.integer(judgement.campaigns.count { $0.verdict == .distillation })
            object.key("suspicious_groups")
            object.integer(judgement.campaigns.count { $0.verdict == .suspicious })
            object.key("suppressed_findings")
            object.integer(judgement.suppressed.count)
            object.key("accounts_suppressed")
            object.integer(judgement.accounts.count { $0.suppression != nil })
            for verdict in Verdict.allCases {
                object.key("accounts_" + verdict.rawValue)
                object.integer(judgement.accounts.count { $0.verdict == verdict })
            }
        }
        top.key("bad_records")
        top.array(result.bad) { text, entry in
            text.object { object in
                object.key("reason")
                object.string(entry.reason.rawValue)
                object.key("count")
                object.integer(entry.count)
                object.key("first_file")
                object.string(entry.file)
                object.key("first_offset")
                object.integer(entry.offset)
                object.key("first_field")
                object.string(entry.field)
            }
        }
    }

    private static func suppressions(_ judgement: Judgement, _ top: inout JSONText) {
        top.key("suppressions")
        top.array(judgement.suppressionUse) { text, use in
            text.object { object in
                object.key("line")
                object.integer(use.entry.line)
                object.key("by")
                object.string(use.entry.who)
                object.key("why")
                object.string(use.entry.why)
                object.key("until")
                object.string(use.entry.until)
                object.key("expired")
                object.bool(use.isExpired)
                object.key("accounts_matched")
                object.integer(use.matchedAccounts)
                object.key("accounts_suppressed")
                object.integer(use.suppressedAccounts)
            }
        }
    }

    private static func inputs(_ result: ScanResult, _ top: inout JSONText) {
        top.key("inputs")
        top.array(result.inputs) { text, input in
            text.object { object in
                object.key("path")
                object.string(input.path)
                object.key("format")
                object.string(input.format.rawValue)
                object.key("bytes")
                object.integer(input.bytes)
                object.key("exchanges")
                object.integer(input.exchanges)
                object.key("bad_records")
                object.integer(input.bad)
                object.key("ignored_records")
                object.integer(input.ignored)
                object.key("sha256")
                object.string(input.digest)
            }
        }
    }

    private static func optionalTime(_ microseconds: Int64?, _ text: inout JSONText) {
        if let microseconds {
            text.string(Timestamp.text(microseconds: microseconds))
        } else {
            text.null()
        }
    }
}
