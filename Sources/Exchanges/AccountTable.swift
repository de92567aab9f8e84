/// What a provider knows of one account's sign-up. Absent text is empty.
public struct AccountRecord: Sendable, Equatable {
    /// The account's identifier, as the logs write it; never empty.
    public var account: String
    /// When the account was made.
    public var created: EventTime?
    /// The customer organisation or team.
    public var organization = ""
    /// The domain of the sign-up address.
    public var emailDomain = ""
    /// ISO 3166 country code.
    public var country = ""
    /// A provider's opaque identifier for the payment instrument.
    public var paymentFingerprint = ""
    /// The price plan's name.
    public var plan = ""
    /// The sign-up path: education, research, startup and so on.
    public var signupPath = ""
    /// A provider's opaque identifier for the telephone number.
    public var phoneFingerprint = ""
    /// Whether the provider vouches for the account.
    public var trusted = false

    /// Makes a record that holds only the identifier.
    public init(account: String) { self.account = account }
}

/// Why an account table cannot be used at all. A bad row is a fault of the table instead.
public enum AccountTableError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The input has no rows.
    case empty
    /// The header has no column `account`.
    case missingAccountColumn(found: [String])
    /// The header names a column twice.
    case repeatedColumn(name: String, column: Int)
    /// A quoted field is not closed.
    case unclosedQuote(line: Int, column: Int)

    /// What is wrong, where, and what to do.
    public var description: String {
        switch self {
        case .empty:
            return "The account table is empty. Its first line must name the columns: "
                + AccountTable.columnNames + "."
        case .missingAccountColumn(let found):
            return
                "line 1: no column is named `account` (found: \(found.joined(separator: ", "))). "
                + "Name the columns on the first line: " + AccountTable.columnNames + "."
        case .repeatedColumn(let name, let column):
            return "line 1, column \(column): `\(name)` is named a second time. Keep one."
        case .unclosedQuote(let line, let column):
            return "line \(line), column \(column): the quote opened here is not closed. "
                + "Close it, and write a quote inside a quoted field twice."
        }
    }
}

/// Sign-up facts by account identifier: the table that `--accounts` joins to the logs.
public struct AccountTable: Sendable {
    /// A row that was not taken.
    public struct Fault: Sendable, Equatable, CustomStringConvertible {
        /// Line of the row's start, from 1.
        public let line: Int
        /// Column of the field concerned, from 1, in CSV; otherwise 0.
        public let column: Int
        /// Why.
        public let record: BadRecord
        /// What to do about it.
        public let advice: String

        /// What is wrong, where, and what to do.
        public var description: String {
            let place = column > 0 ? "line \(line), column \(column)" : "line \(line)"
            let field = record.field.isEmpty ? "" : " `\(record.field)`"
            return "\(place): \(record.reason.rawValue)\(field). \(advice)"
        }
    }

    /// The rows by account.
    public var records: [String: AccountRecord] = [:]
    /// The rows that were not taken, in order; the first row of an account counts.
    public var faults: [Fault] = []

    static let columnNames =
        "account, created, organization, email_domain, country, payment_fingerprint, plan, "
        + "signup_path, phone_fingerprint, trusted"

    /// Makes an empty table.
    public init() {}

    /// Reads a table.
    /// - Parameters:
    ///   - bytes: the file. A byte order mark is skipped, lines may end in CR LF.
    ///   - isCSV: RFC 4180 with the column names on the first line, in any order; otherwise JSON Lines with those names as fields.
    /// - Throws: when no row could be read rightly; single bad rows are in `faults`.
    public static func parse(
        _ bytes: UnsafeRawBufferPointer, isCSV: Bool
    ) throws(AccountTableError) -> AccountTable {
        var input = bytes[...]
        if input.starts(with: [0xEF, 0xBB, 0xBF]) { input = input.dropFirst(3) }
        var table = AccountTable()
        if isCSV {
            try table.readCSV(input)
        } else {
            table.readJSONLines(input)
        }
        return table
    }

    mutating func add(_ record: AccountRecord, line: Int, column: Int) {
        if records[record.account] != nil {
            let advice = "The account has an earlier row, which counts. Remove one."
            faults.append(
                Fault(
                    line: line, column: column, record: BadRecord(.wrongType, field: "account"),
                    advice: advice))
        } else {
            records[record.account] = record
        }
    }

    mutating func reject(
        _ reason: BadRecord.Reason, _ field: String, line: Int, column: Int = 0, _ advice: String
    ) {
        faults.append(
            Fault(
                line: line, column: column, record: BadRecord(reason, field: field), advice: advice)
        )
    }

    private mutating func readCSV(_ input: Slice<UnsafeRawBufferPointer>) throws(AccountTableError)
    {
        var reader = CSVReader(input)
        guard let header = try reader.nextRow() else { throw .empty }
        let names = header.fields.map { name in
            String(decoding: name, as: UTF8.self).filter { $0 != " " && $0 != "\t" }.lowercased()
        }
        var seen = Set<String>()
        for (index, name) in names.enumerated() where !name.isEmpty {
            guard seen.insert(name).inserted else {
                throw .repeatedColumn(name: name, column: index + 1)
            }
        }
        guard names.contains("account") else { throw .missingAccountColumn(found: names) }
        while let row = try reader.nextRow() {
            if row.fields.count == 1 && row.fields[0].isEmpty { continue }
            readRow(row, names)
        }
    }

    private mutating func readRow(_ row: CSVReader.Row, _ names: [String]) {
        guard row.fields.count == names.count else {
            return reject(
                .wrongType, "", line: row.line, column: row.fields.count,
                "The row has \(row.fields.count) fields and the header \(names.count). "
                    + "Quote fields that hold commas.")
        }
        var record = AccountRecord(account: "")
        for (index, name) in names.enumerated() {
            guard let text = String(validating: row.fields[index], as: UTF8.self) else {
                return reject(
                    .notUTF8, name, line: row.line, column: index + 1, "Save the file as UTF-8.")
            }
            if let (reason, advice) = record.set(name, text) {
                return reject(reason, name, line: row.line, column: index + 1, advice)
            }
        }
        let column = (names.firstIndex(of: "account") ?? 0) + 1
        guard !record.account.isEmpty else {
            return reject(
                .missingField, "account", line: row.line, column: column,
                "Fill in the account's identifier.")
        }
        add(record, line: row.line, column: column)
    }

    private mutating func readJSONLines(_ input: Slice<UnsafeRawBufferPointer>) {
        let parser = JSONParser()
        let scratch = Scratch()
        var line = 0
        for part in input.split(separator: 0x0A, omittingEmptySubsequences: false) {
            line += 1
            scratch.reset()
            let text = part.withContiguousStorageIfAvailable { scratch.arena.copy($0) } ?? .empty
            guard text.firstNonBlank != nil else { continue }
            do throws(JSONParser.Failure) {
                let value = try parser.parse(text)
                guard value.isObject else {
                    reject(.wrongType, "", line: line, "Write one JSON object a line.")
                    continue
                }
                readObject(value, line: line, scratch: scratch)
            } catch {
                let reason = MalformedText.reason(for: error, in: text, isLast: false)
                reject(reason, "", line: line, "Write one JSON object a line.")
            }
        }
    }

    private mutating func readObject(_ value: JSONValue, line: Int, scratch: Scratch) {
        var record = AccountRecord(account: "")
        for (name, field) in value.fields {
            let column = name.string
            var text = ""
            switch field.kind {
            case .null, .absent: continue
            case .bool: text = field.bool == true ? "true" : "false"
            case .string: text = field.text.string
            case .integer, .unsigned, .double:
                if let number = field.int {
                    text = String(number)
                } else if let number = field.double {
                    text = String(number)
                }
            case .array, .object:
                guard AccountRecord.columns.contains(column) else { continue }
                return reject(.wrongType, column, line: line, "Write text, a number or a boolean.")
            }
            if let (reason, advice) = record.set(column, text) {
                return reject(reason, column, line: line, advice)
            }
        }
        guard !record.account.isEmpty else {
            return reject(
                .missingField, "account", line: line, "Fill in the account's identifier.")
        }
        add(record, line: line, column: 0)
    }
}

extension AccountRecord {
    static let columns: Set<String> = [
        "account", "created", "organization", "email_domain", "country", "payment_fingerprint",
        "plan", "signup_path", "phone_fingerprint", "trusted",
    ]

    /// Sets the field of a column; other columns are ignored.
    /// - Returns: why the text cannot be read, and what to do.
    fileprivate mutating func set(
        _ column: String, _ text: String
    ) -> (BadRecord.Reason, String)? {
        switch column {
        case "account": account = text
        case "created": return setCreated(text)
        case "organization": organization = text
        case "email_domain": emailDomain = text
        case "country": country = text
        case "payment_fingerprint": paymentFingerprint = text
        case "plan": plan = text
        case "signup_path": signupPath = text
        case "phone_fingerprint": phoneFingerprint = text
        case "trusted":
            switch text.lowercased() {
            case "", "false", "no", "0", "f", "n": trusted = false
            case "true", "yes", "1", "t", "y": trusted = true
            default: return (.wrongType, "Write `true` or `false`.")
            }
        default: break
        }
        return nil
    }

    private mutating func setCreated(_ text: String) -> (BadRecord.Reason, String)? {
        if text.isEmpty { return nil }
        let time = text.utf8.withContiguousStorageIfAvailable { bytes -> EventTime? in
            let view = ByteView(base: bytes.baseAddress, count: bytes.count)
            return EventTime(rfc3339: view) ?? EventTime(date: view)
                ?? EventTime(unixSeconds: view)
        }
        guard let time = time ?? nil, EventTime.plausible.contains(time) else {
            return (.impossibleTime, "Write a time such as 2026-04-20T10:00:00Z, from 2015 on.")
        }
        created = time
        return nil
    }
}
