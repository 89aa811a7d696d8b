-- +goose Up

-- Where a session began, by what second proof, and which other accounts the same password opened then.
ALTER TABLE sessions ADD COLUMN second TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN address TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN agent TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN others TEXT NOT NULL DEFAULT ''; -- ids of users, with blanks between

-- The app that makes a person's one-time codes (RFC 6238).
CREATE TABLE authenticators (
    person       TEXT NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    organization TEXT NOT NULL,
    secret       BLOB NOT NULL, -- sealed
    confirmed_at INTEGER,       -- NULL while the first code is awaited
    step         INTEGER NOT NULL, -- of the last code that was taken: none is taken twice
    created_at   INTEGER NOT NULL
) STRICT;

-- Codes for the day when the app is lost, each good once.
CREATE TABLE recovery_codes (
    person       TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    hash         BLOB NOT NULL, -- keyed
    organization TEXT NOT NULL,
    PRIMARY KEY (person, hash)
) STRICT;

CREATE TABLE passkeys (
    id           TEXT NOT NULL PRIMARY KEY,
    person       TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    organization TEXT NOT NULL,
    host         TEXT NOT NULL, -- the relying party: the name under which it was made
    credential   BLOB NOT NULL, -- the authenticator's id of it
    name         TEXT NOT NULL,
    record       TEXT NOT NULL, -- JSON: public key, counter, flags
    created_at   INTEGER NOT NULL,
    used_at      INTEGER,
    UNIQUE (host, credential)
) STRICT;

CREATE INDEX passkeys_person ON passkeys (person);

-- What an organization asks of everybody who signs in.
CREATE TABLE sign_in_rules (
    organization  TEXT NOT NULL PRIMARY KEY REFERENCES organizations (id) ON DELETE CASCADE,
    second_factor INTEGER NOT NULL
) STRICT;
