import ArgumentParser
import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// Commands of the gateway's executable, which stands beside this one: it brings a server's packages along, and a scan
/// has no use for them.
enum GatewayExecutable {
    static let name = "stillwatch-gateway"

    /// Becomes the gateway's executable with these arguments; returns only when it cannot.
    static func run(_ arguments: [String]) -> String {
        let own =
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        let beside = URL(fileURLWithPath: own).deletingLastPathComponent()
            .appendingPathComponent(name).path
        var words = ([name] + arguments).map { strdup($0) }
        words.append(nil)
        defer { for word in words { free(word) } }
        if FileManager.default.isExecutableFile(atPath: beside) {
            execv(beside, words)
        } else {
            execvp(name, words)
        }
        return
            "\(name) cannot be started (\(String(cString: strerror(errno)))): it is looked for beside "
            + "\(own) and on the PATH; build it with 'swift build -c release --product \(name)'"
    }
}

/// A command that the gateway's executable carries out.
protocol GatewayHandover: ParsableCommand {
    static var word: String { get }
    var arguments: [String] { get }
}

extension GatewayHandover {
    func run() throws {
        Terminal.message("stillwatch: \(GatewayExecutable.run([Self.word] + arguments))")
        throw ExitCode(2)
    }
}

struct ServeHandover: GatewayHandover {
    static let word = "serve"
    static let configuration = CommandConfiguration(
        commandName: word, abstract: "Runs the inline gateway (stillwatch-gateway).")
    @Argument(parsing: .captureForPassthrough) var arguments: [String] = []
}

struct KeyHandover: GatewayHandover {
    static let word = "key"
    static let configuration = CommandConfiguration(
        commandName: word, abstract: "Makes, lists, rotates and revokes the gateway's API keys.")
    @Argument(parsing: .captureForPassthrough) var arguments: [String] = []
}

struct AccountHandover: GatewayHandover {
    static let word = "account"
    static let configuration = CommandConfiguration(
        commandName: word, abstract: "Shows and changes what the gateway knows of accounts.")
    @Argument(parsing: .captureForPassthrough) var arguments: [String] = []
}

struct CampaignHandover: GatewayHandover {
    static let word = "campaign"
    static let configuration = CommandConfiguration(
        commandName: word, abstract: "Lists campaigns at the gateway, and blocks one in one step.")
    @Argument(parsing: .captureForPassthrough) var arguments: [String] = []
}

struct SwitchHandover: GatewayHandover {
    static let word = "switch"
    static let configuration = CommandConfiguration(
        commandName: word, abstract: "Shuts out countries or nationalities on every gateway.")
    @Argument(parsing: .captureForPassthrough) var arguments: [String] = []
}

struct ApprovalHandover: GatewayHandover {
    static let word = "approval"
    static let configuration = CommandConfiguration(
        commandName: word,
        abstract: "Decides on steps of the gateway's policy that wait for a person.")
    @Argument(parsing: .captureForPassthrough) var arguments: [String] = []
}

struct AuditHandover: GatewayHandover {
    static let word = "audit"
    static let configuration = CommandConfiguration(
        commandName: word, abstract: "Shows what was decided and changed at the gateway.")
    @Argument(parsing: .captureForPassthrough) var arguments: [String] = []
}
