-- +goose Up

-- How the last check of each chain of the audit record stands: one that is under way is seen on every node.
CREATE TABLE audit_verifications (
    organization TEXT NOT NULL PRIMARY KEY,
    started_by   TEXT NOT NULL,
    started_at   INTEGER NOT NULL,
    seen_at      INTEGER NOT NULL,
    finished_at  INTEGER,
    total        INTEGER NOT NULL,
    checked      INTEGER NOT NULL,
    report       TEXT NOT NULL, -- JSON; '' while it is under way
    problem      TEXT NOT NULL
) STRICT;
