-- +goose Up

-- The console's own number of an organization, and what sort it is.
ALTER TABLE organizations ADD COLUMN number TEXT NOT NULL DEFAULT '';
-- Those that are there get one that nobody has: a date in microseconds.
UPDATE organizations SET number = CAST(created_at AS TEXT);
CREATE UNIQUE INDEX organizations_number ON organizations (number) WHERE number <> '';

CREATE TABLE users (
    id               TEXT NOT NULL PRIMARY KEY,
    organization     TEXT NOT NULL REFERENCES organizations (id),
    email            TEXT NOT NULL,
    email_key        TEXT NOT NULL, -- in lower case
    first_name       TEXT NOT NULL,
    last_name        TEXT NOT NULL,
    role             TEXT NOT NULL,
    profiles         TEXT NOT NULL, -- ids between blanks; * is all
    status           TEXT NOT NULL,
    password         TEXT NOT NULL, -- argon2id; '' is none
    link             BLOB UNIQUE,   -- keyed hash of an invitation's or a reset's token
    link_until       INTEGER,
    version          INTEGER NOT NULL,
    created_by       TEXT NOT NULL,
    created_at       INTEGER NOT NULL,
    updated_at       INTEGER NOT NULL,
    last_sign_in_at  INTEGER,
    UNIQUE (organization, email_key)
) STRICT;

CREATE INDEX users_email ON users (email_key);

CREATE TABLE projects (
    id           TEXT NOT NULL PRIMARY KEY,
    organization TEXT NOT NULL REFERENCES organizations (id),
    name         TEXT NOT NULL,
    title        TEXT NOT NULL,
    description  TEXT NOT NULL,
    type         TEXT NOT NULL,
    version      INTEGER NOT NULL,
    created_by   TEXT NOT NULL,
    updated_by   TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    UNIQUE (organization, name)
) STRICT;

CREATE INDEX projects_list ON projects (organization, id);

CREATE TABLE workspaces (
    id           TEXT NOT NULL PRIMARY KEY,
    organization TEXT NOT NULL,
    project      TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    name         TEXT NOT NULL,
    title        TEXT NOT NULL,
    description  TEXT NOT NULL,
    version      INTEGER NOT NULL,
    created_by   TEXT NOT NULL,
    updated_by   TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    UNIQUE (project, name)
) STRICT;

-- Services that organizations declared themselves; the built-in ones are in the program.
CREATE TABLE services (
    organization TEXT NOT NULL REFERENCES organizations (id),
    code         TEXT NOT NULL,
    document     TEXT NOT NULL, -- JSON
    version      INTEGER NOT NULL,
    created_by   TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    PRIMARY KEY (organization, code)
) STRICT;

CREATE TABLE entitlements (
    organization TEXT NOT NULL REFERENCES organizations (id),
    service      TEXT NOT NULL,
    product      TEXT NOT NULL,
    created_by   TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    PRIMARY KEY (organization, service)
) STRICT;

CREATE TABLE product_profiles (
    id           TEXT NOT NULL PRIMARY KEY,
    organization TEXT NOT NULL REFERENCES organizations (id),
    service      TEXT NOT NULL,
    product      TEXT NOT NULL,
    name         TEXT NOT NULL,
    description  TEXT NOT NULL,
    version      INTEGER NOT NULL,
    created_by   TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    UNIQUE (organization, service, name)
) STRICT;

CREATE TABLE credentials (
    id              TEXT NOT NULL PRIMARY KEY,
    organization    TEXT NOT NULL,
    project         TEXT NOT NULL,
    workspace       TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    name            TEXT NOT NULL,
    description     TEXT NOT NULL,
    kind            TEXT NOT NULL,
    client_id       TEXT NOT NULL UNIQUE,
    technical_id    TEXT NOT NULL,
    technical_email TEXT NOT NULL,
    enabled         INTEGER NOT NULL,
    redirect        TEXT, -- JSON
    migration       TEXT NOT NULL,
    migration_at    INTEGER,
    version         INTEGER NOT NULL,
    created_by      TEXT NOT NULL,
    updated_by      TEXT NOT NULL,
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL,
    UNIQUE (organization, name)
) STRICT;

CREATE INDEX credentials_list ON credentials (organization, id);
CREATE INDEX credentials_workspace ON credentials (workspace, id);

-- A credential's services, and the product profiles that it has of them.
CREATE TABLE subscriptions (
    credential   TEXT NOT NULL REFERENCES credentials (id) ON DELETE CASCADE,
    organization TEXT NOT NULL,
    service      TEXT NOT NULL,
    profile      TEXT NOT NULL, -- '' where the service has none
    role         TEXT NOT NULL,
    PRIMARY KEY (credential, service, profile)
) STRICT;

CREATE INDEX subscriptions_service ON subscriptions (organization, service);
CREATE INDEX subscriptions_profile ON subscriptions (profile) WHERE profile <> '';

CREATE TABLE client_secrets (
    uuid       TEXT NOT NULL PRIMARY KEY,
    credential TEXT NOT NULL REFERENCES credentials (id) ON DELETE CASCADE,
    hash       BLOB NOT NULL,
    value      BLOB NOT NULL, -- sealed
    created_by TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX client_secrets_credential ON client_secrets (credential);

CREATE TABLE bindings (
    id           TEXT NOT NULL PRIMARY KEY,
    organization TEXT NOT NULL,
    credential   TEXT NOT NULL REFERENCES credentials (id) ON DELETE CASCADE,
    sha1         TEXT NOT NULL,
    sha256       TEXT NOT NULL,
    certificate  BLOB NOT NULL,
    not_before   INTEGER NOT NULL,
    not_after    INTEGER NOT NULL,
    require_jti  INTEGER NOT NULL,
    created_by   TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    UNIQUE (credential, sha256)
) STRICT;

CREATE INDEX bindings_ends ON bindings (organization, not_after, id);

-- When a secret or a binding was used last, by each way and from each place.
CREATE TABLE credential_uses (
    credential TEXT NOT NULL REFERENCES credentials (id) ON DELETE CASCADE,
    thing      TEXT NOT NULL,
    grant_type TEXT NOT NULL,
    place      TEXT NOT NULL,
    at         INTEGER NOT NULL,
    PRIMARY KEY (credential, thing, grant_type, place)
) STRICT;
