import Detection

/// The report's words for stable names. A name without an entry is shown as itself, made readable.
enum Wording {
    /// A short name and what it means, for a reader who has not seen the term.
    struct Term {
        let title: String
        let meaning: String

        init(_ title: String, _ meaning: String) {
            self.title = title
            self.meaning = meaning
        }
    }

    /// What an indicator measures.
    static func indicator(_ name: String) -> Term {
        indicators[name] ?? Term(Readable.name(name), "")
    }

    /// What a shared artefact or link is.
    static func kind(_ name: String) -> String { kinds[name] ?? Readable.name(name) }

    /// A capability.
    static func capability(_ name: String) -> String { capabilities[name] ?? Readable.name(name) }

    /// Why a record could not be read.
    static func badRecord(_ name: String) -> String { badRecords[name] ?? Readable.name(name) }

    /// A relation between campaigns.
    static func relation(_ name: String) -> String { relations[name] ?? Readable.name(name) }

    /// A verdict in one or two words.
    static func verdict(_ verdict: Verdict) -> String {
        switch verdict {
        case .distillation: "Distillation"
        case .suspicious: "Suspicious"
        case .noFinding: "No finding"
        case .inconclusive: "Inconclusive"
        }
    }

    /// What a verdict claims, and what it does not.
    static func meaning(_ verdict: Verdict) -> String {
        switch verdict {
        case .distillation:
            "An accusation. The account belongs to a group of which every innocent explanation "
                + "considered was rejected, at the false-discovery bound of this scan."
        case .suspicious:
            "Not an accusation. There are signs of coordination or of harvesting, but at least one "
                + "innocent explanation still stands. Worth a look by a person; not worth a ban."
        case .noFinding:
            "There was enough data, and it looked like innocent use. Skilful evasion would look "
                + "the same."
        case .inconclusive:
            "There was too little data to say anything. This is not a finding of innocence."
        }
    }

    private static let indicators: [String: Term] = [
        "shared_template": Term(
            "One prompt template across accounts",
            "Prompts of different accounts are the same text with a few slots filled in "
                + "differently. Strangers seldom write the same sentence at length."),
        "injected_block": Term(
            "A fixed block added to every prompt",
            "The same passage is put before or after otherwise unrelated prompts, as a proxy does "
                + "that forces a certain form of answer."),
        "shared_system_prompt": Term(
            "The same system prompt",
            "Accounts send a system prompt that few or no others in this scan send."),
        "equal_volumes": Term(
            "Volumes too equal for chance",
            "People differ widely in how much they use a service. These accounts carry nearly the "
                + "same load, as a load balancer shares it out."),
        "content_exchangeable": Term(
            "Any account could have sent any prompt",
            "What one account asks does not differ from what the next asks by more than chance. "
                + "People have topics and habits of their own; workers on one queue do not."),
        "harvest_component": Term(
            "A part that all have in common",
            "Each account also carries traffic of its own. Only the exchanges that the members have in "
                + "common were tested and are quoted; the value says what share they are."),
        "timing_exchangeable": Term(
            "Any account could have sent at any time",
            "The accounts keep the same hours, with no daily rhythm of their own, as if one "
                + "scheduler picked among them."),
        "partition_without_replacement": Term(
            "One list of tasks dealt out without repeats",
            "The accounts draw on the same pool of prompts and yet overlap less than independent "
                + "users would by chance. A data set was split among them."),
        "coverage_breadth": Term(
            "Coverage broader than any person's",
            "Together the prompts sweep evenly over subjects or capabilities, as a training set "
                + "does and as one person's work does not."),
        "signup_burst": Term(
            "Accounts made in a burst",
            "The accounts were created closer together in time than sign-ups in this scan usually "
                + "are."),
        "activity_burst": Term(
            "Active from the same days on",
            "The accounts became active, or much more active, closer together in time than accounts "
                + "of this scan usually do."),
        "shared_payment": Term(
            "The same means of payment",
            "Accounts pay with one card or with cards that carry the same fingerprint."),
        "shared_network": Term(
            "The same networks",
            "Accounts come from addresses or networks that hold few other accounts of this scan."),
        "shared_client": Term(
            "The same client software",
            "Accounts use one combination of library, version and connection fingerprint that is "
                + "rare in this scan."),
        "parameter_fingerprint": Term(
            "The same request parameters",
            "Temperature, token limits and tools are set to the same unusual combination."),
        "reasoning_elicitation": Term(
            "Prompts that draw out reasoning",
            "Prompts ask the model to write down the reasoning behind its answer, which is what a "
                + "student model is trained on."),
        "rubric_grading": Term(
            "Grading against a rubric",
            "The model is used as a judge that scores answers, which gives the reward signal for "
                + "training another model."),
        "data_generation": Term(
            "Made-to-order training data",
            "Prompts ask for many examples in a fixed form, as is done to fill a data set."),
        "signature_replay": Term(
            "Reasoning blocks replayed elsewhere",
            "A signed or encrypted reasoning block that the model gave to one session was sent "
                + "back in another session or by another account."),
        "model_rush": Term(
            "A coordinated move to a new model",
            "The group moved to a newly released model faster and more closely together than "
                + "other users."),
        "failover": Term(
            "One pool takes over from another",
            "As one group was blocked or went quiet, another with the same traits rose in its "
                + "place."),
        "no_idle_hours": Term(
            "No hours of rest",
            "There is activity around the clock. Alone this says automation, not distillation."),
        "single_turn": Term(
            "Single questions without conversation",
            "Nearly every exchange is one question and one answer; nobody asks back."),
        "mixed_traffic": Term(
            "Harvesting hidden in other traffic",
            "Only a part of the accounts' traffic shows the signs; the rest looks like ordinary "
                + "customers, as when a reseller's proxy mixes both."),
    ]

    private static let kinds: [String: String] = [
        "account_created": "Sign-up time", "asn": "Network operator", "client": "Client software",
        "content": "Content of prompts", "email_domain": "E-mail domain",
        "ip": "Internet address", "ip_network": "Internet network", "ja3": "TLS fingerprint (JA3)",
        "ja4": "TLS fingerprint (JA4)", "network": "Internet network",
        "organization": "Organisation", "parameters": "Request parameters",
        "payment": "Means of payment", "payment_fingerprint": "Means of payment",
        "phone_fingerprint": "Phone number", "prefix_block": "Block before prompts",
        "signature": "Reasoning signature", "signup": "Sign-up time",
        "suffix_block": "Block after prompts", "system_prompt": "System prompt",
        "template": "Prompt template", "timing": "Timing", "tools": "Set of tools",
        "user_agent": "Client software",
    ]

    private static let capabilities: [String: String] = [
        "agentic": "Agentic work with tools", "coding": "Coding", "computer_use": "Computer use",
        "data_generation": "Data generation", "grading": "Grading and judging",
        "math": "Mathematics", "reasoning": "Reasoning", "tool_use": "Use of tools",
        "translation": "Translation", "vision": "Vision",
    ]

    private static let badRecords: [String: String] = [
        "not_json": "Not a JSON value", "truncated": "File ends inside the record",
        "not_utf8": "Not UTF-8", "too_large": "Longer than the size limit",
        "too_deep": "Nested too deep", "missing_field": "A required field is missing",
        "wrong_type": "A field has an unreadable type", "impossible_time": "Impossible time",
    ]

    private static let relations: [String: String] = [
        "failover": "Failover", "shared_artefact": "Shares an artefact",
    ]
}
