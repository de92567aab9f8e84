import ArgumentParser
import Documents
import Foundation
import Scanning
import Watermarking

struct WatermarkTraceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trace",
        abstract: "Says whose payload documents bear: which account's answers were harvested.",
        discussion: """
            For a leaked data set or a student's answers, marked under scheme 'gumbel_payload'. All documents count as one text, \
            and each window with its token once. The probability that anybody is named whose payload played no part is at most \
            --alpha, over all accounts of --accounts together and whatever the documents are; several may be named. Exit \
            status: 0 it ran; 1 with --exit-code when somebody is named; 2 it could not run.
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable { case table, json }

    @OptionGroup var mark: ManifestArguments

    @Option(help: "File of the account or campaign ids that payloads were given to, one a line.")
    var accounts: String

    @OptionGroup var documents: DocumentArguments

    @Option(help: "Bound on the probability of any false attribution.")
    var alpha = 0.001

    @Option(help: "Accounts to show beside those that are named.")
    var others = 5

    @Option(help: "table or json.")
    var format = Format.table

    @Flag(name: .customLong("exit-code"), help: "End with status 1 if an account is named.")
    var usesExitCode = false

    func validate() throws {
        guard alpha > 0, alpha < 1 else {
            throw ValidationError("--alpha must be between 0 and 1, not \(alpha)")
        }
        guard (0...1_000_000).contains(others) else {
            throw ValidationError("--others must be between 0 and 1000000, not \(others)")
        }
    }

    func run() throws {
        let trace: PayloadTrace
        do {
            let (manifest, keys) = try mark.read()
            let scheme = try WatermarkScheme(manifest: manifest, keys: keys)
            let codebook = try PayloadCodebook(scheme)
            let ids = try AccountList.read(accounts)
            var table = try PayloadTable(scheme)
            try documents.forEach(documents.encoder(manifest)) { answer, prompt in
                try table.add(answer: answer, prompt: prompt, scheme: scheme)
            }
            trace = try PayloadTrace(
                table, ids: ids, codebook: codebook, alpha: alpha, shown: others)
            let output = TraceOutput(trace: trace, evidence: table, manifest: manifest)
            Terminal.output(format == .json ? output.json() : output.table())
        } catch {
            Terminal.message("stillwatch: \(Terminal.safe("\(error)"))")
            throw ExitCode(2)
        }
        if usesExitCode, !trace.named.isEmpty { throw ExitCode(1) }
    }
}

/// A file of account or campaign ids, one a line; blank lines are passed over.
enum AccountList {
    /// Largest file, bytes.
    private static let largest = 2 << 30

    static func read(_ path: String) throws -> [String] {
        guard let handle = FileHandle(forReadingAtPath: path) else {
            throw BadDocument("\(path): cannot be read; check the path and its permissions")
        }
        defer { try? handle.close() }
        let data = try handle.read(upToCount: largest + 1) ?? Data()
        guard data.count <= largest else {
            throw BadDocument("\(path): larger than 2 GiB; is it a list of ids?")
        }
        var ids: [String] = []
        for (index, line) in data.split(separator: 0x0A, omittingEmptySubsequences: false)
            .enumerated()
        {
            let bytes = line.last == 0x0D ? line.dropLast() : line
            guard let id = String(bytes: bytes, encoding: .utf8) else {
                throw BadDocument("\(path), line \(index + 1): not UTF-8")
            }
            if !id.allSatisfy(\.isWhitespace) { ids.append(id) }
        }
        guard !ids.isEmpty else { throw BadDocument("\(path): holds no id; write one a line") }
        return ids
    }
}
