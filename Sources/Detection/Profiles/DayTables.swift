import Exchanges
import Synchronization

/// Profile tables of single days (UTC), so that days can be kept, merged and left out apart.
///
/// An exchange belongs to the day of its own time. A table exists from its day's first exchange on.
package final class DayTables: Sendable {
    private let tables = Mutex<[Int: ProfileTable]>([:])
    /// Exchanges of days before this one are not kept.
    private let first: Int

    private static let microsecondsPerDay: Int64 = 86_400_000_000

    /// No exchanges yet; those of days before `first` get no table.
    package init(first: Int = .min) { self.first = first }

    /// Days since 1970-01-01 of a moment.
    package static func day(of time: EventTime) -> Int {
        let (days, rest) = time.microseconds.quotientAndRemainder(dividingBy: microsecondsPerDay)
        return Int(rest < 0 ? days - 1 : days)
    }

    /// The moment at which a day begins.
    package static func beginning(of day: Int) -> EventTime {
        EventTime(microseconds: Int64(day) * microsecondsPerDay)
    }

    /// The table of a day; `nil` if that day is not kept.
    package func table(for day: Int) -> ProfileTable? {
        if day < first { return nil }
        return tables.withLock { tables in
            if let table = tables[day] { return table }
            let table = ProfileTable()
            tables[day] = table
            return table
        }
    }

    /// The profiles of each day, in order. Tables that were handed out before must not be used any more.
    package func take(threads: Int) -> [(day: Int, profiles: ProfileSet)] {
        let taken = tables.withLock { tables in
            defer { tables = [:] }
            return tables
        }
        return taken.sorted { $0.key < $1.key }.map { ($0.key, $0.value.take(threads: threads)) }
    }
}
