import Detection
import Exchanges
import Scanning
import Sketches

/// Why a benchmark's result cannot be right.
struct WrongResult: Error, CustomStringConvertible {
    let description: String
}

/// The benchmarks over one workload. What several need is made when the first asks for it.
final class Benchmarks {
    static let names =
        [
            "parse", "signals", "add", "scan", "merge", "encode", "decode", "judge",
        ] + markNames

    private let workload: Workload
    private let rules: RuleSet

    init(_ workload: Workload) throws {
        self.workload = workload
        rules = try RuleSet(Rule.defaults)
    }

    func benchmark(_ name: String) throws -> Benchmark? {
        switch name {
        case "parse": try parse()
        case "signals": try signals()
        case "add": try add()
        case "scan": try scan()
        case "merge": try merge()
        case "encode": encode()
        case "decode": try decode()
        case "judge": judge()
        case let mark where Self.markNames.contains(mark): try Self.mark(mark)
        default: nil
        }
    }

    // MARK: Records

    /// Decodes every record; all must be exchanges.
    private func eachExchange(
        _ decoder: RecordDecoder, _ body: (inout Exchange) -> Void
    ) throws {
        var faults = 0
        var exchanges = 0
        workload.bytes.withUnsafeBytes { bytes in
            for line in workload.lines {
                decoder.decode(
                    UnsafeRawBufferPointer(rebasing: bytes[line]),
                    exchange: {
                        exchanges += 1
                        body(&$0)
                    }, fault: { _ in faults += 1 })
            }
        }
        guard faults == 0, exchanges == workload.lines.count else {
            throw WrongResult(
                description:
                    "\(workload.lines.count) records gave \(exchanges) exchanges, \(faults) faults")
        }
    }

    private func perExchange(
        _ name: String, _ about: String, includes: String? = nil,
        _ pass: @escaping () throws -> UInt64
    ) -> Benchmark {
        Benchmark(
            name: name, about: about, unit: "exchange", count: workload.lines.count,
            bytes: workload.count, includes: includes, pass: pass)
    }

    private func parse() throws -> Benchmark {
        let decoder = RecordDecoder(format: .stillwatch)
        return perExchange("parse", "RecordDecoder over a log in memory") { [self] in
            var sum: UInt64 = 0
            try eachExchange(decoder) { exchange in
                sum &+= UInt64(exchange.blocks.count &+ exchange.account.id.count)
                sum &+= UInt64(bitPattern: exchange.time.microseconds)
            }
            return sum
        }
    }

    private func signals() throws -> Benchmark {
        let decoder = RecordDecoder(format: .stillwatch)
        let extractor = try SignalExtractor(rules: rules)
        return perExchange(
            "signals", "and SignalExtractor on each exchange", includes: "parse"
        ) { [self] in
            var sum: UInt64 = 0
            try eachExchange(decoder) { sum &+= Self.sum(extractor.signals(of: $0)) }
            return sum
        }
    }

    private static func sum(_ signals: ExchangeSignals) -> UInt64 {
        signals.priority ^ signals.prompt ^ signals.parameters &+ UInt64(signals.categories)
    }

    private func add() throws -> Benchmark {
        let decoder = RecordDecoder(format: .stillwatch)
        let extractor = try SignalExtractor(rules: rules)
        return perExchange(
            "add", "and AccountProfile.add, to profiles that begin empty", includes: "signals"
        ) { [self] in
            try profiles(decoder, extractor).reduce(0) { $0 &+ $1.exchanges &+ $1.promptBytes }
        }
    }

    private func profiles(
        _ decoder: RecordDecoder, _ extractor: SignalExtractor, keep: (Int) -> Bool = { _ in true }
    ) throws -> [AccountProfile] {
        var places: [UInt64: Int] = [:]
        var profiles: [AccountProfile] = []
        var number = 0
        try eachExchange(decoder) { exchange in
            number += 1
            guard keep(number) else { return }
            let id = exchange.account.id
            let hash = Hash64.bytes(id.base, count: id.count)
            let place: Int
            if let known = places[hash] {
                place = known
            } else {
                place = profiles.count
                places[hash] = place
                profiles.append(AccountProfile(account: id.string))
            }
            profiles[place].add(exchange, extractor.signals(of: exchange), keepText: false)
        }
        return profiles
    }

    private func scan() throws -> Benchmark {
        let scanner = Scanner(
            options: ScanOptions(format: .stillwatch, threads: 1), rules: rules)
        let inputs = try InputSet([workload.path])
        return perExchange("scan", "a file to a set of profiles, on one thread") {
            let result = try scanner.scan(inputs, progress: ScanProgress())
            return UInt64(result.exchanges) &+ UInt64(result.profiles.byteCount)
        }
    }

    // MARK: Profiles

    private lazy var all: [AccountProfile] = made { _ in true }

    private func made(_ keep: (Int) -> Bool) -> [AccountProfile] {
        do {
            return try profiles(
                RecordDecoder(format: .stillwatch), SignalExtractor(rules: rules), keep: keep)
        } catch {
            fatalError("the workload cannot be read: \(error)")
        }
    }

    private func perProfile(
        _ name: String, _ about: String, count: Int, bytes: Int,
        _ pass: @escaping () throws -> UInt64
    ) -> Benchmark {
        Benchmark(
            name: name, about: about, unit: "profile", count: count, bytes: bytes, pass: pass)
    }

    private func merge() throws -> Benchmark {
        let odd = made { $0 % 2 == 1 }
        let even = Dictionary(
            made { $0 % 2 == 0 }.map { ($0.account, $0) }, uniquingKeysWith: { own, _ in own })
        let pairs = odd.compactMap { own in even[own.account].map { (own, $0) } }
        let bytes = pairs.reduce(0) { $0 + $1.0.serialized.count + $1.1.serialized.count }
        return perProfile(
            "merge", "AccountProfile.merge of two halves", count: pairs.count, bytes: bytes
        ) {
            var sum: UInt64 = 0
            for (own, other) in pairs {
                var merged = own
                merged.merge(other)
                sum &+= merged.exchanges &+ UInt64(merged.samples.count)
            }
            return sum
        }
    }

    private func encode() -> Benchmark {
        let profiles = all
        var writer = ByteWriter()
        let bytes = profiles.reduce(0) { $0 + $1.serialized.count }
        return perProfile(
            "encode", "AccountProfile.write", count: profiles.count, bytes: bytes
        ) {
            var sum: UInt64 = 0
            for profile in profiles {
                writer.removeAll()
                profile.write(to: &writer)
                sum &+= UInt64(writer.bytes.count) &+ UInt64(writer.bytes.last ?? 0)
            }
            return sum
        }
    }

    private func decode() throws -> Benchmark {
        let blocks = all.map { profile in
            profile.serialized.withUnsafeBytes { ByteBlock(copying: $0) }
        }
        return perProfile(
            "decode", "AccountProfile.init(from:)", count: blocks.count,
            bytes: blocks.reduce(0) { $0 + $1.bytes.count }
        ) {
            var sum: UInt64 = 0
            for block in blocks {
                var reader = ByteReader(block.bytes)
                let profile = try AccountProfile(from: &reader)
                sum &+= profile.exchanges &+ UInt64(profile.samples.count)
            }
            return sum
        }
    }

    private func judge() -> Benchmark {
        let set = ProfileSet(all)
        return Benchmark(
            name: "judge", about: "Judge: columns, links, groups, tests, on one thread",
            unit: "account", count: set.count, bytes: set.byteCount
        ) {
            let judgement = Judge(settings: JudgeSettings()).judge(set)
            let accused = judgement.accounts.reduce(0) {
                $0 + ($1.verdict == .distillation ? 1 : 0)
            }
            return UInt64(judgement.accounts.count * 1000 + accused)
        }
    }
}
