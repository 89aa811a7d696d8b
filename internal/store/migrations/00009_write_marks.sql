-- +goose Up

-- What each writing connection of each living node has committed last, for a node that lost the answer to a COMMIT.
CREATE TABLE write_marks (
    node   TEXT NOT NULL,
    hand   INTEGER NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (node, hand)
) STRICT;
