-- +goose Up

-- When the refresh token was first presented, by the clock that runs from the machine's start: the wall clock may have been
-- stepped since. NULL where that is not known.
ALTER TABLE claims ADD COLUMN first_up TEXT;
