import CPostgreSQL

/// Parameters of a statement in PostgreSQL's binary format, and rows from it.
struct PostgreSQLParameters {
    private var bytes: [UInt8] = []
    private var starts: [Int?] = []
    private var types: [Oid] = []
    private var lengths: [Int32] = []

    /// The types' numbers in PostgreSQL's catalogue `pg_type`, which never change.
    private enum TypeNumber {
        static let bool: Oid = 16
        static let bytes: Oid = 17
        static let int8: Oid = 20
        static let int4: Oid = 23
        static let text: Oid = 25
        static let float8: Oid = 701
    }

    init(_ values: [SQLValue]) throws(StoreError) {
        for value in values {
            try value.check()
            let start = bytes.count
            switch value {
            case .null: types.append(0)
            case .integer(let value):
                types.append(TypeNumber.int8)
                append(UInt64(bitPattern: value))
            case .real(let value):
                types.append(TypeNumber.float8)
                append(value.bitPattern)
            case .text(let value):
                types.append(TypeNumber.text)
                bytes.append(contentsOf: value.utf8)
            case .bytes(let value):
                types.append(TypeNumber.bytes)
                bytes.append(contentsOf: value)
            }
            starts.append(value == .null ? nil : start)
            guard let length = Int32(exactly: bytes.count - start) else {
                throw .unusable(field: "a value", reason: "it is longer than 2 GiB")
            }
            lengths.append(length)
        }
        // So that the pointer to an empty last value is not `nil`, which would be NULL.
        bytes.append(0)
    }

    private mutating func append(_ value: UInt64) {
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }

    /// The arrays that `PQexecParams` takes.
    func withPointers<T>(
        _ body: (
            UnsafePointer<Oid>?, UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?,
            UnsafePointer<Int32>?
        ) -> T
    ) -> T {
        bytes.withUnsafeBytes { buffer in
            let base = buffer.baseAddress!.assumingMemoryBound(to: CChar.self)
            let pointers = starts.map { start in start.map { base + $0 } }
            let formats = [Int32](repeating: 1, count: starts.count)
            return types.withUnsafeBufferPointer { types in
                pointers.withUnsafeBufferPointer { pointers in
                    lengths.withUnsafeBufferPointer { lengths in
                        formats.withUnsafeBufferPointer { formats in
                            body(
                                types.baseAddress, pointers.baseAddress, lengths.baseAddress,
                                formats.baseAddress)
                        }
                    }
                }
            }
        }
    }

    /// The rows of a result in binary format.
    static func rows(of result: OpaquePointer?, database: String) throws(StoreError) -> [SQLRow] {
        let columns = PQnfields(result)
        var rows: [SQLRow] = []
        rows.reserveCapacity(Int(PQntuples(result)))
        for row in 0..<PQntuples(result) {
            var values: [SQLValue] = []
            values.reserveCapacity(Int(columns))
            for column in 0..<columns {
                guard PQgetisnull(result, row, column) == 0,
                    let start = PQgetvalue(result, row, column)
                else {
                    values.append(.null)
                    continue
                }
                let bytes = UnsafeRawBufferPointer(
                    start: start, count: Int(PQgetlength(result, row, column)))
                values.append(
                    try value(bytes, type: PQftype(result, column), database: database))
            }
            rows.append(SQLRow(values, database: database))
        }
        return rows
    }

    private static func value(
        _ bytes: UnsafeRawBufferPointer, type: Oid, database: String
    ) throws(StoreError) -> SQLValue {
        var number: UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
        switch type {
        case TypeNumber.int8: return .integer(Int64(bitPattern: number))
        case TypeNumber.int4: return .integer(Int64(Int32(truncatingIfNeeded: number)))
        case TypeNumber.bool: return .integer(Int64(number))
        case TypeNumber.float8: return .real(Double(bitPattern: number))
        case TypeNumber.text: return .text(String(decoding: bytes, as: UTF8.self))
        case TypeNumber.bytes: return .bytes([UInt8](bytes))
        // What a function without a result returns.
        case 2278: return .null
        default: throw .damaged(database: database, reason: "a column has type \(type)")
        }
    }
}
