/// Why budgets could not be set up. No case carries an account's name or a part of Redis' URL that is secret.
public enum BudgetError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A limit that nothing can be measured against. `limit` is its label.
    case badLimit(limit: String, reason: String)
    /// Two limits count the same.
    case duplicateLimit(limit: String)
    /// The address of Redis cannot be used. The address itself, which may hold a password, is not repeated.
    case badAddress(reason: String)
    /// A setting of the shared budget is out of its range.
    case badSetting(name: String, reason: String)
    /// The system refused what the connection's thread needs.
    case system(operation: String, errno: Int32)

    /// For a reader.
    public var description: String {
        switch self {
        case .badLimit(let limit, let reason): "the limit \(limit) cannot be kept: \(reason)"
        case .duplicateLimit(let limit):
            "there are two limits \(limit) for the same plans: keep the smaller one"
        case .badAddress(let reason):
            "the address of Redis cannot be used: \(reason); write redis://user:password@host:6379/0 or "
                + "unix:///path/of/socket"
        case .badSetting(let name, let reason):
            "the setting \(name) of the shared budget: \(reason)"
        case .system(let operation, let code):
            "the shared budget could not start: \(operation) failed (error \(code)): raise the limits on open files "
                + "and threads of the process"
        }
    }

    /// A name for metrics, out of a fixed set.
    public var label: String {
        switch self {
        case .badLimit: "bad_limit"
        case .duplicateLimit: "duplicate_limit"
        case .badAddress: "bad_address"
        case .badSetting: "bad_setting"
        case .system: "system"
        }
    }
}
