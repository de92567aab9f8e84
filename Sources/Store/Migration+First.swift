extension Migration {
    /// The tables of the first version.
    static let first: [String] =
        [
            "CREATE TABLE revision_counter (id INTEGER PRIMARY KEY, value INTEGER NOT NULL) STRICT",
            "INSERT INTO revision_counter (id, value) VALUES (1, 0)",
            "CREATE TABLE topics (name TEXT PRIMARY KEY, revision INTEGER NOT NULL) STRICT",
            """
            INSERT INTO topics (name, revision) VALUES ('keys', 0), ('accounts', 0), ('verdicts', 0),
                ('campaigns', 0), ('approvals', 0), ('switches', 0), ('profiles', 0), ('blocks', 0)
            """,

            """
            CREATE TABLE keys (id TEXT PRIMARY KEY, digest BLOB NOT NULL UNIQUE, account TEXT NOT NULL,
                name TEXT NOT NULL, created INTEGER NOT NULL, expires INTEGER, revoked INTEGER, replaced_by TEXT,
                revision INTEGER NOT NULL) STRICT
            """,
            "CREATE INDEX keys_account ON keys (account)",
            """
            CREATE TABLE accounts (id TEXT PRIMARY KEY, organization TEXT NOT NULL, plan TEXT NOT NULL,
                country TEXT NOT NULL, nationality TEXT NOT NULL, contract TEXT NOT NULL, created INTEGER,
                email_domain TEXT NOT NULL, payment_fingerprint TEXT NOT NULL, signup_path TEXT NOT NULL,
                trusted INTEGER NOT NULL, revision INTEGER NOT NULL) STRICT
            """,

            """
            CREATE TABLE profiles (day INTEGER NOT NULL, account TEXT NOT NULL, bytes BLOB NOT NULL,
                revision INTEGER NOT NULL, PRIMARY KEY (day, account)) STRICT
            """,
            """
            CREATE TABLE log_positions (gateway TEXT PRIMARY KEY, segment TEXT NOT NULL,
                byte_offset INTEGER NOT NULL) STRICT
            """,
            """
            CREATE TABLE counters (gateway TEXT NOT NULL, name TEXT NOT NULL, level INTEGER NOT NULL,
                updated INTEGER NOT NULL, PRIMARY KEY (gateway, name)) STRICT
            """,
            """
            CREATE TABLE leases (name TEXT PRIMARY KEY, holder TEXT NOT NULL, expires INTEGER NOT NULL) STRICT
            """,
            """
            CREATE TABLE gateways (id TEXT PRIMARY KEY, started INTEGER NOT NULL, seen INTEGER NOT NULL,
                version TEXT NOT NULL, address TEXT NOT NULL) STRICT
            """,

            """
            CREATE TABLE verdicts (account TEXT PRIMARY KEY, verdict TEXT NOT NULL, score REAL NOT NULL,
                p_value REAL NOT NULL, q_value REAL NOT NULL, campaign TEXT, indicators TEXT NOT NULL,
                first_flagged INTEGER, since INTEGER NOT NULL, revision INTEGER NOT NULL) STRICT
            """,
            "CREATE INDEX verdicts_campaign ON verdicts (campaign)",
            """
            CREATE TABLE campaigns (id TEXT PRIMARY KEY, verdict TEXT NOT NULL, members INTEGER NOT NULL,
                exchanges INTEGER NOT NULL, q_value REAL NOT NULL, detail TEXT NOT NULL, since INTEGER NOT NULL,
                ended INTEGER, revision INTEGER NOT NULL) STRICT
            """,
            """
            CREATE TABLE blocks (campaign TEXT PRIMARY KEY, actor TEXT NOT NULL, reason TEXT NOT NULL,
                at INTEGER NOT NULL, expires INTEGER, lifted INTEGER, revision INTEGER NOT NULL) STRICT
            """,
            """
            CREATE TABLE block_members (campaign TEXT NOT NULL REFERENCES blocks (campaign), account TEXT NOT NULL,
                active INTEGER NOT NULL, revision INTEGER NOT NULL, PRIMARY KEY (campaign, account)) STRICT
            """,

            """
            CREATE TABLE approvals (id TEXT PRIMARY KEY, rule TEXT NOT NULL, stage INTEGER NOT NULL,
                scope TEXT NOT NULL, subject TEXT NOT NULL, action TEXT NOT NULL, requested INTEGER NOT NULL,
                decided INTEGER, decision TEXT NOT NULL, actor TEXT NOT NULL, note TEXT NOT NULL,
                revision INTEGER NOT NULL) STRICT
            """,
            """
            CREATE TABLE switches (id TEXT PRIMARY KEY, countries TEXT NOT NULL, nationalities TEXT NOT NULL,
                engaged INTEGER NOT NULL, actor TEXT NOT NULL, reason TEXT NOT NULL, at INTEGER NOT NULL,
                revision INTEGER NOT NULL) STRICT
            """,
            """
            CREATE TABLE switch_proofs (switch TEXT NOT NULL REFERENCES switches (id), revision INTEGER NOT NULL,
                gateway TEXT NOT NULL, in_force INTEGER NOT NULL, PRIMARY KEY (switch, revision, gateway)) STRICT
            """,

            """
            CREATE TABLE audit (number INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind TEXT NOT NULL,
                actor TEXT NOT NULL, subject TEXT NOT NULL, detail TEXT NOT NULL, previous BLOB NOT NULL,
                digest BLOB NOT NULL) STRICT
            """,
            """
            CREATE TABLE audit_head (id INTEGER PRIMARY KEY, number INTEGER NOT NULL, digest BLOB NOT NULL) STRICT
            """,
        ]
        + ["keys", "accounts", "profiles", "verdicts", "campaigns", "approvals", "switches"].map {
            "CREATE INDEX \($0)_revision ON \($0) (revision)"
        } + ["CREATE INDEX block_members_revision ON block_members (revision)"]
}
