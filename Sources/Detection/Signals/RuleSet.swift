import CHyperscan

/// One pattern that puts a prompt into a category.
public struct Rule: Sendable, Equatable {
    /// Unique name, such as `elicit.reasoning_behind_answer`.
    public let id: String
    /// What a match means.
    public let category: Category
    /// A regular expression in Hyperscan's subset of PCRE syntax, matched without regard to ASCII case.
    public let pattern: String

    /// Makes a rule; the pattern is checked when a `RuleSet` is compiled.
    public init(id: String, category: Category, pattern: String) {
        self.id = id
        self.category = category
        self.pattern = pattern
    }
}

/// Why rules could not be compiled.
public enum RuleSetError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The pattern of rule `id` is not one Hyperscan accepts; `reason` is its message.
    case badPattern(id: String, reason: String)
    /// Hyperscan could not make a database or scratch space; `code` is its error code.
    case hyperscan(code: Int32)

    /// For a reader.
    public var description: String {
        switch self {
        case .badPattern(let id, let reason):
            "rule '\(id)': the pattern cannot be compiled: \(reason)"
        case .hyperscan(let code):
            "Hyperscan failed with code \(code); this processor may lack SSSE3"
        }
    }
}

/// Rules compiled into one Hyperscan database: all patterns are looked for in one pass over the bytes.
///
/// Immutable after compilation and shared by all threads; each thread scans with a `RuleScanner` of its own.
public final class RuleSet: @unchecked Sendable {
    // Safe to share: a Hyperscan database is read-only once compiled.
    let database: OpaquePointer
    /// The rules, in the order of their ids in the database.
    public let rules: [Rule]

    /// Compiles `rules`.
    public init(_ rules: [Rule]) throws(RuleSetError) {
        self.rules = rules
        let patterns = rules.map { Array($0.pattern.utf8CString) }
        var pointers: [UnsafePointer<CChar>?] = []
        // The copies live until the compile call returns.
        let storage = patterns.map { pattern -> UnsafeMutablePointer<CChar> in
            let copy = UnsafeMutablePointer<CChar>.allocate(capacity: pattern.count)
            copy.initialize(from: pattern, count: pattern.count)
            return copy
        }
        defer { for pointer in storage { pointer.deallocate() } }
        for pointer in storage { pointers.append(UnsafePointer(pointer)) }
        let flag = UInt32(HS_FLAG_CASELESS | HS_FLAG_SINGLEMATCH)
        let flags = [UInt32](repeating: flag, count: rules.count)
        let ids = (0..<UInt32(rules.count)).map { $0 }
        var database: OpaquePointer?
        var failure: UnsafeMutablePointer<hs_compile_error_t>?
        let status = hs_compile_multi(
            pointers, flags, ids, UInt32(rules.count), UInt32(HS_MODE_BLOCK), nil, &database,
            &failure)
        if status != HS_SUCCESS {
            defer { hs_free_compile_error(failure) }
            if let failure, failure.pointee.expression >= 0 {
                throw .badPattern(
                    id: rules[Int(failure.pointee.expression)].id,
                    reason: String(cString: failure.pointee.message))
            }
            throw .hyperscan(code: status)
        }
        guard let database else { throw .hyperscan(code: status) }
        self.database = database
    }

    deinit { hs_free_database(database) }
}

/// Scans prompts with a rule set; one for each thread.
final class RuleScanner {
    private let rules: RuleSet
    private var scratch: OpaquePointer?
    /// Category bit of each rule, by id.
    private let bits: UnsafeMutablePointer<UInt32>

    private struct Context {
        var bits: UnsafeMutablePointer<UInt32>
        var found: UInt32
    }

    init(_ rules: RuleSet) throws(RuleSetError) {
        self.rules = rules
        bits = .allocate(capacity: max(1, rules.rules.count))
        for (index, rule) in rules.rules.enumerated() { bits[index] = rule.category.bit }
        let status = hs_alloc_scratch(rules.database, &scratch)
        if status != HS_SUCCESS { throw .hyperscan(code: status) }
    }

    deinit {
        hs_free_scratch(scratch)
        bits.deallocate()
    }

    /// The categories whose rules match somewhere in the bytes.
    func categories(of base: UnsafePointer<UInt8>?, count: Int) -> UInt32 {
        guard let base, count > 0 else { return 0 }
        var context = Context(bits: bits, found: 0)
        return withUnsafeMutablePointer(to: &context) { pointer in
            _ = base.withMemoryRebound(to: CChar.self, capacity: count) { text in
                hs_scan(
                    rules.database, text, UInt32(clamping: count), 0, scratch,
                    { id, _, _, _, raw in
                        let context = raw!.assumingMemoryBound(to: Context.self)
                        context.pointee.found |= context.pointee.bits[Int(id)]
                        return 0
                    }, pointer)
            }
            return pointer.pointee.found
        }
    }
}
