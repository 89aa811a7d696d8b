-- +goose Up

-- What happened. A row is written in the transaction of the change that it tells of; spread is 0 until it has become
-- deliveries and notices.
CREATE TABLE events (
    id           TEXT NOT NULL PRIMARY KEY,
    organization TEXT NOT NULL,
    sandbox      TEXT NOT NULL,
    type         TEXT NOT NULL,
    subject      TEXT NOT NULL,
    at           INTEGER NOT NULL,
    data         TEXT NOT NULL,
    spread       INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX events_outbox ON events (id) WHERE spread = 0;
CREATE INDEX events_list ON events (organization, at, id);
CREATE INDEX events_subject ON events (organization, subject, at, id);
CREATE INDEX events_type ON events (organization, type, at, id);
CREATE INDEX events_at ON events (at);

CREATE TABLE webhooks (
    id                TEXT NOT NULL PRIMARY KEY,
    organization      TEXT NOT NULL,
    sandbox           TEXT NOT NULL, -- '' is every one
    url               TEXT NOT NULL,
    description       TEXT NOT NULL,
    types             TEXT NOT NULL, -- each between blanks; '' is all but the frequent ones
    frequent          TEXT NOT NULL, -- the frequent ones among them
    enabled           INTEGER NOT NULL,
    reason            TEXT NOT NULL, -- why it was disabled
    secret            BLOB NOT NULL, -- sealed: the current one and the one before
    secret_generation INTEGER NOT NULL,
    previous_until    INTEGER, -- the one before signs too until then
    failing_since     INTEGER,
    version           INTEGER NOT NULL,
    created_by        TEXT NOT NULL,
    created_at        INTEGER NOT NULL,
    updated_at        INTEGER NOT NULL
) STRICT;

CREATE INDEX webhooks_organization ON webhooks (organization, id);
-- Looked at by each transaction with an event of a frequent type: as good as always empty.
CREATE INDEX webhooks_frequent ON webhooks (organization) WHERE frequent <> '' AND enabled = 1;

-- One event on its way to one endpoint; due_at is NULL when it has ended.
CREATE TABLE deliveries (
    webhook       TEXT NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    event         TEXT NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    state         TEXT NOT NULL,
    attempts      INTEGER NOT NULL DEFAULT 0,
    due_at        INTEGER,
    claimed_by    TEXT,
    claimed_until INTEGER,
    status        INTEGER NOT NULL DEFAULT 0,
    error         TEXT NOT NULL DEFAULT '',
    latency       INTEGER NOT NULL DEFAULT 0, -- in microseconds
    created_at    INTEGER NOT NULL,
    attempted_at  INTEGER,
    PRIMARY KEY (webhook, event)
) STRICT;

CREATE INDEX deliveries_event ON deliveries (event);
CREATE INDEX deliveries_due ON deliveries (webhook, due_at, event) WHERE due_at IS NOT NULL;
CREATE INDEX deliveries_list ON deliveries (webhook, created_at, event);

-- An event that somebody has to be told of by mail; mail is NULL until it stands in one.
CREATE TABLE mail_notices (
    event TEXT NOT NULL PRIMARY KEY REFERENCES events (id) ON DELETE CASCADE,
    at    INTEGER NOT NULL,
    mail  TEXT
) STRICT;

CREATE INDEX mail_notices_mail ON mail_notices (mail) WHERE mail IS NOT NULL;
CREATE INDEX mail_notices_waiting ON mail_notices (at, event) WHERE mail IS NULL;

-- A mail is written when it is sent, from its notices or from how things are then.
CREATE TABLE mails (
    id            TEXT NOT NULL PRIMARY KEY,
    kind          TEXT NOT NULL,
    state         TEXT NOT NULL,
    attempts      INTEGER NOT NULL DEFAULT 0,
    due_at        INTEGER,
    claimed_by    TEXT,
    claimed_until INTEGER,
    error         TEXT NOT NULL DEFAULT '',
    created_at    INTEGER NOT NULL
) STRICT;

CREATE INDEX mails_due ON mails (due_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX mails_kind ON mails (kind, created_at);
