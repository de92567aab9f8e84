import Detection
import Scanning

/// What happened to a campaign.
enum AlertKind: Equatable {
    /// Accused for the first time.
    case flagged
    /// Accused as before, with more accounts.
    case grew
    /// A group with signs of coordination that are not enough to accuse.
    case suspicious
    /// Accused before, suspicious now.
    case downgraded
    /// Accused again, after it was not.
    case returned
    /// Its accounts belong to another campaign now.
    case merged(into: String)
    /// Somebody vouches for its accounts now.
    case suppressed
    /// Neither accused nor suspicious any more.
    case cleared

    var name: String {
        switch self {
        case .flagged: "campaign_flagged"
        case .grew: "campaign_grew"
        case .suspicious: "group_suspicious"
        case .downgraded: "campaign_downgraded"
        case .returned: "campaign_returned"
        case .merged: "campaign_merged"
        case .suppressed: "campaign_suppressed"
        case .cleared: "campaign_cleared"
        }
    }
}

/// One thing to tell: a line of `alerts.jsonl`, and the body of a webhook's request; field names are an interface.
struct Alert {
    let kind: AlertKind
    let campaign: FollowedCampaign
    /// The group as judged now; `nil` when there is none any more.
    let group: JudgedGroup?
    let newAccounts: [String]
    /// The newest exchange of all.
    let timeMicroseconds: Int64

    /// Signs that are shown, the strongest.
    private static let mostIndicators = 6

    var line: String {
        var text = JSONText()
        text.object { line in
            line.key("alert")
            line.string("\(campaign.name)-\(campaign.alerts)")
            line.key("time")
            line.string(Timestamp.text(microseconds: timeMicroseconds))
            line.key("kind")
            line.string(kind.name)
            line.key("campaign")
            line.string(campaign.name)
            if case .merged(let heir) = kind {
                line.key("merged_into")
                line.string(heir)
            }
            line.key("verdict")
            let verdict = kind == .suppressed ? .noFinding : group?.verdict ?? .noFinding
            line.string(verdict.rawValue)
            line.key("accounts")
            line.integer(group?.members.count ?? campaign.members.count)
            line.key("new_accounts")
            line.array(newAccounts) { $0.string($1) }
            if let group { Self.write(group, to: &line) }
        }
        return String(decoding: text.bytes, as: UTF8.self)
    }

    private static func write(_ group: JudgedGroup, to line: inout JSONText) {
        line.key("campaign_in_results")
        line.string(group.id)
        line.key("p_value")
        line.number(group.pValue)
        line.key("q_value")
        line.number(group.qValue)
        line.key("exchanges")
        line.integer(group.exchanges)
        line.key("first_flagged")
        if let time = group.firstFlaggedMicroseconds {
            line.string(Timestamp.text(microseconds: time))
        } else {
            line.null()
        }
        line.key("exchanges_before_flag")
        line.integer(group.exchangesBeforeFlag)
        line.key("tokens")
        line.object { entry in
            entry.key("input")
            entry.integer(group.inputTokens)
            entry.key("output")
            entry.integer(group.outputTokens)
            entry.key("reasoning")
            entry.integer(group.reasoningTokens)
        }
        line.key("list_price_usd")
        if let cost = group.listPriceUSD { line.number(cost) } else { line.null() }
        let signs = group.indicators.filter { $0.pValue != nil }.sorted {
            ($0.pValue ?? 1, $0.name) < ($1.pValue ?? 1, $1.name)
        }
        line.key("indicators")
        line.array(Array(signs.prefix(mostIndicators))) { text, sign in
            text.object { entry in
                entry.key("name")
                entry.string(sign.name)
                entry.key("value")
                entry.number(sign.value)
                entry.key("threshold")
                entry.number(sign.threshold)
                entry.key("unit")
                entry.string(sign.unit)
                entry.key("p_value")
                entry.number(sign.pValue ?? 1)
            }
        }
    }
}
