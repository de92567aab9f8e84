/// A row of one table, as a structure.
protocol StoredRow {
    static var table: String { get }
    /// In the order of `values` and of `init(row:)`.
    static var columns: [String] { get }
    /// The columns of the primary key.
    static var key: [String] { get }

    init(row: inout SQLRow) throws(StoreError)
    var values: [SQLValue] { get }
}

/// Rows of a batch per statement. PostgreSQL takes 65,535 parameters and SQLite 32,766; the widest table has 13 columns.
let rowsPerStatement = 256

extension SQLSession {
    /// The rows of a table; `rest` is what follows `FROM table`.
    func fetch<Row: StoredRow>(
        _ type: Row.Type, _ rest: String, _ values: [SQLValue] = []
    ) throws(StoreError) -> [Row] {
        let columns = Row.columns.joined(separator: ", ")
        var found: [Row] = []
        for var row in try execute("SELECT \(columns) FROM \(Row.table) \(rest)", values) {
            found.append(try Row(row: &row))
        }
        return found
    }

    /// The rows changed after a revision, in the order of their revisions.
    func fetch<Row: StoredRow>(
        _ type: Row.Type, changedAfter revision: Int64, limit: Int = .max
    ) throws(StoreError) -> [Row] {
        try fetch(
            type, "WHERE revision > $1 ORDER BY revision LIMIT $2",
            [.integer(revision), .integer(Int64(max(limit, 0)))])
    }

    /// The row with this value in its only key column.
    func fetch<Row: StoredRow>(_ type: Row.Type, id: String) throws(StoreError) -> Row? {
        try fetch(type, "WHERE \(Row.key[0]) = $1", [.text(id)]).first
    }

    /// Inserts rows, or replaces those with the same key. No key may come twice in `rows`.
    func put<Row: StoredRow>(_ rows: [Row]) throws(StoreError) {
        let updates = Row.columns.filter { !Row.key.contains($0) }
            .map { "\($0) = excluded.\($0)" }.joined(separator: ", ")
        try insert(
            rows, " ON CONFLICT (\(Row.key.joined(separator: ", "))) DO UPDATE SET \(updates)")
    }

    /// Inserts rows. `rest` says what to do with keys that are there already, which are an error otherwise.
    func insert<Row: StoredRow>(_ rows: [Row], _ rest: String = "") throws(StoreError) {
        try inChunks(rows) { chunk throws(StoreError) in
            try execute(
                "INSERT INTO \(Row.table) (\(Row.columns.joined(separator: ", "))) VALUES "
                    + tuples(chunk.count, width: Row.columns.count) + rest,
                chunk.flatMap(\.values))
        }
    }

    /// Inserts or replaces one row.
    func put(_ row: some StoredRow) throws(StoreError) { try put([row]) }
}

/// `count` tuples of parameters, numbered through: `($1,$2),($3,$4)`.
func tuples(_ count: Int, width: Int) -> String {
    (0..<count).map { row in
        "(" + (1...width).map { "$\(row * width + $0)" }.joined(separator: ",") + ")"
    }.joined(separator: ",")
}

/// Runs `body` for `rowsPerStatement` elements at a time.
func inChunks<Element>(
    _ elements: [Element], _ body: (ArraySlice<Element>) throws(StoreError) -> Void
) throws(StoreError) {
    var start = 0
    while start < elements.count {
        let end = min(start + rowsPerStatement, elements.count)
        try body(elements[start..<end])
        start = end
    }
}
