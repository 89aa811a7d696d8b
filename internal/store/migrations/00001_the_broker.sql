-- +goose Up

-- One data key an organization, wrapped by the root key; '' is the installation's own.
CREATE TABLE data_keys (
    organization TEXT NOT NULL PRIMARY KEY,
    root         TEXT NOT NULL,
    wrapped      BLOB NOT NULL,
    created_at   INTEGER NOT NULL
) STRICT;

CREATE TABLE organizations (
    id         TEXT NOT NULL PRIMARY KEY,
    name       TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE sandboxes (
    id           TEXT NOT NULL PRIMARY KEY,
    organization TEXT NOT NULL REFERENCES organizations (id),
    name         TEXT NOT NULL,
    title        TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    UNIQUE (organization, name)
) STRICT;

CREATE TABLE api_keys (
    id           TEXT NOT NULL PRIMARY KEY,
    organization TEXT NOT NULL REFERENCES organizations (id),
    sandbox      TEXT NOT NULL,
    name         TEXT NOT NULL,
    scopes       TEXT NOT NULL,
    prefix       TEXT NOT NULL,
    hash         BLOB NOT NULL UNIQUE,
    created_by   TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER,
    revoked_at   INTEGER,
    last_used_at INTEGER
) STRICT;

CREATE TABLE definitions (
    id           TEXT NOT NULL PRIMARY KEY,
    instance_id  TEXT NOT NULL UNIQUE,
    organization TEXT NOT NULL,
    sandbox      TEXT NOT NULL,
    name         TEXT NOT NULL,
    description  TEXT NOT NULL,
    status       TEXT NOT NULL,
    draft        INTEGER NOT NULL,
    published    INTEGER NOT NULL,
    -- Counted as connections come and go: counting rows would take long where there are a million.
    connections  INTEGER NOT NULL DEFAULT 0,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    created_by   TEXT NOT NULL,
    UNIQUE (organization, sandbox, name)
) STRICT;

CREATE TABLE revisions (
    definition   TEXT NOT NULL REFERENCES definitions (id) ON DELETE CASCADE,
    number       INTEGER NOT NULL,
    document     TEXT NOT NULL,
    secrets      BLOB, -- sealed
    published    INTEGER NOT NULL,
    published_at INTEGER,
    created_at   INTEGER NOT NULL,
    created_by   TEXT NOT NULL,
    PRIMARY KEY (definition, number)
) STRICT;

CREATE TABLE connections (
    id                 TEXT NOT NULL PRIMARY KEY,
    organization       TEXT NOT NULL,
    sandbox            TEXT NOT NULL,
    sandbox_id         TEXT NOT NULL,
    definition         TEXT NOT NULL REFERENCES definitions (id),
    revision           INTEGER NOT NULL,
    configuration      INTEGER NOT NULL,
    label              TEXT,
    state              TEXT NOT NULL,
    reason             TEXT NOT NULL,
    last_error         TEXT,
    fields             TEXT NOT NULL,
    secrets            BLOB, -- sealed, of the fields
    secrets_generation INTEGER NOT NULL,
    tokens             BLOB, -- sealed
    generation         INTEGER NOT NULL,
    version            INTEGER NOT NULL,
    renewable          INTEGER NOT NULL,
    fingerprint        TEXT NOT NULL,
    refresh_at         INTEGER,
    setbacks           INTEGER NOT NULL,
    created_by         TEXT NOT NULL,
    return_url         TEXT NOT NULL,
    created_at         INTEGER NOT NULL,
    updated_at         INTEGER NOT NULL,
    last_refresh_at    INTEGER,
    UNIQUE (organization, sandbox, label)
) STRICT;

CREATE INDEX connections_due ON connections (refresh_at, id) WHERE refresh_at IS NOT NULL;
CREATE INDEX connections_list ON connections (organization, sandbox, created_at, id);
-- Few are not active, and those are looked for.
CREATE INDEX connections_troubled ON connections (organization, sandbox, state, created_at, id) WHERE state <> 'active';
CREATE INDEX connections_definition ON connections (definition, created_at, id);
CREATE INDEX connections_pending ON connections (created_at, id) WHERE state = 'pending_authorization';

CREATE TABLE attempts (
    id            TEXT NOT NULL PRIMARY KEY,
    organization  TEXT NOT NULL,
    connection    TEXT NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    link          BLOB NOT NULL UNIQUE,
    state         BLOB NOT NULL UNIQUE,
    cookie        BLOB,
    definition    TEXT NOT NULL,
    revision      INTEGER NOT NULL,
    configuration INTEGER NOT NULL,
    redirect_uri  TEXT NOT NULL,
    return_url    TEXT NOT NULL,
    fields        TEXT NOT NULL,
    secrets       BLOB, -- sealed: of the fields, and the code verifier
    created_by    TEXT NOT NULL,
    created_at    INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL,
    used_at       INTEGER,
    outcome       TEXT NOT NULL
) STRICT;

CREATE INDEX attempts_connection ON attempts (connection);
CREATE INDEX attempts_expires ON attempts (expires_at);

CREATE TABLE replays (
    id           BLOB NOT NULL PRIMARY KEY,
    organization TEXT NOT NULL,
    request      BLOB NOT NULL,
    answer       BLOB, -- sealed; NULL while the request is worked on
    expires_at   INTEGER NOT NULL
) STRICT;

CREATE INDEX replays_expires ON replays (expires_at);
