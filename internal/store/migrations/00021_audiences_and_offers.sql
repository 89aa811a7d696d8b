-- +goose Up

-- How the audiences of a service of Target are synced.
CREATE TABLE audience_syncs (
    service    TEXT NOT NULL PRIMARY KEY REFERENCES cloud_services (id) ON DELETE CASCADE,
    state      TEXT NOT NULL,
    due_at     INTEGER,          -- when somebody takes it up; NULL while it is held for good reason by nobody
    held_until INTEGER,          -- until when somebody works on it
    claim      INTEGER NOT NULL, -- grows with each who takes it up: what an earlier one brings late is refused
    walk       TEXT NOT NULL     -- how far it has come, as JSON
) STRICT;

CREATE INDEX audience_syncs_due ON audience_syncs (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE audiences (
    service     TEXT NOT NULL REFERENCES cloud_services (id) ON DELETE CASCADE,
    id          INTEGER NOT NULL,
    name        TEXT NOT NULL,
    search      TEXT NOT NULL,    -- the name in small letters
    description TEXT NOT NULL,
    origin      TEXT NOT NULL,
    status      TEXT NOT NULL,
    kind        TEXT NOT NULL,    -- reusable, anonymous, property
    workspace   TEXT NOT NULL,
    rule        TEXT NOT NULL,    -- as JSON; '' without one
    modified_at INTEGER NOT NULL, -- 0 when Target does not say
    created_at  INTEGER,
    gone_at     INTEGER,          -- when it was seen to have vanished
    version     INTEGER NOT NULL,
    PRIMARY KEY (service, id)
) STRICT;

-- Offers that were pushed, by our own names.
CREATE TABLE offers (
    service    TEXT NOT NULL REFERENCES cloud_services (id) ON DELETE CASCADE,
    name       TEXT NOT NULL,
    kind       TEXT NOT NULL,    -- content, json
    workspace  TEXT NOT NULL,    -- '' is the default one
    target_id  INTEGER NOT NULL, -- 0 while nobody knows whether it was made
    hash       TEXT NOT NULL,    -- of the content that was sent last
    pushed_at  INTEGER NOT NULL,
    version    INTEGER NOT NULL,
    PRIMARY KEY (service, name)
) STRICT;

-- Client libraries of one's own.
CREATE TABLE client_libraries (
    service     TEXT NOT NULL PRIMARY KEY REFERENCES cloud_services (id) ON DELETE CASCADE,
    name        TEXT NOT NULL,
    content     TEXT NOT NULL,
    hash        TEXT NOT NULL,
    uploaded_at INTEGER NOT NULL
) STRICT;
