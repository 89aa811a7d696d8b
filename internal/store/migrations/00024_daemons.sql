-- +goose Up

-- The pipelined daemons of Campaign instances, as each last told of itself.
CREATE TABLE daemons (
    organization TEXT NOT NULL,
    instance     TEXT NOT NULL,
    host         TEXT NOT NULL,
    version      TEXT NOT NULL,
    credential   TEXT NOT NULL,
    fingerprint  TEXT NOT NULL,
    carried_out  INTEGER NOT NULL, -- the number of the last order that it has carried out
    failure      TEXT NOT NULL,    -- why the last order failed; '' for none
    report       TEXT NOT NULL,    -- JSON of its last migration; '' for none
    started_at   INTEGER NOT NULL,
    seen_at      INTEGER NOT NULL,
    PRIMARY KEY (organization, instance, host)
) STRICT;

-- What the daemons of an instance are told to do. The last order counts.
CREATE TABLE daemon_orders (
    organization TEXT NOT NULL,
    instance     TEXT NOT NULL,
    number       INTEGER NOT NULL,
    action       TEXT NOT NULL,
    fingerprint  TEXT NOT NULL, -- of the credential that their files must hold; '' for whatever they hold
    ordered_by   TEXT NOT NULL,
    ordered_at   INTEGER NOT NULL,
    PRIMARY KEY (organization, instance)
) STRICT;
