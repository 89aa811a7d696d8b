-- +goose Up

-- IMS configurations. A value that is not known yet is ''.
CREATE TABLE ims_configurations (
    id                TEXT NOT NULL PRIMARY KEY,
    organization      TEXT NOT NULL REFERENCES organizations (id),
    sandbox           TEXT NOT NULL,
    name              TEXT NOT NULL,
    title             TEXT NOT NULL,
    solution          TEXT NOT NULL,
    type              TEXT NOT NULL,
    server            TEXT NOT NULL,
    client_id         TEXT NOT NULL,
    ims_organization  TEXT NOT NULL,
    technical_account TEXT NOT NULL,
    metascopes        TEXT NOT NULL, -- between blanks
    scopes            TEXT NOT NULL, -- between blanks
    key_alias         TEXT NOT NULL,
    connection        TEXT NOT NULL, -- its id
    secrets           BLOB,          -- sealed
    migration_scopes  TEXT NOT NULL,
    migration_at      INTEGER,       -- NULL without one
    version           INTEGER NOT NULL,
    created_by        TEXT NOT NULL,
    created_at        INTEGER NOT NULL,
    updated_at        INTEGER NOT NULL,
    UNIQUE (organization, sandbox, name)
) STRICT;

CREATE INDEX ims_configurations_key ON ims_configurations (organization, sandbox, key_alias);

-- Key pairs by alias, in versions. The current one signs.
CREATE TABLE ims_keys (
    id           TEXT NOT NULL PRIMARY KEY,
    organization TEXT NOT NULL REFERENCES organizations (id),
    sandbox      TEXT NOT NULL,
    alias        TEXT NOT NULL,
    version      INTEGER NOT NULL,
    current      INTEGER NOT NULL,
    certificate  BLOB,          -- DER; NULL where there is none
    not_after    INTEGER,       -- of the certificate
    private_key  BLOB NOT NULL, -- sealed
    created_by   TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    UNIQUE (organization, sandbox, alias, version)
) STRICT;

CREATE INDEX ims_keys_ends ON ims_keys (organization, not_after) WHERE current = 1 AND not_after IS NOT NULL;
