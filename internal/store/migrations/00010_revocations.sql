-- +goose Up

-- Grants of deleted connections, to be ended at their providers. No key leads to anything: what they came of is gone.
CREATE TABLE revocations (
    id              TEXT NOT NULL PRIMARY KEY,
    organization    TEXT NOT NULL,
    sandbox         TEXT NOT NULL,
    sandbox_id      TEXT NOT NULL,
    connection      TEXT NOT NULL,
    label           TEXT NOT NULL,
    definition      TEXT NOT NULL,
    definition_name TEXT NOT NULL,
    revision        INTEGER NOT NULL,
    configuration   INTEGER NOT NULL,
    host            TEXT NOT NULL,
    fields          TEXT NOT NULL,
    sealed          BLOB, -- sealed: the secrets of the fields, and the tokens; NULL when they are revoked
    state           TEXT NOT NULL,
    attempts        INTEGER NOT NULL DEFAULT 0,
    due_at          INTEGER,
    claimed_by      TEXT,
    claimed_until   INTEGER,
    last            TEXT NOT NULL DEFAULT '',
    created_by      TEXT NOT NULL,
    deleted_by      TEXT NOT NULL,
    created_at      INTEGER NOT NULL,
    ended_at        INTEGER
) STRICT;

CREATE INDEX revocations_due ON revocations (due_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX revocations_list ON revocations (organization, id);
CREATE INDEX revocations_definition ON revocations (definition) WHERE state = 'waiting';
CREATE INDEX revocations_failed ON revocations (organization, id) WHERE state = 'failed';
CREATE INDEX revocations_ended ON revocations (ended_at) WHERE ended_at IS NOT NULL;
