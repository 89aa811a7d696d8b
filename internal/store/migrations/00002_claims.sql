-- +goose Up

-- An exchange that was begun and has no end yet: who holds it, and how often its refresh token was presented. The row is
-- written before anything is sent, and goes with the commit.
CREATE TABLE claims (
    connection  TEXT NOT NULL PRIMARY KEY REFERENCES connections (id) ON DELETE CASCADE,
    fence       TEXT NOT NULL, -- tells this claim from every other
    owner       TEXT, -- the incarnation that holds it; NULL when nobody does
    until       INTEGER,
    generation  INTEGER NOT NULL, -- that it is to replace
    first_at    INTEGER, -- when the refresh token was first presented
    count       INTEGER NOT NULL,
    left_tokens BLOB -- sealed: what a holder got who had been fenced off
) STRICT;

-- The token set before the last commit, sealed as it was, until the new refresh token has worked.
ALTER TABLE connections ADD COLUMN previous BLOB;
