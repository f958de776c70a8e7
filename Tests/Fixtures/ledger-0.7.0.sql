-- The tables of 0.7.0, as its migrations 1 and 2 made them, with what GRDB notes of these.
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE roots (id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, lab TEXT NOT NULL,
    watched INTEGER NOT NULL DEFAULT 1, identity TEXT, unhealthy TEXT, mode TEXT, rules TEXT, scanned_at REAL);
CREATE TABLE captures (id INTEGER PRIMARY KEY, root INTEGER NOT NULL REFERENCES roots(id), path BLOB NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'done', 'failed', 'ignored')), device INTEGER NOT NULL,
    inode INTEGER NOT NULL, size INTEGER NOT NULL, modified INTEGER NOT NULL, seen_at REAL NOT NULL,
    observed_ms INTEGER NOT NULL, due_ms INTEGER NOT NULL, in_progress INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0, crashes INTEGER NOT NULL DEFAULT 0, ignored_kind TEXT, note TEXT, digest TEXT,
    identity TEXT, profile TEXT, rule TEXT, verdict TEXT, delivery TEXT, output BLOB, error_code TEXT,
    error_message TEXT, error_remedy TEXT, finished_at REAL, duration_ms REAL, UNIQUE (root, path));
CREATE UNIQUE INDEX captures_by_output ON captures (output) WHERE output IS NOT NULL;
CREATE INDEX captures_by_state ON captures (root, state);
CREATE INDEX captures_queue ON captures (root, modified, id, due_ms) WHERE state = 'pending' AND in_progress = 0;
CREATE INDEX captures_due ON captures (root, due_ms) WHERE state = 'pending' AND in_progress = 0;
CREATE INDEX captures_by_identity ON captures (identity) WHERE identity IS NOT NULL;
CREATE INDEX captures_by_verdict ON captures (profile, verdict) WHERE state = 'done';
CREATE INDEX captures_by_end ON captures (root, finished_at) WHERE finished_at IS NOT NULL;
CREATE TABLE results (id INTEGER PRIMARY KEY, capture INTEGER NOT NULL REFERENCES captures(id) ON DELETE CASCADE,
    version INTEGER, digest TEXT NOT NULL, identity TEXT NOT NULL, profile TEXT NOT NULL, verdict TEXT NOT NULL,
    delivery TEXT NOT NULL, output BLOB NOT NULL, attempt INTEGER NOT NULL, duration_ms REAL, finished_at REAL NOT NULL);
CREATE INDEX results_by_capture ON results (capture);
CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
INSERT INTO grdb_migrations VALUES ('1 captures'), ('2 rebuilt');
