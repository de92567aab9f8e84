import Exchanges
import Testing

@testable import Detection

/// Hydras of twenty accounts among fifty people, and what a list of suppressions makes of them. The last exchange is on
/// the thirtieth day.
@Suite struct SuppressionTests {
    private static let later = Int64((Crowd.start + 60 * Crowd.day) * 1e6)

    private static func entry(
        end: Int64 = later, line: Int = 1, _ fill: (inout SuppressionEntry) -> Void
    ) -> SuppressionEntry {
        var entry = SuppressionEntry(
            who: "A. Person", why: "partner", until: "2026-12-31", endMicroseconds: end, line: line)
        fill(&entry)
        return entry
    }

    private static func crowd() throws -> Crowd {
        var crowd = try Crowd(seed: 1)
        crowd.addPeople(50)
        crowd.addHydra(20)
        return crowd
    }

    private static func apply(_ entries: [SuppressionEntry], to crowd: Crowd) -> Judgement {
        SuppressionList(entries).applied(to: crowd.judged(), crowd.set)
    }

    private static func workers(_ count: Int) -> Set<String> {
        Set((0..<count).map { "worker\(100 + $0)" })
    }

    @Test func `a finding whose members are all matched is set aside and stays visible`() throws {
        let crowd = try Self.crowd()
        let plain = crowd.judged()
        let judgement = Self.apply([Self.entry { $0.accounts = Self.workers(20) }], to: crowd)
        #expect(plain.campaigns.count == 1, "seed 1")
        #expect(judgement.campaigns.isEmpty)
        let finding = try #require(judgement.suppressed.first)
        #expect(finding.group.verdict == .distillation)
        #expect(finding.group.members == plain.campaigns[0].members)
        #expect(finding.matchedMembers == 20)
        let accounts = judgement.accounts.filter { $0.suppression != nil }
        #expect(Set(accounts.map(\.account)) == Self.workers(20))
        for account in accounts {
            #expect(account.verdict == .noFinding)
            #expect(account.measuredVerdict == .distillation)
            #expect(account.suppression?.isMatched == true)
        }
        #expect(judgement.accounts.count { $0.verdict == .distillation } == 0)
        #expect(judgement.suppressionUse.map(\.suppressedAccounts) == [20])
    }

    @Test(arguments: [(15, 0), (16, 1)])
    func `four fifths of the members must be matched`(matched: Int, suppressed: Int) throws {
        let judgement = Self.apply(
            [Self.entry { $0.accounts = Self.workers(matched) }], to: try Self.crowd())
        #expect(judgement.suppressed.count == suppressed)
        let accused = judgement.accounts.count { $0.verdict == .distillation }
        // Nobody is taken out of a campaign that stays accused.
        #expect(accused == (suppressed == 0 ? 20 : 0))
        let uncovered = judgement.accounts.count { $0.suppression?.isMatched == false }
        #expect(uncovered == (suppressed == 0 ? 0 : 20 - matched))
    }

    @Test func `an entry ends in event time`() throws {
        let crowd = try Self.crowd()
        let last = try #require(crowd.profiles.map(\.lastMicroseconds).max())
        for (end, expired) in [(last, true), (last + 1, false)] {
            let judgement = Self.apply(
                [Self.entry(end: end) { $0.accounts = Self.workers(20) }], to: crowd)
            #expect(judgement.suppressed.isEmpty == expired)
            #expect(judgement.suppressionUse.map(\.isExpired) == [expired])
            #expect(judgement.suppressionUse.map(\.matchedAccounts) == [20])
        }
    }

    @Test func `entries cover a finding together, and the one that matches most speaks for it`()
        throws
    {
        let few = Self.workers(6)
        let judgement = Self.apply(
            [
                Self.entry(line: 1) { $0.accounts = few },
                Self.entry(line: 4) { $0.accounts = Self.workers(20).subtracting(few) },
                Self.entry(line: 9) { $0.accounts = ["nobody"] },
            ], to: try Self.crowd())
        #expect(judgement.suppressed.count == 1)
        #expect(judgement.suppressionUse.map(\.suppressedAccounts) == [6, 14, 0])
        #expect(judgement.suppressionUse.map(\.matchedAccounts) == [6, 14, 0])
    }

    @Test func `all kinds of criterion of an entry must match`() throws {
        let crowd = try Self.crowd()
        let both = Self.entry {
            $0.accounts = Self.workers(20)
            $0.organizations = ["Acme"]
        }
        #expect(Self.apply([both], to: crowd).suppressed.isEmpty)
        #expect(Self.apply([Self.entry { _ in }], to: crowd).suppressed.isEmpty)
    }

    private static func profile(_ shape: (inout Request, Int) -> Void) throws -> AccountProfile {
        let extractor = try SignalExtractor.make()
        return extractor.profile(
            of: (0..<20).map { index in
                var request = Request(
                    id: "r\(index)", seconds: Crowd.start + Double(index), text: "prompt \(index)")
                shape(&request, index)
                return request
            })
    }

    @Test func `facts match exactly, mail domains in any case`() throws {
        var profile = try Self.profile { request, _ in
            request.organization = "Acme"
            request.payment = "pm_1"
        }
        var record = AccountRecord(account: "acct")
        record.emailDomain = "Acme.Example"
        profile.join(record)
        #expect(Self.entry { $0.organizations = ["Acme", "Other"] }.matches(profile))
        #expect(!Self.entry { $0.organizations = ["acme"] }.matches(profile))
        #expect(Self.entry { $0.payments = ["pm_1"] }.matches(profile))
        #expect(Self.entry { $0.emailDomains = ["acme.example"] }.matches(profile))
        #expect(Self.entry { $0.accounts = ["acct"] }.matches(profile))
    }

    @Test(arguments: [(16, true), (15, false)])
    func `prompt artefacts must show in four fifths of the exchanges`(
        shown: Int, isMatched: Bool
    ) throws {
        let head = "Answer the following question with one letter only please:"
        let profile = try Self.profile { request, index in
            guard index < shown else { return }
            request.system = "You sit an exam."
            request.text = head + " question \(index)"
        }
        let prefix = try #require(PromptHash.prefix(head))
        let known = Set((0..<20).map { PromptHash.text(head + " question \($0)") })
        #expect(
            Self.entry { $0.systemPrompts = [PromptHash.text("You sit an exam.")] }
                .matches(profile) == isMatched)
        #expect(Self.entry { $0.prefixes = [prefix] }.matches(profile) == isMatched)
        #expect(Self.entry { $0.prompts = known }.matches(profile) == isMatched)
        #expect(PromptHash.prefix("too few words") == nil)
    }
}
