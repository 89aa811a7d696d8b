-- +goose Up

-- What the process counts, over time: a row for what a node counted of an organization in a minute, and rows of hours that
-- came of those.
CREATE TABLE series (
    id           TEXT NOT NULL PRIMARY KEY,
    organization TEXT NOT NULL,
    span         INTEGER NOT NULL, -- 60 or 3600 seconds
    at           INTEGER NOT NULL, -- when it begins
    counts       TEXT NOT NULL     -- "reads=12 renewed=3", as series.Counts writes them
) STRICT;

CREATE INDEX series_of_organizations ON series (organization, at);
CREATE INDEX series_by_age ON series (span, at);

-- What the last Check Health of an IMS configuration found.
CREATE TABLE ims_checks (
    configuration TEXT NOT NULL PRIMARY KEY REFERENCES ims_configurations (id) ON DELETE CASCADE,
    healthy       INTEGER NOT NULL,
    layers        TEXT NOT NULL, -- JSON
    checked_at    INTEGER NOT NULL
) STRICT;

-- Searching a list reads the index alone: the rows behind it are wide.
DROP INDEX connections_list;
CREATE INDEX connections_list ON connections (organization, sandbox, created_at, id, label);
CREATE INDEX audiences_by_name ON audiences (service, search, id) WHERE gone_at IS NULL;
