import Foundation
import NIOCore

/// One reading of both clocks: the steady one for durations, the civil one for the record.
struct Moment {
    let tick: NIODeadline
    /// Since 1970, UTC.
    let microseconds: Int64

    static func now() -> Moment { Moment(tick: .now(), microseconds: nowMicroseconds()) }

    /// Microseconds since 1970, UTC.
    static func nowMicroseconds() -> Int64 { Int64(Date().timeIntervalSince1970 * 1_000_000) }
}
