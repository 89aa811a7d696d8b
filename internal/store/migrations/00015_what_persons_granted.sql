-- +goose Up

-- What a person agreed to, so that nobody is asked twice.
CREATE TABLE consents (
    user_id      TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    client_id    TEXT NOT NULL REFERENCES credentials (client_id) ON DELETE CASCADE,
    organization TEXT NOT NULL,
    scopes       TEXT NOT NULL, -- between blanks
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    PRIMARY KEY (user_id, client_id)
) STRICT;

CREATE INDEX consents_client ON consents (client_id);
CREATE INDEX consents_organization ON consents (organization);

-- The tokens that come from one code: a row is written when the code is used, and by each refresh.
CREATE TABLE token_families (
    id           TEXT NOT NULL PRIMARY KEY, -- the code's
    organization TEXT NOT NULL,
    user_id      TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    client_id    TEXT NOT NULL REFERENCES credentials (client_id) ON DELETE CASCADE,
    scopes       TEXT NOT NULL,
    audience     TEXT NOT NULL, -- between blanks
    signed_in_at INTEGER NOT NULL,
    created_at   INTEGER NOT NULL,
    generation   INTEGER NOT NULL, -- of the refresh token that is good; 0 where there is none
    rotated_at   INTEGER NOT NULL,
    ends_at      INTEGER NOT NULL, -- of the last token that may be alive
    ended_at     INTEGER,
    ended_by     TEXT NOT NULL,
    ended_why    TEXT NOT NULL
) STRICT;

CREATE INDEX token_families_user ON token_families (user_id, client_id);
CREATE INDEX token_families_client ON token_families (client_id);
CREATE INDEX token_families_organization ON token_families (organization);
CREATE INDEX token_families_ends ON token_families (ends_at);
