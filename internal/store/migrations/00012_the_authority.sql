-- +goose Up

-- What tokens are signed with. They are the installation's, like its pepper.
CREATE TABLE signing_keys (
    algorithm   TEXT NOT NULL,
    number      INTEGER NOT NULL,
    private     BLOB NOT NULL, -- sealed
    certificate BLOB NOT NULL,
    created_at  INTEGER NOT NULL,
    signs_from  INTEGER NOT NULL,
    PRIMARY KEY (algorithm, number)
) STRICT;

-- Tokens that count no more, until they would have ended.
CREATE TABLE revoked_tokens (
    id           TEXT NOT NULL PRIMARY KEY,
    organization TEXT NOT NULL,
    revoked_by   TEXT NOT NULL,
    revoked_at   INTEGER NOT NULL,
    ends_at      INTEGER NOT NULL
) STRICT;

CREATE INDEX revoked_tokens_at ON revoked_tokens (revoked_at);
CREATE INDEX revoked_tokens_ends ON revoked_tokens (ends_at);

-- The highest jti that was used with a binding which asks for one.
CREATE TABLE binding_jtis (
    binding TEXT NOT NULL PRIMARY KEY REFERENCES bindings (id) ON DELETE CASCADE,
    jti     INTEGER NOT NULL
) STRICT;
