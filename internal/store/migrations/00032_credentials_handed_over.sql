-- +goose Up

-- Which API key a daemon told with, and whether that may be handed a credential.
ALTER TABLE daemons ADD COLUMN told_by TEXT NOT NULL DEFAULT '';
ALTER TABLE daemons ADD COLUMN runs INTEGER NOT NULL DEFAULT 0;

-- What an order hands over, without the secrets: JSON, '' for nothing.
ALTER TABLE daemon_orders ADD COLUMN hand TEXT NOT NULL DEFAULT '';

-- Credentials on their way to the daemons of an instance. They go when every daemon has one, and after an hour.
CREATE TABLE daemon_hands (
    id           TEXT    NOT NULL PRIMARY KEY,
    organization TEXT    NOT NULL,
    instance     TEXT    NOT NULL,
    sealed       BLOB    NOT NULL,
    expires_at   INTEGER NOT NULL
) STRICT;
CREATE INDEX daemon_hands_by_instance ON daemon_hands (organization, instance);
