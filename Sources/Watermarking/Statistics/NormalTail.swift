import Foundation

/// Tails of the normal distribution, also where they are too small for a number.
enum NormalTail {
    /// P(Z >= z) / density(z), Mills' ratio: relative error below 1e-13.
    static func millsRatio(_ z: Double) -> Double {
        guard z > 6 else { return 0.5 * erfc(z / 2.0.squareRoot()) / density(z) }
        // Laplace's continued fraction, from its end: 60 terms are exact to rounding from 6 on.
        var value = z
        for term in stride(from: 60, through: 1, by: -1) { value = z + Double(term) / value }
        return 1 / value
    }

    static func density(_ z: Double) -> Double { exp(logDensity(z)) }

    static func logDensity(_ z: Double) -> Double { -0.5 * z * z - 0.5 * log(2 * Double.pi) }

    /// The natural logarithm of P(Z >= z).
    static func logUpper(_ z: Double) -> Double {
        z < -5 ? log1p(-0.5 * erfc(-z / 2.0.squareRoot())) : logDensity(z) + log(millsRatio(z))
    }
}
