import Detection
import Foundation
import Sketches
import Testing

@testable import Watching

@Suite struct CampaignTests {
    private func group(_ id: String, _ verdict: Verdict, _ accounts: Range<Int>) -> JudgedGroup {
        var group = JudgedGroup(id: id, verdict: verdict)
        group.members = accounts.map {
            GroupMember(
                account: "a\($0)", exchanges: 1, firstMicroseconds: 0, lastMicroseconds: 0,
                createdMicroseconds: nil)
        }
        return group
    }

    private struct Told: Equatable {
        var kind: String
        var campaign: String
        var new: Int

        init(_ kind: String, _ campaign: String, _ new: Int) {
            self.kind = kind
            self.campaign = campaign
            self.new = new
        }

        init(_ line: String) throws {
            let value = try JSONSerialization.jsonObject(with: Data(line.utf8)) as! [String: Any]
            kind = value["kind"] as! String
            campaign = value["campaign"] as! String
            new = (value["new_accounts"] as! [String]).count
        }
    }

    /// Alerts of each round; the state is written and read between rounds.
    private func alerts(_ rounds: [[JudgedGroup]]) throws -> [[Told]] {
        var campaigns: [FollowedCampaign] = []
        return try rounds.map { groups in
            var follower = CampaignFollower(campaigns)
            let lines = follower.follow(groups, timeMicroseconds: 0)
            campaigns = try follower.campaigns.map { campaign in
                var writer = ByteWriter()
                campaign.write(to: &writer)
                var reader = ByteReader(writer.bytes)
                let read = try FollowedCampaign(from: &reader)
                #expect(read == campaign)
                return read
            }
            return try lines.map(Told.init)
        }
    }

    @Test func `a campaign is told of once, whatever it is called`() throws {
        let found = try alerts([
            [group("C-0001", .distillation, 0..<10)], [group("C-0007", .distillation, 0..<10)],
            [group("C-0002", .distillation, 0..<9)], [group("C-0002", .distillation, 0..<10)],
        ])
        #expect(found == [[Told("campaign_flagged", "W-0001", 10)], [], [], []])
    }

    @Test func `growth names the new accounts alone`() throws {
        let found = try alerts([
            [group("C-0001", .distillation, 0..<10)], [group("C-0001", .distillation, 0..<13)],
            [group("C-0001", .distillation, 0..<13)],
        ])
        #expect(found[1] == [Told("campaign_grew", "W-0001", 3)])
        #expect(found[2].isEmpty)
    }

    @Test func `campaigns keep their names when their order changes`() throws {
        let found = try alerts([
            [group("C-0001", .distillation, 0..<10), group("C-0002", .distillation, 20..<30)],
            [group("C-0001", .distillation, 20..<31), group("C-0002", .distillation, 0..<10)],
        ])
        #expect(found[1] == [Told("campaign_grew", "W-0002", 1)])
    }

    @Test func `a suspicious group is told of once, and again when accused`() throws {
        let found = try alerts([
            [group("C-0001", .suspicious, 0..<8)], [group("C-0001", .suspicious, 0..<10)],
            [], [group("C-0001", .suspicious, 0..<8)], [group("C-0001", .distillation, 0..<8)],
        ])
        #expect(
            found == [
                [Told("group_suspicious", "W-0001", 8)], [], [], [],
                [Told("campaign_flagged", "W-0001", 8)],
            ])
    }

    @Test func `an accusation that is taken back is told, and its return`() throws {
        let accused = group("C-0001", .distillation, 0..<10)
        let found = try alerts([
            [accused], [], [], [accused], [group("C-0001", .suspicious, 0..<10)], [accused],
        ])
        #expect(
            found.dropFirst() == [
                [Told("campaign_cleared", "W-0001", 0)], [],
                [Told("campaign_returned", "W-0001", 0)],
                [Told("campaign_downgraded", "W-0001", 0)],
                [Told("campaign_returned", "W-0001", 0)],
            ])
    }

    @Test func `a campaign that somebody vouches for is told as suppressed, once`() throws {
        let accused = group("C-0001", .distillation, 0..<10)
        var follower = CampaignFollower([])
        _ = follower.follow([accused], timeMicroseconds: 0)
        let lines = follower.follow([], suppressed: [accused], timeMicroseconds: 1)
        #expect(try lines.map(Told.init) == [Told("campaign_suppressed", "W-0001", 0)])
        #expect(lines[0].contains(#""verdict":"no_finding""#))
        #expect(follower.follow([], suppressed: [accused], timeMicroseconds: 2).isEmpty)
        let returned = follower.follow([accused], timeMicroseconds: 3)
        #expect(try returned.map(Told.init) == [Told("campaign_returned", "W-0001", 0)])
    }

    @Test func `a campaign that goes into another is merged, not cleared`() throws {
        let found = try alerts([
            [group("C-0001", .distillation, 0..<20), group("C-0002", .distillation, 20..<26)],
            [group("C-0001", .distillation, 0..<26)], [group("C-0001", .distillation, 0..<26)],
        ])
        #expect(found[1] == [Told("campaign_merged", "W-0002", 0)])
        #expect(found[2].isEmpty)
    }
}
