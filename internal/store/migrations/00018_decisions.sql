-- +goose Up

-- Why clients were given no token: rows that count refusals that are alike, within a minute.
CREATE TABLE decisions (
    id           TEXT NOT NULL PRIMARY KEY,
    organization TEXT NOT NULL,
    credential   TEXT NOT NULL REFERENCES credentials (id) ON DELETE CASCADE,
    client_id    TEXT NOT NULL,
    grant_type   TEXT NOT NULL,
    path         TEXT NOT NULL,
    code         TEXT NOT NULL,
    says         TEXT NOT NULL,
    reasons      TEXT NOT NULL, -- JSON
    place        TEXT NOT NULL, -- '' is several
    agent        TEXT NOT NULL,
    times        INTEGER NOT NULL,
    first_at     INTEGER NOT NULL,
    last_at      INTEGER NOT NULL
) STRICT;

CREATE INDEX decisions_credential ON decisions (credential, id);
CREATE INDEX decisions_organization ON decisions (organization, id);
CREATE INDEX decisions_last ON decisions (last_at);

-- The x-debug-id of each answer.
CREATE TABLE decision_debug_ids (
    debug_id TEXT NOT NULL PRIMARY KEY,
    decision TEXT NOT NULL REFERENCES decisions (id) ON DELETE CASCADE
) STRICT;

CREATE INDEX decision_debug_ids_decision ON decision_debug_ids (decision);
