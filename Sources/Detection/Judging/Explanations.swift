#if canImport(Glibc)
    import Glibc
#endif

/// The innocent explanations of a group in words, with what speaks for and against each.
struct Explanations {
    let assessment: GroupAssessment

    /// The level from which a reader is told that an explanation is rejected; whether the group is accused is decided
    /// by the false-discovery bound.
    private static let level = 0.01

    func all() -> [InnocentExplanation] {
        [independent, exercise, customer, product]
    }

    private var independent: InnocentExplanation {
        let a = assessment
        return InnocentExplanation(
            name: "independent_people",
            statement:
                "The accounts belong to different people or customers who use the same tool or share a subject.",
            pValue: a.oneOperator, rejected: a.oneOperator < Self.level,
            reason:
                "Independent customers differ in volume, in what they ask, and in when and how they signed up. "
                + "Here volumes spread by \(Self.number(a.volumes.value)) (independent: \(Self.number(a.volumes.threshold)) or more), "
                + "the account explains \(Self.percent(a.content.value)) of the variance in content"
                + (a.component.map {
                    " of the \(Self.percent($0.share)) of exchanges that the members have in common"
                } ?? "")
                + " (independent: \(Self.percent(a.content.threshold)) or more), "
                + "\(Self.percent(a.signup.value)) signed up and \(Self.percent(a.onset.value)) became active in one burst, "
                + "\(Self.percent(a.payment.value)) share a payment instrument or phone and \(Self.percent(a.network.value)) a network that others do not use."
        )
    }

    private var exercise: InnocentExplanation {
        let p = assessment.partition
        return InnocentExplanation(
            name: "same_exercise",
            statement:
                "The accounts work through the same prompts: a class, a course, a benchmark, a monitor.",
            pValue: p.p, rejected: p.p < Self.level,
            reason:
                "A sampled prompt was sent by \(Self.percent(p.value)) of the other members on average. "
                + "Members of a class or a benchmark repeat each other's prompts (\(Self.percent(p.threshold)) or more); parts of one collection hardly do."
        )
    }

    private var customer: InnocentExplanation {
        let a = assessment
        let reason =
            if a.isOpen, !a.isOneCustomer {
                "\(Self.percent(a.openIdentity)) of the members pay with one instrument and sign up with one mail domain, most of whose accounts it pays for: "
                    + "one customer in the open. Even volumes and breadth do not count against it; a purpose that only training has would."
            } else if a.organization.name.isEmpty {
                "No organisation is declared for the members, and no card and mail domain covers them."
            } else {
                "The organisation that most members declare, “\(a.organization.name)”, covers \(Self.percent(a.organization.share)) of them; one customer would cover at least half."
            }
        return InnocentExplanation(
            name: "one_customer",
            statement:
                "The accounts belong to one customer, declared or in the open: a company, a team, a licensed user.",
            pValue: nil, rejected: !a.isOneCustomer && !a.isOpen, reason: reason)
    }

    private var product: InnocentExplanation {
        let a = assessment
        let strongest = a.purposes.max { ($0.value, $1.name) < ($1.value, $0.name) }
        return InnocentExplanation(
            name: "ordinary_product",
            statement: "The accounts run a product or pipeline with a purpose of its own.",
            pValue: a.harvest, rejected: a.harvest < Self.level,
            reason:
                "A product serves a narrow purpose and its customers use it unequally. Here two prompts of one account are "
                + "\(Self.number(a.breadth.value)) alike (only one account in twenty of the scan is below \(Self.number(a.breadth.threshold))), "
                + "volumes spread by \(Self.number(a.volumes.value))"
                + (strongest.map {
                    ", and \(Self.percent($0.value)) of exchanges show \($0.name.replacing("_", with: " "))"
                } ?? "") + ".")
    }

    static func number(_ value: Double) -> String {
        let scaled = (value * 1000).rounded() / 1000
        return scaled == scaled.rounded() && abs(scaled) < 1e6 ? String(Int(scaled)) : "\(scaled)"
    }

    static func percent(_ value: Double) -> String {
        let tenths = (value * 1000).rounded() / 10
        return tenths == tenths.rounded() ? "\(Int(tenths)) %" : "\(tenths) %"
    }
}
