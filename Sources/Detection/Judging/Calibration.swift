/// The constants that stand for "how different innocent accounts are at least", in one place for readers of a report.
public enum Calibration {
    /// One constant.
    public struct Constant: Sendable {
        /// Name in `summary.json`.
        public let name: String
        /// Value.
        public let value: Double
        /// What it stands for.
        public let explanation: String
    }

    /// All of them, with the floors that were judged with.
    public static func constants(_ floors: InnocentFloors) -> [Constant] {
        [
            Constant(
                name: "innocent_volume_spread", value: floors.volumeSpread,
                explanation:
                    "Least spread of log volumes among independent customers; a smaller one counts as load balancing."
            ),
            Constant(
                name: "innocent_content_intraclass", value: floors.contentIntraclass,
                explanation:
                    "Least share of variance in content that the account explains among independent users."
            ),
            Constant(
                name: "innocent_prompt_reuse", value: GroupTests.reuseShare,
                explanation:
                    "Share of prompts in common from which accounts count as working through the same exercise."
            ),
            Constant(
                name: "innocent_cohort_odds", value: GroupTests.cohortOdds,
                explanation:
                    "How much larger than in the whole log the odds of innocents of one kind may be to sign up, or become active, within some days."
            ),
            Constant(
                name: "open_customer_share", value: GroupAssessment.openShare,
                explanation:
                    "Share of accounts under one card and one mail domain from which a group counts as one customer in the open."
            ),
            Constant(
                name: "minimum_group", value: Double(Proposals.minimumMembers),
                explanation: "Smallest group of accounts that is tested."),
        ]
    }
}
