#if canImport(Glibc)
    import Glibc
#endif
import Sketches

/// When an account became active: the moment after which its rate is most clearly higher than before.
///
/// For a new account that is its first exchange; for an old one that was taken into a campaign, the change. Maximum of
/// the Poisson likelihood ratio over the starts of active buckets (D. Hinkley, Biometrika 57, 1970).
enum ActivityShift {
    /// Least gain in log likelihood for a rise in rate to count; below it the first exchange is taken. Ten nats are
    /// beyond what a steady account reaches by chance over some thousand hours.
    private static let leastGain = 10.0

    /// Microseconds since 1970; never before the first exchange.
    static func moment(of profile: Population.History, before cutoff: Int64) -> Int64 {
        var total = 0.0
        var end: Int64 = 0
        profile.hours.forEach { start, count in
            guard start * 1_000_000 < cutoff else { return }
            total += Double(count)
            end = start + profile.hours.stepSeconds
        }
        guard total >= 20 else { return profile.firstMicroseconds }
        let begin = profile.firstMicroseconds / 1_000_000
        let span = Double(end - begin)
        var before = 0.0
        var best = (gain: leastGain, moment: profile.firstMicroseconds)
        profile.hours.forEach { start, count in
            guard start * 1_000_000 < cutoff else { return }
            let earlier = Double(start - begin)
            let later = Double(end - start)
            if earlier > 86_400, later > 86_400 {
                let after = total - before
                // Only rises: a rate that falls is an account that was left, not one that was taken up.
                if after / later > 2 * before / earlier {
                    let gain =
                        after * log(after / later)
                        + (before > 0 ? before * log(before / earlier) : 0)
                        - total * log(total / span)
                    if gain > best.gain { best = (gain, start * 1_000_000) }
                }
            }
            before += Double(count)
        }
        return max(profile.firstMicroseconds, best.moment)
    }
}
