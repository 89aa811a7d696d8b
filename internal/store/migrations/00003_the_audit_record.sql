-- +goose Up

-- Where each organization's chain of records ends, and the record up to which it was pruned; '' is the installation's.
CREATE TABLE audit_chains (
    organization  TEXT NOT NULL PRIMARY KEY,
    sequence      INTEGER NOT NULL,
    hash          BLOB NOT NULL,
    base_sequence INTEGER NOT NULL,
    base_hash     BLOB NOT NULL
) STRICT;

CREATE TABLE audit_records (
    organization TEXT NOT NULL,
    sequence     INTEGER NOT NULL,
    at           INTEGER NOT NULL,
    actor        TEXT NOT NULL,
    action       TEXT NOT NULL,
    subject      TEXT NOT NULL,
    generation   INTEGER NOT NULL,
    detail       TEXT NOT NULL,
    hash         BLOB NOT NULL,
    PRIMARY KEY (organization, sequence)
) STRICT;

CREATE INDEX audit_records_subject ON audit_records (organization, subject, sequence);

CREATE TABLE audit_checkpoints (
    organization TEXT NOT NULL,
    sequence     INTEGER NOT NULL,
    hash         BLOB NOT NULL,
    at           INTEGER NOT NULL,
    public_key   BLOB NOT NULL,
    signature    BLOB NOT NULL,
    PRIMARY KEY (organization, sequence)
) STRICT;

-- The keys that sign checkpoints; the one of the highest number does.
CREATE TABLE audit_keys (
    number     INTEGER NOT NULL PRIMARY KEY,
    seed       BLOB NOT NULL, -- sealed
    created_at INTEGER NOT NULL
) STRICT;

-- Token reads that are durable and not yet records: a process adds what it counted many times a second, and makes
-- records of a second's when that is over.
CREATE TABLE audit_reads (
    id     TEXT NOT NULL PRIMARY KEY,
    node   TEXT NOT NULL,
    second INTEGER NOT NULL,
    batch  TEXT NOT NULL
) STRICT;

CREATE INDEX audit_reads_node ON audit_reads (node, second);

-- The processes that count reads, from their start to their orderly end.
CREATE TABLE audit_nodes (
    node       TEXT NOT NULL PRIMARY KEY,
    mode       TEXT NOT NULL,
    started_at INTEGER NOT NULL
) STRICT;
