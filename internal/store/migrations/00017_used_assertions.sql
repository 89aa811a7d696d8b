-- +goose Up

-- Assertions that clients have authenticated with, or exchanged, until they would have ended: none counts twice.
CREATE TABLE used_assertions (
    id      TEXT NOT NULL PRIMARY KEY, -- a hash of the client's id and the jti
    ends_at INTEGER NOT NULL
) STRICT;

CREATE INDEX used_assertions_ends ON used_assertions (ends_at);
