-- +goose Up

-- What happened to connections: a row of each write of a connection, in a ring. The slot is the connection's version modulo
-- the number that is kept, so that writing one lets go of the oldest, and nothing has to be counted.
CREATE TABLE connection_history (
    connection TEXT NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    slot       INTEGER NOT NULL,
    at         INTEGER NOT NULL,
    past       TEXT NOT NULL, -- JSON
    PRIMARY KEY (connection, slot)
) STRICT;

-- What customers see of an organization where they connect an account.
CREATE TABLE brands (
    organization TEXT NOT NULL PRIMARY KEY REFERENCES organizations (id) ON DELETE CASCADE,
    name         TEXT NOT NULL,
    lead         TEXT NOT NULL,
    accent       TEXT NOT NULL, -- "#0b5c4f", or ''
    support      TEXT NOT NULL, -- where to ask: an address of the web or of mail, or ''
    logo         BLOB,          -- PNG
    logo_hash    TEXT,          -- what it is fetched by
    updated_by   TEXT NOT NULL,
    updated_at   INTEGER NOT NULL
) STRICT;

CREATE INDEX brands_logo ON brands (logo_hash) WHERE logo_hash IS NOT NULL;

-- One-time links by which applications send their customers here. The token of a link is kept as a hash.
CREATE TABLE connect_links (
    id            TEXT NOT NULL PRIMARY KEY,
    organization  TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    sandbox       TEXT NOT NULL,
    token         BLOB NOT NULL UNIQUE,
    definition    TEXT NOT NULL, -- which may be deleted meanwhile: the page says so
    configuration INTEGER NOT NULL,
    target        TEXT NOT NULL, -- the connection to authorize anew, or ''
    label         TEXT NOT NULL,
    reference     TEXT NOT NULL, -- the application's own name for its customer
    return_url    TEXT NOT NULL,
    fields        TEXT NOT NULL,
    secrets       BLOB,
    created_by    TEXT NOT NULL,
    created_at    INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL,
    connection    TEXT NOT NULL, -- what came of it, '' for nothing yet
    busy_until    INTEGER,       -- somebody is connecting with it
    used_at       INTEGER,
    revoked_at    INTEGER
) STRICT;

CREATE INDEX connect_links_list ON connect_links (organization, sandbox, id);
CREATE INDEX connect_links_open ON connect_links (connection) WHERE used_at IS NULL;
CREATE INDEX connect_links_age ON connect_links (expires_at);
