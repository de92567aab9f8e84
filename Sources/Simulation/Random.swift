import Foundation

/// SplitMix64 (Steele, Lea and Flood 2014) with the distributions that worlds are drawn from.
///
/// The same seed and stream name always give the same draws; nothing reads the system's randomness.
struct Random {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// A stream of its own for one part of the world, so that a change in one part leaves the others as they were.
    init(seed: UInt64, stream: String) {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in stream.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        state = Self.mix(seed ^ Self.mix(hash))
    }

    /// SplitMix64's finaliser: a bijection of 64-bit values.
    @inline(__always) static func mix(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    @inline(__always) mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        return Self.mix(state)
    }

    /// Uniform in 0..<1.
    @inline(__always) mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// Uniform in `range`.
    mutating func uniform(_ range: ClosedRange<Double>) -> Double {
        range.lowerBound + unit() * (range.upperBound - range.lowerBound)
    }

    /// Uniform in 0..<bound; zero for a bound below one.
    @inline(__always) mutating func int(_ bound: Int) -> Int {
        bound < 1 ? 0 : Int(next().multipliedFullWidth(by: UInt64(bound)).high)
    }

    /// Uniform in `range`.
    mutating func int(_ range: ClosedRange<Int>) -> Int {
        range.lowerBound + int(range.count)
    }

    mutating func chance(_ probability: Double) -> Bool { unit() < probability }

    /// Standard normal, by Box and Muller.
    mutating func normal() -> Double {
        let radius = (-2 * log(1 - unit())).squareRoot()
        return radius * cos(2 * .pi * unit())
    }

    /// Log-normal with the given median; `sigma` is the standard deviation of the logarithm.
    mutating func logNormal(median: Double, sigma: Double) -> Double {
        median * exp(sigma * normal())
    }

    /// Exponential with the given mean.
    mutating func exponential(mean: Double) -> Double { -mean * log(1 - unit()) }

    /// Pareto with the given least value and tail index.
    mutating func pareto(least: Double, index: Double) -> Double {
        least / pow(1 - unit(), 1 / index)
    }

    /// Poisson; above 30 by the normal approximation.
    mutating func poisson(_ mean: Double) -> Int {
        guard mean > 0 else { return 0 }
        if mean > 30 { return max(0, Int((mean + mean.squareRoot() * normal()).rounded())) }
        let limit = exp(-mean)
        var product = unit()
        var count = 0
        while product > limit {
            product *= unit()
            count += 1
        }
        return count
    }

    /// A whole number with the given mean: the fraction is rounded by chance.
    mutating func round(_ mean: Double) -> Int {
        let whole = mean.rounded(.down)
        return Int(whole) + (chance(mean - whole) ? 1 : 0)
    }

    @inline(__always) mutating func pick<C: RandomAccessCollection>(_ items: C) -> C.Element
    where C.Index == Int {
        items[items.startIndex + int(items.count)]
    }

    /// An index drawn in proportion to `weights`.
    mutating func weighted(_ weights: [Double]) -> Int {
        var left = unit() * weights.reduce(0, +)
        for (index, weight) in weights.enumerated() {
            left -= weight
            if left < 0 { return index }
        }
        return weights.count - 1
    }

    mutating func shuffle<T>(_ items: inout [T]) {
        var last = items.count - 1
        while last > 0 {
            items.swapAt(last, int(last + 1))
            last -= 1
        }
    }

    func shuffled<T>(_ items: [T]) -> [T] {
        var copy = items
        var stream = self
        stream.shuffle(&copy)
        return copy
    }

    /// Lower-case hexadecimal of `digits` random digits.
    mutating func hex(_ digits: Int) -> String {
        let alphabet = Array("0123456789abcdef".utf8)
        var bytes: [UInt8] = []
        for _ in 0..<digits { bytes.append(alphabet[int(16)]) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
