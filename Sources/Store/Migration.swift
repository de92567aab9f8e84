/// One numbered step from one version of the tables to the next.
///
/// Written in SQLite's types; `SQLSession.executeDefinition` has PostgreSQL's.
struct Migration: Sendable {
    let number: Int64
    let statements: [String]

    /// In order, from 1 on.
    static let all = [Migration(number: 1, statements: Migration.first)]

    /// Applies what is missing, each step in a transaction of its own and one program at a time.
    static func bring(
        _ database: some SQLDatabase, through migrations: [Migration]
    ) throws(StoreError) {
        let known = Int64(migrations.count)
        while true {
            let done = try database.transaction { session throws(StoreError) -> Bool in
                try session.hold(.migration)
                try session.executeDefinition(
                    "CREATE TABLE IF NOT EXISTS stillwatch_migrations (number INTEGER PRIMARY KEY) STRICT"
                )
                var version: Int64 = 0
                for var row in try session.execute("SELECT number FROM stillwatch_migrations") {
                    version = max(version, try row.integer())
                }
                guard version <= known else {
                    throw .newer(database: session.name, version: version, known: known)
                }
                guard version < known else { return true }
                let migration = migrations[Int(version)]
                for statement in migration.statements {
                    try session.executeDefinition(statement)
                }
                try session.execute(
                    "INSERT INTO stillwatch_migrations (number) VALUES ($1)",
                    [.integer(migration.number)])
                return migration.number == known
            }
            if done { return }
        }
    }
}
