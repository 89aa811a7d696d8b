-- +goose Up

-- How providers stand, for the whole installation: the nodes agree here on what is told, and when.
CREATE TABLE providers (
    host       TEXT NOT NULL PRIMARY KEY,
    down       INTEGER NOT NULL,
    since      INTEGER NOT NULL,
    down_since INTEGER NOT NULL,
    last       TEXT NOT NULL -- the last failure, without the provider's words
) STRICT;

-- Which organizations call a provider: they are told of its outages, and see it in their lists.
CREATE TABLE provider_tenants (
    host         TEXT NOT NULL,
    organization TEXT NOT NULL,
    seen_at      INTEGER NOT NULL,
    PRIMARY KEY (host, organization)
) STRICT;

CREATE INDEX provider_tenants_organization ON provider_tenants (organization);

-- Clients that a provider refuses.
CREATE TABLE provider_incidents (
    id           TEXT NOT NULL PRIMARY KEY,
    host         TEXT NOT NULL,
    organization TEXT NOT NULL,
    sandbox      TEXT NOT NULL,
    definition   TEXT NOT NULL,
    revision     INTEGER NOT NULL,
    client       TEXT NOT NULL,
    mark         BLOB NOT NULL, -- keyed hash of the client, its secret and where it was sent
    opened_at    INTEGER NOT NULL,
    probe_at     INTEGER NOT NULL,
    last         TEXT NOT NULL,
    closed_at    INTEGER,
    ended_by     TEXT NOT NULL
) STRICT;

CREATE UNIQUE INDEX provider_incidents_open ON provider_incidents (mark) WHERE closed_at IS NULL;
CREATE INDEX provider_incidents_closed ON provider_incidents (closed_at) WHERE closed_at IS NOT NULL;
