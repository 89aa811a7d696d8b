-- +goose Up

-- What a key may do through the proxy: JSON with methods and paths, '' for everything.
ALTER TABLE api_keys ADD COLUMN calls TEXT NOT NULL DEFAULT '';
