import Foundation

/// Microseconds in a second.
let second: Int64 = 1_000_000
/// Microseconds in a day.
let day: Int64 = 86_400 * second

/// When somebody or something works: weights of the local hours of a day, and of the weekend.
struct Rhythm {
    /// Relative intensity of the 24 local hours.
    var hours: [Double]
    /// Intensity of Saturday and Sunday relative to a weekday.
    var weekend: Double
    /// Hours ahead of UTC.
    var zone: Double

    /// A person: awake for about 16 hours, with peaks of their own.
    static func person(_ random: inout Random, zone: Double, office: Double = 0.4) -> Rhythm {
        let works = random.chance(office)
        let peak = works ? random.uniform(9.5...16) : random.uniform(14...23)
        let second = works ? random.uniform(19...22) : random.uniform(9...21)
        let width = random.uniform(1.6...3.6)
        let wake = random.uniform(6...10)
        let hours = (0..<24).map { hour -> Double in
            let time = Double(hour) + 0.5
            func bump(_ centre: Double) -> Double {
                let distance = abs(time - centre)
                let circular = min(distance, 24 - distance)
                return exp(-circular * circular / (2 * width * width))
            }
            let asleep = (time - wake + 24).truncatingRemainder(dividingBy: 24) > 16.5
            return (bump(peak) + 0.4 * bump(second) + 0.04) * (asleep ? 0.02 : 1)
        }
        let weekend = works ? random.uniform(0.05...0.5) : random.uniform(0.7...1.8)
        return Rhythm(hours: hours, weekend: weekend, zone: zone)
    }

    /// Office hours with a lunch dip.
    static func office(zone: Double, weekend: Double = 0.08) -> Rhythm {
        let hours = [
            0.02, 0.01, 0.01, 0.01, 0.01, 0.02, 0.1, 0.4, 1, 1.5, 1.6, 1.4, 0.8, 1.2, 1.5, 1.4, 1.2,
            0.8, 0.4, 0.2, 0.15, 0.12, 0.08, 0.04,
        ]
        return Rhythm(hours: hours, weekend: weekend, zone: zone)
    }

    /// A public service: less at night, never silent.
    static func service(zone: Double) -> Rhythm {
        let hours = (0..<24).map { 1 + 0.7 * sin((Double($0) - 9) / 24 * 2 * .pi) }
        return Rhythm(hours: hours, weekend: 0.8, zone: zone)
    }

    /// Machines: always on.
    static let flat = Rhythm(hours: [Double](repeating: 1, count: 24), weekend: 1, zone: 0)

    /// Days are counted from 1970-01-01, a Thursday.
    static func isWeekend(_ dayNumber: Int) -> Bool {
        (dayNumber + 4) % 7 == 0 || (dayNumber + 4) % 7 == 6
    }

    /// Moments of `count` events between `from` and `to`, in order.
    ///
    /// Gaps are drawn in operational time, from a recorded trace where there is one, and mapped through the inverse of
    /// the cumulated intensity, so that recorded burstiness and the rhythm's hours hold together.
    func arrivals(
        _ count: Int, from: Int64, to: Int64, gaps trace: [Float], _ random: inout Random
    ) -> [Int64] {
        guard count > 0, to > from else { return [] }
        let hour = 3600 * second
        let shift = Int64(zone * 3600) * second
        var cumulated: [Double] = [0]
        var edges: [Int64] = [from]
        var at = from
        while at < to {
            let next = min(to, ((at + shift) / hour + 1) * hour - shift)
            let local = Int((at + shift) / hour)
            let weight = hours[local % 24] * (Self.isWeekend(local / 24) ? weekend : 1)
            cumulated.append(cumulated[cumulated.count - 1] + weight * Double(next - at))
            edges.append(next)
            at = next
        }
        var operational: [Double] = []
        operational.reserveCapacity(count)
        var sum = 0.0
        let offset = trace.isEmpty ? 0 : random.int(trace.count)
        for index in 0..<count {
            let gap =
                trace.isEmpty
                ? random.exponential(mean: 1) * random.logNormal(median: 1, sigma: 0.8)
                : Double(trace[(offset + index) % trace.count]) * random.uniform(0.8...1.2) + 1e-4
            sum += gap
            operational.append(sum)
        }
        let total = cumulated[cumulated.count - 1]
        let scale = total / (sum + sum / Double(count) * random.unit())
        var segment = 0
        return operational.map { moment in
            let target = moment * scale
            while segment < edges.count - 2, cumulated[segment + 1] < target { segment += 1 }
            let span = cumulated[segment + 1] - cumulated[segment]
            let part = span > 0 ? (target - cumulated[segment]) / span : 0
            return edges[segment]
                + Int64(min(1, max(0, part)) * Double(edges[segment + 1] - edges[segment] - 1))
        }
    }

    /// A moment on the day that starts at `midnight` (local), by the hours' weights.
    func moment(onDay dayNumber: Int, _ random: inout Random) -> Int64 {
        let hour = random.weighted(hours)
        let local = Int64(dayNumber) * day + Int64(hour) * 3600 * second
        return local + Int64(random.unit() * 3600e6) - Int64(zone * 3600) * second
    }
}
