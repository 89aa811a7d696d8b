-- +goose Up

-- All that a search of a service's audiences looks at: the rules, which make up most of a row, are read for what it found alone.
CREATE INDEX audiences_by_id ON audiences (service, id, search, kind, gone_at);
