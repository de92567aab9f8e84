import Foundation
import Simulation
import Testing

@Suite struct ScoreTests {
    private let labels = Array(
        """
        account,label,campaign,class
        a1,distillation,hydra-1,shared_hydra
        a2,distillation,hydra-1,shared_hydra
        a3,distillation,hydra-1,shared_hydra
        a4,distillation,slow-1,slow_paraphrase
        b1,innocent,,hobby
        b2,innocent,,hobby
        b3,innocent,,company
        b4,innocent,,company

        """.utf8)

    /// Worked by hand. Scores, ascending: b2 0 (absent), a4 0 (absent), b1 .1, b3 .5, a3 .5, b4 .8, a2 .9, a1 1.
    /// Midranks of the guilty: a4 1.5, a3 4.5, a2 7, a1 8, together 21; (21 - 10) / 16 = 0.6875.
    @Test func agreesWithAHandComputedExample() throws {
        let verdicts = Array(
            """
            {"account":"a1","verdict":"distillation","score":1,"campaign":"C-1"}
            {"account":"a2","verdict":"distillation","score":0.9,"campaign":"C-1"}
            {"account":"a3","verdict":"suspicious","score":0.5,"campaign":"C-2"}
            {"account":"b1","verdict":"no_finding","score":0.1}
            {"account":"b3","verdict":"suspicious","score":0.5,"campaign":null}
            {"account":"b4","verdict":"distillation","score":0.8,"campaign":"C-1"}
            {"account":"x9","verdict":"no_finding","score":0.2}

            """.utf8)
        let score = try Score.compute(labels: labels, verdicts: verdicts)
        #expect(score.accounts == 8 && score.guilty == 4)
        #expect(score.accused == 3 && score.falselyAccused == 1 && score.suspicious == 2)
        #expect(score.precision == 2.0 / 3)
        #expect(score.recall == 0.5)
        #expect(score.falsePositiveRate == 0.25)
        #expect(score.auroc == 0.6875)
        #expect(score.withoutVerdict == 2 && score.unlabelled == 1)
        let hydra = try #require(score.campaigns.first { $0.name == "hydra-1" })
        #expect(hydra.accounts == 3 && hydra.accused == 2)
        #expect(hydra.recall == 2.0 / 3)
        #expect(hydra.bestReportedCampaign == "C-1")
        #expect(hydra.coverage == 2.0 / 3)
        #expect(hydra.purity == 2.0 / 3)
        let slow = try #require(score.campaigns.first { $0.name == "slow-1" })
        #expect(slow.recall == 0 && slow.bestReportedCampaign.isEmpty && slow.purity == 0)
        let company = try #require(score.falseAccusations.first { $0.class == "company" })
        #expect(company.accounts == 2 && company.accused == 1 && company.suspicious == 1)
        #expect(score.table().contains("hydra-1"))
        let json = try JSONSerialization.jsonObject(with: Data(score.json().utf8))
        #expect((json as? [String: Any])?["auroc"] as? Double == 0.6875)
    }

    @Test func perfectAndEmptyVerdictsAreTheExtremes() throws {
        let perfect = Array(
            ["a1", "a2", "a3", "a4"].map {
                "{\"account\":\"\($0)\",\"verdict\":\"distillation\",\"score\":0.9}\n"
            }.joined().utf8)
        let best = try Score.compute(labels: labels, verdicts: perfect)
        #expect(best.precision == 1 && best.recall == 1 && best.auroc == 1)
        #expect(best.falsePositiveRate == 0)
        let nothing = try Score.compute(labels: labels, verdicts: [])
        #expect(nothing.precision == 1 && nothing.recall == 0 && nothing.auroc == 0.5)
        #expect(nothing.withoutVerdict == 8)
    }

    @Test func badLinesAreNamed() {
        #expect(throws: SimulationError.badLine(file: "verdicts", line: 2)) {
            try Score.compute(
                labels: labels,
                verdicts: Array(
                    "{\"account\":\"a1\",\"verdict\":\"no_finding\",\"score\":0}\nnonsense\n".utf8))
        }
        #expect(throws: SimulationError.badLine(file: "labels", line: 2)) {
            try Score.compute(
                labels: Array("account,label,campaign,class\na1,guilty\n".utf8), verdicts: [])
        }
        #expect(throws: SimulationError.unreadable(path: "/nowhere")) {
            try Score.compute(labels: "/nowhere", verdicts: "/nowhere")
        }
    }
}
