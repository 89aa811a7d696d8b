-- +goose Up

-- Challenges that a passkey has answered, until they end: none is answered twice.
CREATE TABLE spent_challenges (
    hash    BLOB NOT NULL PRIMARY KEY,
    ends_at INTEGER NOT NULL
) STRICT;

CREATE INDEX spent_challenges_ends ON spent_challenges (ends_at);

-- Who a person is at the identity provider.
CREATE TABLE identities (
    issuer       TEXT NOT NULL,
    person       TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    subject      TEXT NOT NULL,
    organization TEXT NOT NULL,
    email        TEXT NOT NULL, -- as the provider has it
    created_at   INTEGER NOT NULL,
    used_at      INTEGER,
    PRIMARY KEY (issuer, person)
) STRICT;

CREATE INDEX identities_subject ON identities (issuer, subject);
CREATE INDEX identities_person ON identities (person);

-- The link by which an installation without organizations is set up: what it is made of, with a key that is not here.
CREATE TABLE set_up_links (
    one     INTEGER NOT NULL PRIMARY KEY, -- 1: there is one at most
    nonce   BLOB NOT NULL,
    ends_at INTEGER NOT NULL
) STRICT;
