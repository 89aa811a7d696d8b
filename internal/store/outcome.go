package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// mark names a transaction of a server, so that its outcome can be asked for when the answer to COMMIT was lost. A server
// that was promoted in the place of another goes on counting where that one's transactions may be missing; its timeline
// tells.
type mark struct{ transaction, timeline string }

// timeline is the server's, as its write-ahead log is named.
const timeline = `substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8)`

// announce tells the other nodes the news, when the transaction is committed, and gives the transaction's mark. One
// process over a file has no other nodes, and loses no connection. Of a transaction that changed nothing the mark is empty.
func (h *hand) announce(ctx context.Context, news []News) (mark, error) {
	if h.session.remote == nil {
		return mark{}, nil
	}
	var transaction sql.NullString
	var m mark
	var told int
	err := h.session.row(ctx, `SELECT pg_current_xact_id_if_assigned()::text, `+timeline+`, (SELECT count(pg_notify('`+newsChannel+`', n))
		FROM unnest(string_to_array($1, chr(10))) n)`, writeNews(h.w.node, news)).Scan(&transaction, &m.timeline, &told)
	m.transaction = transaction.String
	return m, err
}

// outcomeLimit is how long the outcome of a transaction is asked for.
const outcomeLimit = 5 * time.Second

// outcome asks what became of a transaction whose connection was lost while it was committed.
func (h *hand) outcome(m mark) (committed, known bool) {
	for end := time.Now().Add(outcomeLimit); time.Now().Before(end); time.Sleep(firstPause) {
		if h.connect() != nil {
			continue
		}
		var status, now string
		err := h.session.row(context.Background(), `SELECT COALESCE(pg_xact_status($1::text::xid8), ''), `+timeline, m.transaction).Scan(&status, &now)
		switch {
		case h.session.lost():
			h.drop()
		case err != nil || now != m.timeline:
			return false, false
		case status != "in progress":
			return status == "committed", status != ""
		}
	}
	return false, false
}

// UnknownError says that the connection was lost while a write was committed, and that the server did not come back to
// tell: it is done, or it is not. Who has to know reads again.
type UnknownError struct {
	Err  error
	mark mark
}

func (e *UnknownError) Error() string {
	return fmt.Sprintf("the connection to the database was lost while it committed, so that nobody knows whether it did: %v", e.Err)
}

// Unwrap gives what ended the connection.
func (e *UnknownError) Unwrap() error { return e.Err }

// OutcomeUnknown tells rooms below, which can't name this type, what it is.
func (e *UnknownError) OutcomeUnknown() bool { return true }
