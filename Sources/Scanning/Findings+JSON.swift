import Detection

/// The machine-readable files of a scan's folder; field names are an interface.
public enum FindingsFile {
    /// `verdicts.jsonl`: a line for every account seen, by account name.
    public static func verdicts(_ judgement: Judgement) -> [UInt8] {
        var text = JSONText()
        for verdict in judgement.accounts {
            text.object { line in
                line.key("account")
                line.string(verdict.account)
                line.key("verdict")
                line.string(verdict.verdict.rawValue)
                if let suppression = verdict.suppression {
                    line.key("measured_verdict")
                    line.string(verdict.measuredVerdict.rawValue)
                    line.key("suppressed")
                    line.object { object in
                        reason(suppression, &object)
                        object.key("matched")
                        object.bool(suppression.isMatched)
                    }
                }
                line.key("score")
                line.number(verdict.score)
                line.key("p_value")
                line.number(verdict.pValue)
                line.key("q_value")
                line.number(verdict.qValue)
                line.key("campaign")
                if let campaign = verdict.campaign { line.string(campaign) } else { line.null() }
                line.key("exchanges")
                line.integer(verdict.exchanges)
                line.key("first_flagged")
                time(verdict.firstFlaggedMicroseconds, &line)
                line.key("exchanges_before_flag")
                if let count = verdict.exchangesBeforeFlag {
                    line.integer(count)
                } else {
                    line.null()
                }
                indicators(verdict.indicators, &line)
            }
            text.newline()
        }
        return text.bytes
    }

    /// `campaigns.jsonl`: a line for every campaign, accused ones first, suppressed ones last.
    public static func campaigns(_ judgement: Judgement) -> [UInt8] {
        var text = JSONText()
        for group in judgement.campaigns {
            campaign(group, nil, &text)
            text.newline()
        }
        for finding in judgement.suppressed {
            campaign(finding.group, finding, &text)
            text.newline()
        }
        return text.bytes
    }

    private static func campaign(
        _ group: JudgedGroup, _ finding: SuppressedGroup?, _ text: inout JSONText
    ) {
        text.object { line in
            line.key("id")
            line.string(group.id)
            line.key("verdict")
            // What a program may act on; what was measured stands beside it.
            line.string((finding == nil ? group.verdict : .noFinding).rawValue)
            if let finding {
                line.key("measured_verdict")
                line.string(group.verdict.rawValue)
                line.key("suppressed")
                line.object { object in
                    reason(finding.suppression, &object)
                    object.key("accounts_matched")
                    object.integer(finding.matchedMembers)
                }
            }
            line.key("p_value")
            line.number(group.pValue)
            line.key("q_value")
            line.number(group.qValue)
            line.key("accounts")
            line.array(group.members) { $0.string($1.account) }
            line.key("exchanges")
            line.integer(group.exchanges)
            line.key("first_time")
            time(group.firstMicroseconds, &line)
            line.key("last_time")
            time(group.lastMicroseconds, &line)
            line.key("first_flagged")
            time(group.firstFlaggedMicroseconds, &line)
            line.key("exchanges_before_flag")
            line.integer(group.exchangesBeforeFlag)
            line.key("shared_artefacts")
            line.array(group.sharedArtefacts) { text, artefact in
                text.object { entry in
                    entry.key("kind")
                    entry.string(artefact.kind)
                    entry.key("value")
                    entry.string(artefact.value)
                    entry.key("accounts")
                    entry.integer(artefact.accounts)
                    entry.key("accounts_in_scan")
                    entry.integer(artefact.accountsInScan)
                }
            }
            indicators(group.indicators, &line)
            line.key("innocent_explanations")
            line.array(group.explanations) { text, explanation in
                text.object { entry in
                    entry.key("name")
                    entry.string(explanation.name)
                    entry.key("rejected")
                    entry.bool(explanation.rejected)
                    entry.key("p_value")
                    if let p = explanation.pValue { entry.number(p) } else { entry.null() }
                    entry.key("reason")
                    entry.string(explanation.reason)
                }
            }
            line.key("capabilities")
            line.array(group.capabilities) { text, capability in
                text.object { entry in
                    entry.key("name")
                    entry.string(capability.name)
                    entry.key("share")
                    entry.number(capability.share)
                }
            }
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
            line.key("linked_campaigns")
            line.array(group.relations) { text, relation in
                text.object { entry in
                    entry.key("campaign")
                    entry.string(relation.campaign)
                    entry.key("kind")
                    entry.string(relation.kind)
                    entry.key("reason")
                    entry.string(relation.reason)
                }
            }
        }
    }

    private static func reason(_ suppression: Suppression, _ object: inout JSONText) {
        object.key("by")
        object.string(suppression.who)
        object.key("why")
        object.string(suppression.why)
        object.key("until")
        object.string(suppression.until)
    }

    private static func indicators(_ values: [Indicator], _ text: inout JSONText) {
        text.key("indicators")
        text.array(values) { text, sign in
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
                if let p = sign.pValue { entry.number(p) } else { entry.null() }
                entry.key("exchange_ids")
                entry.array(sign.exchangeIDs) { $0.string($1) }
            }
        }
    }

    private static func time(_ microseconds: Int64?, _ text: inout JSONText) {
        if let microseconds {
            text.string(Timestamp.text(microseconds: microseconds))
        } else {
            text.null()
        }
    }
}
