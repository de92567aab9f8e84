import Foundation

/// What the command line asks for.
private struct Arguments {
    var names = Benchmarks.names
    var iterations: Int?
    var world: String?
    var target: String?
    var isJSON = false

    static let usage = """
        usage: benchmarks [--only NAME]... [--iterations N] [--world FOLDER] [--json]
               benchmarks --make-world FOLDER

        Measures \(Benchmarks.names.joined(separator: ", ")) on a simulated log, one pass to warm up and then N passes,
        by default as many as take a second. --world takes the log that --make-world wrote instead of making it anew.

        """

    init(_ arguments: [String]) throws(WrongResult) {
        var rest = arguments[...]
        var only: [String] = []
        while let option = rest.popFirst() {
            func value() throws(WrongResult) -> String {
                guard let value = rest.popFirst() else {
                    throw WrongResult(description: "\(option) needs a value")
                }
                return value
            }
            switch option {
            case "--only":
                let name = try value()
                guard Benchmarks.names.contains(name) else {
                    throw WrongResult(description: "no benchmark is called '\(name)'")
                }
                only.append(name)
            case "--iterations":
                guard let count = Int(try value()), count > 0 else {
                    throw WrongResult(description: "--iterations needs a number above zero")
                }
                iterations = count
            case "--world": world = try value()
            case "--make-world": target = try value()
            case "--json": isJSON = true
            default: throw WrongResult(description: "unknown option '\(option)'")
            }
        }
        if !only.isEmpty { names = only }
    }
}

/// One benchmark's passes.
private struct Measurement: Encodable {
    let name: String
    let unit: String
    /// Things in a pass.
    let count: Int
    /// Bytes in a pass.
    let bytes: Int
    let passes: Int
    /// Wall-clock seconds of the median, shortest and longest pass.
    let seconds: Double
    let shortest: Double
    let longest: Double
    let includes: String?

    init(_ benchmark: Benchmark, iterations: Int?) throws {
        let expected = try benchmark.pass()
        let clock = ContinuousClock()
        var times: [Double] = []
        let begin = clock.now
        while iterations.map({ times.count < $0 })
            ?? (times.count < 5 || begin.duration(to: clock.now) < .seconds(1))
        {
            let start = clock.now
            let found = try measuredPass(benchmark.pass)
            times.append(start.duration(to: clock.now) / .seconds(1))
            guard found == expected else {
                throw WrongResult(
                    description:
                        "\(benchmark.name): a pass gave \(found), the first one \(expected)")
            }
        }
        times.sort()
        name = benchmark.name
        unit = benchmark.unit
        count = benchmark.count
        bytes = benchmark.bytes
        includes = benchmark.includes
        passes = times.count
        seconds = times[times.count / 2]
        shortest = times[0]
        longest = times[times.count - 1]
    }
}

@main
enum Main {
    static func main() {
        do {
            try run(Arguments(Array(CommandLine.arguments.dropFirst())))
        } catch {
            FileHandle.standardError.write(Data("benchmarks: \(error)\n\(Arguments.usage)".utf8))
            exit(2)
        }
    }

    private static func run(_ arguments: Arguments) throws {
        if let target = arguments.target { return try Workload.make(in: target) }
        var folder = arguments.world ?? ""
        if arguments.world == nil {
            folder = NSTemporaryDirectory() + "stillwatch-benchmarks-" + UUID().uuidString
            try Workload.make(in: folder)
        }
        defer { if arguments.world == nil { try? FileManager.default.removeItem(atPath: folder) } }
        let benchmarks = try Benchmarks(Workload(folder: folder))
        var measurements: [Measurement] = []
        for name in arguments.names {
            guard let benchmark = try benchmarks.benchmark(name) else { continue }
            let measurement = try Measurement(benchmark, iterations: arguments.iterations)
            measurements.append(measurement)
            if !arguments.isJSON { print(line(measurement, benchmark.about)) }
        }
        if arguments.isJSON {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            print(String(decoding: try encoder.encode(measurements), as: UTF8.self))
        }
    }

    private static func line(_ measurement: Measurement, _ about: String) -> String {
        let each = measurement.seconds / Double(max(1, measurement.count)) * 1e6
        let rate = Double(measurement.bytes) / measurement.seconds / 1e6
        let spread = (measurement.longest - measurement.shortest) / measurement.seconds * 100
        let name = measurement.name.padding(toLength: 9, withPad: " ", startingAt: 0)
        let unit = measurement.unit.padding(toLength: 9, withPad: " ", startingAt: 0)
        return name + String(format: "%10.2f us/", each) + unit
            + String(format: "%9.1f MB/s", rate)
            + String(format: "%5d passes, spread %3.0f %%  ", measurement.passes, spread)
            + (measurement.includes.map { "\($0) " } ?? "") + about
    }
}
