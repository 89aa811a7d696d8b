-- +goose Up

-- Cloud services: configured uses of Target and Analytics.
CREATE TABLE cloud_services (
    id             TEXT NOT NULL PRIMARY KEY,
    organization   TEXT NOT NULL REFERENCES organizations (id),
    sandbox        TEXT NOT NULL,
    name           TEXT NOT NULL,
    title          TEXT NOT NULL,
    kind           TEXT NOT NULL,
    authentication TEXT NOT NULL,
    configuration  TEXT NOT NULL, -- the name of an IMS configuration; '' without one
    settings       TEXT NOT NULL, -- the product's own, as JSON
    state          TEXT,          -- what Connect has learned, as JSON; NULL before
    secrets        BLOB,          -- sealed
    version        INTEGER NOT NULL,
    created_by     TEXT NOT NULL,
    created_at     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL,
    UNIQUE (organization, sandbox, name)
) STRICT;

CREATE INDEX cloud_services_configuration ON cloud_services (organization, sandbox, configuration);
