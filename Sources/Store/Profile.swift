/// The profile of an account on one day, as bytes that the caller can merge.
public struct ProfileRow: Sendable, Equatable {
    /// The day of the events: days since 1970 UTC.
    public var day: Int
    /// The account.
    public var account: String
    /// The profile.
    public var bytes: [UInt8]
    /// The change that wrote this row; the store gives it.
    public var revision: Int64

    /// A row with these values.
    public init(day: Int, account: String, bytes: [UInt8], revision: Int64 = 0) {
        self.day = day
        self.account = account
        self.bytes = bytes
        self.revision = revision
    }
}

/// How far a gateway's exchange log is in the profiles.
public struct LogPosition: Sendable, Equatable {
    /// The name of the log's segment.
    public var segment: String
    /// The first byte that is not in the profiles.
    public var offset: Int64

    /// A position.
    public init(segment: String, offset: Int64) {
        self.segment = segment
        self.offset = offset
    }
}

/// The level of one budget of a gateway.
public struct CounterRow: Sendable, Equatable {
    /// What is counted.
    public var key: String
    /// How much is used.
    public var level: Int64
    /// When `level` was right.
    public var updated: Int64

    /// A row with these values.
    public init(key: String, level: Int64, updated: Int64) {
        self.key = key
        self.level = level
        self.updated = updated
    }
}

extension ProfileRow: StoredRow {
    static let table = "profiles"
    static let columns = ["day", "account", "bytes", "revision"]
    static let key = ["day", "account"]

    init(row: inout SQLRow) throws(StoreError) {
        day = try row.int()
        account = try row.text()
        bytes = try row.bytes()
        revision = try row.integer()
    }

    var values: [SQLValue] {
        [.integer(Int64(day)), .text(account), .bytes(bytes), .integer(revision)]
    }
}

/// `CounterRow` with its gateway.
struct GatewayCounter: StoredRow {
    let gateway: String
    let counter: CounterRow

    static let table = "counters"
    static let columns = ["gateway", "name", "level", "updated"]
    static let key = ["gateway", "name"]

    init(gateway: String, counter: CounterRow) {
        self.gateway = gateway
        self.counter = counter
    }

    init(row: inout SQLRow) throws(StoreError) {
        gateway = try row.text()
        counter = CounterRow(
            key: try row.text(), level: try row.integer(), updated: try row.integer())
    }

    var values: [SQLValue] {
        [
            .text(gateway), .text(counter.key), .integer(counter.level),
            .integer(counter.updated),
        ]
    }
}

/// `LogPosition` with its gateway.
struct GatewayPosition: StoredRow {
    let gateway: String
    let position: LogPosition

    static let table = "log_positions"
    static let columns = ["gateway", "segment", "byte_offset"]
    static let key = ["gateway"]

    init(gateway: String, position: LogPosition) {
        self.gateway = gateway
        self.position = position
    }

    init(row: inout SQLRow) throws(StoreError) {
        gateway = try row.text()
        position = LogPosition(segment: try row.text(), offset: try row.integer())
    }

    var values: [SQLValue] {
        [.text(gateway), .text(position.segment), .integer(position.offset)]
    }
}
