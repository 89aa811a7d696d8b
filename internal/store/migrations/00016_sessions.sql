-- +goose Up

-- Browsers at which a person signed in; and tickets, each of which begins a session, once.
CREATE TABLE sessions (
    name         BLOB NOT NULL PRIMARY KEY, -- keyed hash of what the browser keeps
    id           TEXT NOT NULL UNIQUE,
    person       TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    organization TEXT NOT NULL,
    ticket       INTEGER NOT NULL,
    proof        TEXT NOT NULL,
    began_at     INTEGER NOT NULL,
    seen_at      INTEGER NOT NULL,
    ends_at      INTEGER NOT NULL
) STRICT;

CREATE INDEX sessions_person ON sessions (person);
CREATE INDEX sessions_ends ON sessions (ends_at);
