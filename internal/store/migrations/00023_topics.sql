-- +goose Up

-- Topics of the pipeline. Their events and their groups' pointers are in the event log, which knows them by id.
CREATE TABLE topics (
    id              TEXT NOT NULL PRIMARY KEY,
    organization    TEXT NOT NULL,
    name            TEXT NOT NULL,
    description     TEXT NOT NULL,
    partitions      INTEGER NOT NULL,
    retention_age   INTEGER NOT NULL, -- microseconds; 0 is for ever
    retention_bytes INTEGER NOT NULL, -- 0 is without limit
    version         INTEGER NOT NULL,
    created_by      TEXT NOT NULL,
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL,
    UNIQUE (organization, name)
) STRICT;
