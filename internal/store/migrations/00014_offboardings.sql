-- +goose Up

-- Organizations that are being offboarded: from the beginning until they are gone.
CREATE TABLE offboardings (
    organization TEXT NOT NULL PRIMARY KEY REFERENCES organizations (id) ON DELETE CASCADE,
    begun_by     TEXT NOT NULL,
    begun_at     INTEGER NOT NULL
) STRICT;
