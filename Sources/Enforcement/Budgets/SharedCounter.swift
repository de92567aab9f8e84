import CCrypto

/// A counter in Redis as one gateway sees it. Guarded by the lock of the budget it belongs to.
final class SharedCounter: @unchecked Sendable {
    let limit: Limit
    /// Its name in Redis, as an argument of a command. A digest, so that no account's name can be another counter's or
    /// have a meaning for Redis, and none is legible there.
    let name: [UInt8]
    /// What both scripts take of the limit, as arguments of a command.
    let terms: [UInt8]
    /// What this gateway's requests hold, whoever granted them.
    var held: Int64 = 0
    /// What was used while Redis could not be told, in the gateway's share of the limit.
    var unsent = Spending()
    let share: Pace
    /// Whether Redis has to be told of `held` and `unsent` when it is back.
    var isDirty = false

    init(key: String, limit: Limit, gateways: Int64) {
        self.limit = limit
        let pace = Pace(limit.window, amount: limit.amount)
        share = Pace(limit.window, amount: max(1, limit.amount / gateways))
        var digest = [UInt8](repeating: 0, count: 32)
        var length: UInt32 = 0
        let bytes = Array(key.utf8)
        EVP_Digest(bytes, bytes.count, &digest, &length, EVP_sha256(), nil)
        var name = RedisCommand()
        name.argument(Self.prefix + hexadecimal(digest[..<20]))
        self.name = name.bytes
        var terms = RedisCommand()
        terms.argument(String(UnicodeScalar(pace.kind.rawValue)))
        terms.argument(limit.amount)
        terms.argument(pace.windowMicroseconds)
        terms.argument(limit.isHard ? 1 : 0)
        self.terms = terms.bytes
    }

    /// Braces make one slot of all keys in a cluster, since a script may use only keys of one.
    static let prefix = "{stillwatch}:c:"
}

/// Bytes in lower-case hexadecimal.
func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(
        decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}
