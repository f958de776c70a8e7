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
        migrator.registerMigration("5 memory") { database in
            // What a pending capture waits for of memory, bytes, and since when on the monotonic clock.
            try database.execute(
                sql: """
                    ALTER TABLE captures ADD COLUMN memory INTEGER;
                    ALTER TABLE captures ADD COLUMN memory_ms INTEGER;
                    DROP INDEX captures_queue;
                    DROP INDEX captures_due;
                    CREATE INDEX captures_queue ON captures (root, modified, id, due_ms, memory)
                        WHERE state = 'pending' AND in_progress = 0;
                    CREATE INDEX captures_due ON captures (root, due_ms, memory)
                        WHERE state = 'pending' AND in_progress = 0;
                    CREATE INDEX captures_by_memory ON captures (root, memory_ms, id)
                        WHERE state = 'pending' AND in_progress = 0 AND memory IS NOT NULL;
                    """)
        }
        migrator.registerMigration("6 trees, pauses, change times") { database in
            // What the trees are that are written to, and what is not worked on just now; of captures, when the file or
            // what is known of it last changed.
            try database.execute(
                sql: """
                    CREATE TABLE trees (directory TEXT PRIMARY KEY, id TEXT NOT NULL, mount_point TEXT) WITHOUT ROWID;
                    CREATE TABLE pauses (
                        what TEXT PRIMARY KEY, reason TEXT NOT NULL, since REAL NOT NULL, root INTEGER
                    ) WITHOUT ROWID;
                    ALTER TABLE captures ADD COLUMN changed INTEGER NOT NULL DEFAULT 0;
                    """)
        }
        migrator.registerMigration("7 asked again") { database in
            // Pending, but done as it is: it was asked for again. Where it turns out to be gone, its result still counts.
            try database.execute(sql: "ALTER TABLE captures ADD COLUMN was_done INTEGER NOT NULL DEFAULT 0")
        }
        migrator.registerMigration("8 renames") { database in
            // Results that are about to follow their capture to another name, by its number under that name and under the
            // former one; `plan` is a ``RenamePlan``.
            try database.execute(
                sql: """
                    CREATE TABLE renames (
                        capture INTEGER PRIMARY KEY REFERENCES captures(id) ON DELETE CASCADE,
                        former INTEGER NOT NULL UNIQUE REFERENCES captures(id) ON DELETE CASCADE,
                        plan TEXT NOT NULL);
                    CREATE INDEX results_by_digest ON results (digest) WHERE version IS NULL;
                    CREATE INDEX captures_by_inode ON captures (root, inode) WHERE output IS NOT NULL;
                    CREATE INDEX captures_by_crash ON captures (root, size) WHERE state = 'pending' AND crashes > 0;
                    """)
        }
        migrator.registerMigration("9 engines, removed versions") { database in
            // The engine that made the present result, as its sidecar says it; nothing for what was done before this was
            // kept, until the sidecar is read. When an older version's files were removed, by what the configuration keeps.
            try database.execute(
                sql: """
                    ALTER TABLE captures ADD COLUMN engine TEXT;
                    ALTER TABLE results ADD COLUMN removed_at REAL;
                    CREATE INDEX captures_by_engine ON captures (engine, profile) WHERE state = 'done';
                    """)
        }
        migrator.registerMigration("10 waits") { database in
            // From the first sight of a capture to its first result, seconds; nothing for what was done before this was kept.
            try database.execute(sql: "ALTER TABLE captures ADD COLUMN waited REAL")
        }
        migrator.registerMigration("11 profiles that pause") { database in
            try database.execute(sql: "ALTER TABLE pauses ADD COLUMN profile TEXT")
        }
        migrator.registerMigration("12 unreadable places") { database in
            // What of a root could not be read at the last look, as ``UnreadablePlaces``; nothing where all could.
            try database.execute(sql: "ALTER TABLE roots ADD COLUMN unreadable TEXT")
        }
        migrator.registerMigration("13 directories of roots") { database in
            // How many directories a root has been, one in the other's place; of a capture, which of them its file was
            // last known to be in.
            try database.execute(
                sql: """
                    ALTER TABLE roots ADD COLUMN directory INTEGER NOT NULL DEFAULT 0;
                    ALTER TABLE captures ADD COLUMN directory INTEGER NOT NULL DEFAULT 0;
                    """)
        }
        migrator.registerMigration("14 sidecars") { database in
            // SHA-256 of the sidecar of a capture's current result; nothing for what was done before this was kept.
            try database.execute(
                sql: """
                    ALTER TABLE results ADD COLUMN sidecar TEXT;
                    CREATE INDEX results_by_output ON results (output) WHERE version IS NULL;
                    """)
        }
        migrator.registerMigration("15 mounts of the machine") { database in
            // They were kept as the service sees them, which has one over each directory that it may write to; they are
            // found out again.
            try database.execute(
                sql: """
                    UPDATE trees SET mount_point = NULL;
                    UPDATE roots SET identity = json_remove(identity, '$.mountPoint') WHERE identity IS NOT NULL;
                    """)
        }
        return migrator
    }
}
