-- +goose Up

-- What is known of root keys; never the keys. state is next, current, leaving or retired.
CREATE TABLE root_keys (
    id          TEXT NOT NULL PRIMARY KEY,
    kind        TEXT NOT NULL,
    state       TEXT NOT NULL,
    parameters  TEXT NOT NULL,
    replaces    TEXT NOT NULL, -- the rotation to this key: from which one, how many data keys, when
    total       INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    started_at  INTEGER,
    finished_at INTEGER,
    retired_at  INTEGER
) STRICT;

CREATE UNIQUE INDEX root_keys_current ON root_keys (state) WHERE state = 'current';

ALTER TABLE data_keys ADD COLUMN wrapped_at INTEGER;

CREATE INDEX data_keys_root ON data_keys (root, organization);

-- Until now there was one root key, in a file.
INSERT INTO root_keys (id, kind, state, parameters, replaces, total, created_at)
    SELECT root, 'file', 'current', '', '', 0, MIN(created_at) FROM data_keys GROUP BY root;
