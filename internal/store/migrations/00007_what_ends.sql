-- +goose Up

-- When a connection's token set ends for good: its refresh token, or the token of one that can't be renewed. Since when
-- that is known; and whether it stays where it is when the token is renewed.
ALTER TABLE connections ADD COLUMN ends_at INTEGER;
ALTER TABLE connections ADD COLUMN ends_since INTEGER;
ALTER TABLE connections ADD COLUMN ends_kept INTEGER NOT NULL DEFAULT 0;

CREATE INDEX connections_ends ON connections (organization, ends_at, id) WHERE ends_at IS NOT NULL;
-- Those that nobody renews: the first for what they are, the second for how they are now. Both are few.
CREATE INDEX connections_ends_kept ON connections (organization, ends_at, id) WHERE ends_kept = 1;
CREATE INDEX connections_ends_held ON connections (organization, ends_at, id) WHERE ends_at IS NOT NULL AND state <> 'active';

-- The nearest threshold, in days, that people were warned at.
CREATE TABLE expiry_warnings (
    subject TEXT NOT NULL,
    kind    TEXT NOT NULL,
    ends_at INTEGER NOT NULL,
    days    INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    PRIMARY KEY (subject, kind, ends_at)
) STRICT;

CREATE INDEX expiry_warnings_ends ON expiry_warnings (ends_at);

-- Addresses by which calendar programs read what ends.
CREATE TABLE expiry_feeds (
    id           TEXT NOT NULL PRIMARY KEY,
    organization TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    sandbox      TEXT NOT NULL,
    name         TEXT NOT NULL,
    scopes       TEXT NOT NULL,
    hash         BLOB NOT NULL UNIQUE,
    created_by   TEXT NOT NULL,
    created_at   INTEGER NOT NULL
) STRICT;

CREATE INDEX expiry_feeds_organization ON expiry_feeds (organization, id);
