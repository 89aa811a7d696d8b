-- +goose Up

-- How far a daemon is with each partition, and its newest dead letters: JSON, '' before it told.
ALTER TABLE daemons ADD COLUMN state TEXT NOT NULL DEFAULT '';

-- What single daemons are asked to do with their dead letters, and what came of it.
CREATE TABLE daemon_acts (
    id           TEXT    NOT NULL PRIMARY KEY,
    organization TEXT    NOT NULL,
    instance     TEXT    NOT NULL,
    host         TEXT    NOT NULL,
    action       TEXT    NOT NULL,
    letters      TEXT    NOT NULL, -- JSON: their numbers; '' for all that were given up before given_at
    given_by     TEXT    NOT NULL,
    given_at     INTEGER NOT NULL,
    done_at      INTEGER,          -- null while it waits
    done         INTEGER NOT NULL DEFAULT 0, -- letters
    failed       INTEGER NOT NULL DEFAULT 0,
    why          TEXT    NOT NULL DEFAULT '', -- of the first that failed
    shown        TEXT    NOT NULL DEFAULT ''  -- the message that was asked for; it goes after minutes
) STRICT;
CREATE INDEX daemon_acts_by_host ON daemon_acts (organization, instance, host, given_at);
