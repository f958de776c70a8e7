import GRDB

/// The ledger's tables, version by version. A migration that was released is never changed; a new one follows it.
enum LedgerSchema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 captures") { database in
            try database.execute(
                sql: """
                    CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

                    CREATE TABLE roots (
                        id INTEGER PRIMARY KEY,
                        path TEXT NOT NULL UNIQUE,
                        lab TEXT NOT NULL,
                        watched INTEGER NOT NULL DEFAULT 1,
                        identity TEXT,
                        unhealthy TEXT,
                        mode TEXT,
                        rules TEXT,
                        scanned_at REAL);

                    -- One row a name below a root. Times that end in _ms are on the machine's monotonic clock, those
                    -- that end in _at are seconds since 1970.
                    CREATE TABLE captures (
                        id INTEGER PRIMARY KEY,
                        root INTEGER NOT NULL REFERENCES roots(id),
                        path BLOB NOT NULL,
                        state TEXT NOT NULL CHECK (state IN ('pending', 'done', 'failed', 'ignored')),
                        device INTEGER NOT NULL, inode INTEGER NOT NULL,
                        size INTEGER NOT NULL, modified INTEGER NOT NULL,
                        seen_at REAL NOT NULL,
                        observed_ms INTEGER NOT NULL,
                        due_ms INTEGER NOT NULL,
                        in_progress INTEGER NOT NULL DEFAULT 0,
                        attempts INTEGER NOT NULL DEFAULT 0,
                        crashes INTEGER NOT NULL DEFAULT 0,
                        ignored_kind TEXT,
                        note TEXT,
                        digest TEXT, identity TEXT, profile TEXT, rule TEXT,
                        verdict TEXT, delivery TEXT,
                        output BLOB,
                        error_code TEXT, error_message TEXT, error_remedy TEXT,
                        finished_at REAL, duration_ms REAL,
                        UNIQUE (root, path));
                    CREATE UNIQUE INDEX captures_by_output ON captures (output) WHERE output IS NOT NULL;
                    CREATE INDEX captures_by_state ON captures (root, state);
                    CREATE INDEX captures_queue ON captures (root, modified, id, due_ms)
                        WHERE state = 'pending' AND in_progress = 0;
                    CREATE INDEX captures_due ON captures (root, due_ms) WHERE state = 'pending' AND in_progress = 0;
                    CREATE INDEX captures_by_identity ON captures (identity) WHERE identity IS NOT NULL;
                    CREATE INDEX captures_by_verdict ON captures (profile, verdict) WHERE state = 'done';
                    CREATE INDEX captures_by_end ON captures (root, finished_at) WHERE finished_at IS NOT NULL;

                    -- What was committed for a capture, newest last; `version` is N once it was kept aside as vN.
                    CREATE TABLE results (
                        id INTEGER PRIMARY KEY,
                        capture INTEGER NOT NULL REFERENCES captures(id) ON DELETE CASCADE,
                        version INTEGER,
                        digest TEXT NOT NULL, identity TEXT NOT NULL, profile TEXT NOT NULL,
                        verdict TEXT NOT NULL, delivery TEXT NOT NULL,
                        output BLOB NOT NULL,
                        attempt INTEGER NOT NULL,
                        duration_ms REAL, finished_at REAL NOT NULL);
                    CREATE INDEX results_by_capture ON results (capture);
                    """)
        }
        migrator.registerMigration("2 rebuilt") { database in
            // A ledger that was in use before this fact was kept is whole; one that is new has yet to take in what the
            // sidecars tell.
            try database.execute(
                sql: "INSERT INTO facts (name, value) SELECT 'rebuilt', 'yes' WHERE EXISTS (SELECT 1 FROM roots)")
        }
        migrator.registerMigration("3 treatment") { database in
            // What became of the colors, as the sidecar says it; nothing for what was done before this was kept.
            try database.execute(sql: "ALTER TABLE captures ADD COLUMN treatment TEXT")
        }
        migrator.registerMigration("4 workers") { database in
            // The workers that the present content cost.
            try database.execute(sql: "ALTER TABLE captures ADD COLUMN workers INTEGER NOT NULL DEFAULT 0")
        }
        return migrator
    }
}
