import ArgumentParser

/// A time span as people write it: a number and `s`, `m`, `h` or `d`.
struct Interval: ExpressibleByArgument, CustomStringConvertible {
    /// Seconds, 1 or more.
    let seconds: Int

    var duration: Duration { .seconds(seconds) }

    private static let units: [(letter: Character, seconds: Int)] = [
        ("d", 86_400), ("h", 3600), ("m", 60), ("s", 1),
    ]
    /// Longer is no watching, and short of any overflow.
    private static let longest = 366 * 86_400

    init(seconds: Int) { self.seconds = seconds }

    init?(argument: String) {
        guard let unit = Self.units.first(where: { $0.letter == argument.last }),
            let count = Int(argument.dropLast()), count > 0, count <= Self.longest / unit.seconds
        else { return nil }
        seconds = count * unit.seconds
    }

    var description: String {
        for unit in Self.units where seconds % unit.seconds == 0 {
            return "\(seconds / unit.seconds)\(unit.letter)"
        }
        return "\(seconds)s"
    }
}
