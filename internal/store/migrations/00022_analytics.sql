-- +goose Up

-- What of Analytics was synced for a cloud service: report suites, segments, and the metrics and dimensions of a report suite. A
-- list is of a company; with another it is not that list any more.
CREATE TABLE analytics_lists (
    service   TEXT NOT NULL REFERENCES cloud_services (id) ON DELETE CASCADE,
    kind      TEXT NOT NULL,
    suite     TEXT NOT NULL, -- '' for lists that are of no report suite
    company   TEXT NOT NULL,
    items     INTEGER NOT NULL,
    synced_at INTEGER NOT NULL,
    PRIMARY KEY (service, kind, suite)
) STRICT;

CREATE TABLE analytics_items (
    service TEXT NOT NULL REFERENCES cloud_services (id) ON DELETE CASCADE,
    kind    TEXT NOT NULL,
    suite   TEXT NOT NULL,
    id      TEXT NOT NULL,
    name    TEXT NOT NULL,
    detail  TEXT NOT NULL, -- JSON
    round   INTEGER NOT NULL, -- when the sync began that saw it last
    PRIMARY KEY (service, kind, suite, id)
) STRICT;

-- Frameworks: what pages send to a product.
CREATE TABLE frameworks (
    id           TEXT NOT NULL PRIMARY KEY,
    service      TEXT NOT NULL REFERENCES cloud_services (id) ON DELETE CASCADE,
    name         TEXT NOT NULL,
    title        TEXT NOT NULL,
    settings     TEXT NOT NULL, -- JSON
    published    TEXT,          -- the settings that are published, as JSON; NULL before the first
    published_at INTEGER,
    version      INTEGER NOT NULL,
    created_by   TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    UNIQUE (service, name)
) STRICT;

-- The pages that name a framework: one of a product's on each page.
CREATE TABLE framework_pages (
    organization TEXT NOT NULL,
    sandbox      TEXT NOT NULL,
    kind         TEXT NOT NULL, -- the product
    page         TEXT NOT NULL,
    framework    TEXT NOT NULL REFERENCES frameworks (id) ON DELETE CASCADE,
    PRIMARY KEY (organization, sandbox, kind, page)
) STRICT;

CREATE INDEX framework_pages_framework ON framework_pages (framework);
