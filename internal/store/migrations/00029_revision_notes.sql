-- +goose Up

-- Why a revision of a definition was made; '' for nothing.
ALTER TABLE revisions ADD COLUMN note TEXT NOT NULL DEFAULT '';
