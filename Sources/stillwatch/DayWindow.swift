import ArgumentParser

/// A number of whole days as people write it, such as `45d`.
struct DayWindow: ExpressibleByArgument, CustomStringConvertible {
    /// Days, 1 or more.
    let days: Int

    /// Longer than any log.
    private static let longest = 100_000

    init?(argument: String) {
        guard argument.last == "d", let days = Int(argument.dropLast()),
            (1...Self.longest).contains(days)
        else { return nil }
        self.days = days
    }

    var description: String { "\(days)d" }
}
