import ArgumentParser
import Foundation
import Gateway

/// The configuration whose store a command works on.
struct StoreArguments: ParsableArguments {
    @Option(help: "The gateway's configuration.")
    var config = "stillwatch.yaml"

    func operations() throws -> Operations {
        try Operations(settings: try GatewaySettings(path: config))
    }

    /// Who did it, for the audit.
    var actor: String {
        let name = ProcessInfo.processInfo.userName
        return name.isEmpty ? "command line" : "command line: \(name)"
    }

    func print(_ value: some Encodable) throws { Terminal.output(try Operations.json(value)) }

    /// One JSON object a line.
    func print(lines: [some Encodable]) throws {
        for line in lines { try print(line) }
    }
}

struct KeyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "Makes, lists, rotates and revokes API keys.",
        subcommands: [Create.self, List.self, Rotate.self, Revoke.self])

    struct Create: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a key and prints it, once: only its digest is kept.")
        @OptionGroup var store: StoreArguments
        @Option(help: "Who is billed.") var account: String
        @Option(help: "A name for people.") var name = ""
        @Option(help: "The account's organisation.") var organization: String?
        @Option(help: "The account's plan.") var plan: String?
        @Option(name: .customLong("expires-seconds"), help: "After this time it is not accepted.")
        var expiresSeconds: Double?

        func run() throws {
            try store.print(
                try store.operations().createKey(
                    account: account, name: name, organization: organization, plan: plan,
                    expiresSeconds: expiresSeconds, actor: store.actor))
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists keys without their secrets.")
        @OptionGroup var store: StoreArguments
        @Option(help: "Only those of this account.") var account: String?

        func run() throws { try store.print(lines: try store.operations().keys(account: account)) }
    }

    struct Rotate: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a key's successor and prints it.")
        @OptionGroup var store: StoreArguments
        @Argument(help: "The key's public part.") var id: String
        @Option(name: .customLong("grace-seconds"), help: "How long the old one still works.")
        var graceSeconds = 0.0

        func run() throws {
            try store.print(
                try store.operations().rotateKey(
                    id, graceSeconds: graceSeconds, actor: store.actor))
        }
    }

    struct Revoke: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Ends a key.")
        @OptionGroup var store: StoreArguments
        @Argument(help: "The key's public part.") var id: String

        func run() throws {
            try store.operations().revokeKey(id, actor: store.actor)
            try store.print(["revoked": id])
        }
    }
}

struct AccountCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "account", abstract: "Shows and changes what is known of accounts.",
        subcommands: [Set.self, Show.self])

    struct Set: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Changes what is given and leaves the rest.")
        @OptionGroup var store: StoreArguments
        @Argument(help: "The account.") var id: String
        @Option(help: "Organisation.") var organization: String?
        @Option(help: "Plan.") var plan: String?
        @Option(help: "ISO 3166 code.") var country: String?
        @Option(help: "ISO 3166 code of its owner's nationality.") var nationality: String?
        @Option(help: "Contract.") var contract: String?
        @Option(help: "When it was made, such as 2026-04-20T10:00:00Z.") var created: String?
        @Option(name: .customLong("email-domain"), help: "Domain of its address.")
        var emailDomain: String?
        @Option(name: .customLong("payment-fingerprint"), help: "Its payment instrument.")
        var paymentFingerprint: String?
        @Option(name: .customLong("signup-path"), help: "How it signed up.")
        var signupPath: String?
        @Flag(inversion: .prefixedNo, help: "Whether people vouch for it.") var trusted: Bool?

        func run() throws {
            var facts = Operations.Account()
            facts.organization = organization
            facts.plan = plan
            facts.country = country
            facts.nationality = nationality
            facts.contract = contract
            facts.created = created
            facts.emailDomain = emailDomain
            facts.paymentFingerprint = paymentFingerprint
            facts.signupPath = signupPath
            facts.trusted = trusted
            let operations = try store.operations()
            try operations.setAccount(id, facts, actor: store.actor)
            try store.print(try operations.account(id))
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows what is known and found of an account.")
        @OptionGroup var store: StoreArguments
        @Argument(help: "The account.") var id: String

        func run() throws { try store.print(try store.operations().account(id)) }
    }
}

struct CampaignCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "campaign", abstract: "Lists campaigns, and blocks one in one step.",
        subcommands: [List.self, Block.self, Unblock.self])

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists campaigns.")
        @OptionGroup var store: StoreArguments
        func run() throws { try store.print(lines: try store.operations().campaigns()) }
    }

    struct Block: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Blocks every account of a campaign.")
        @OptionGroup var store: StoreArguments
        @Argument(help: "The campaign, such as C-0001.") var id: String
        @Option(help: "Why.") var reason: String
        @Option(name: .customLong("expires-seconds"), help: "After this time it ends by itself.")
        var expiresSeconds: Double?

        func run() throws {
            let count = try store.operations().block(
                campaign: id, by: store.actor, reason: reason, expiresSeconds: expiresSeconds)
            try store.print(["accounts": count])
        }
    }

    struct Unblock: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lets a campaign's accounts in again.")
        @OptionGroup var store: StoreArguments
        @Argument(help: "The campaign.") var id: String
        @Option(help: "Why.") var reason: String

        func run() throws {
            let count = try store.operations().unblock(
                campaign: id, by: store.actor, reason: reason)
            try store.print(["accounts": count])
        }
    }
}

struct SwitchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "switch", abstract: "Shuts out countries or nationalities on every gateway.",
        subcommands: [Set.self, List.self, Proof.self])

    struct Set: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Throws a switch.")
        @OptionGroup var store: StoreArguments
        @Argument(help: "The switch's name.") var id: String
        @Option(parsing: .upToNextOption, help: "ISO 3166 codes.") var countries: [String] = []
        @Option(parsing: .upToNextOption, help: "ISO 3166 codes.") var nationalities: [String] = []
        @Flag(inversion: .prefixedNo, help: "Whether those are shut out.") var on = true
        @Option(help: "Why.") var reason: String

        func run() throws {
            try store.print(
                try store.operations().setSwitch(
                    id, countries: countries, nationalities: nationalities, on: on,
                    by: store.actor, reason: reason))
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists switches.")
        @OptionGroup var store: StoreArguments
        func run() throws { try store.print(lines: try store.operations().switches()) }
    }

    struct Proof: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows when each gateway put each state of a switch into force.")
        @OptionGroup var store: StoreArguments
        @Argument(help: "The switch's name.") var id: String
        func run() throws { try store.print(lines: try store.operations().proofs(of: id)) }
    }
}

struct ApprovalCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "approval", abstract: "Decides on steps of the policy that wait for a person.",
        subcommands: [List.self, Decide.self])

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists steps, those that wait first.")
        @OptionGroup var store: StoreArguments
        func run() throws { try store.print(lines: try store.operations().approvals()) }
    }

    struct Decide: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Approves or denies a step, once.")
        @OptionGroup var store: StoreArguments
        @Argument(help: "The step's id, as 'list' shows it.") var id: String
        @Flag(help: "Let it happen.") var approve = false
        @Flag(help: "Do not let it happen.") var deny = false
        @Option(help: "A note.") var note = ""

        func validate() throws {
            if approve == deny { throw ValidationError("give either --approve or --deny") }
        }

        func run() throws {
            try store.operations().decide(
                approval: id, approve: approve, by: store.actor, note: note)
            try store.print(["decided": id])
        }
    }
}

struct AuditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Shows what was decided and changed, and checks the chain of its digests.",
        discussion:
            "Exit status: 0 as asked; 1 the chain is broken and --verify was given; 2 it could not run."
    )

    @OptionGroup var store: StoreArguments
    @Option(help: "Only entries after this number.") var after: Int64 = 0
    @Option(help: "At most so many.") var limit = 100
    @Flag(help: "Check every entry's digest instead of showing them.") var verify = false

    func run() throws {
        let operations = try store.operations()
        guard verify else {
            return try store.print(lines: try operations.audit(after: after, limit: limit))
        }
        if let fault = try operations.verifyAudit() {
            Terminal.message("stillwatch-gateway: \(fault)")
            throw ExitCode(1)
        }
        Terminal.message("stillwatch-gateway: every entry is as it was written")
    }
}
