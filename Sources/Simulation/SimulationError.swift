/// Why a world could not be written or a score not computed.
public enum SimulationError: Error, Equatable, Sendable {
    /// The settings contradict themselves; the text says how.
    case badSettings(String)
    /// No such campaign kind.
    case unknownCampaign(String)
    /// The corpus folder has no layout `A`, `B` or `C` with readable sets.
    case unusableCorpus(path: String)
    /// A file could not be read.
    case unreadable(path: String)
    /// A file could not be written.
    case unwritable(path: String)
    /// A label or verdict line that cannot be read; lines count from one.
    case badLine(file: String, line: Int)

    /// A bounded name of the case, for metrics.
    public var label: String {
        switch self {
        case .badSettings: "bad_settings"
        case .unknownCampaign: "unknown_campaign"
        case .unusableCorpus: "unusable_corpus"
        case .unreadable: "unreadable"
        case .unwritable: "unwritable"
        case .badLine: "bad_line"
        }
    }
}
