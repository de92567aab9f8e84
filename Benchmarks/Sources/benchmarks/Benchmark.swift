/// Something to measure: a pass over the workload that is done again and again.
struct Benchmark {
    /// Its name.
    let name: String
    /// What it does.
    let about: String
    /// What one thing is of which a pass has `count`.
    let unit: String
    /// Things in a pass.
    let count: Int
    /// Bytes that a pass reads or writes.
    let bytes: Int
    /// The benchmark whose work it does as well; `nil` for one that stands by itself.
    var includes: String?
    /// Does one pass.
    /// - Returns: a number that depends on everything it worked out, and must be that of every other pass.
    let pass: () throws -> UInt64
}

/// A pass that is measured. Tools that count instructions tell these passes by this function's name, so it is neither
/// inlined nor specialised.
@inline(never) @_optimize(none)
func measuredPass(_ body: () throws -> UInt64) rethrows -> UInt64 { try body() }
