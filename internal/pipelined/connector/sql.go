package connector

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	_ "modernc.org/sqlite"             // the driver "sqlite"

	"latchkey/internal/pipelined/message"
)

// inserter inserts each trigger into a table like the vendor's example (spec/campaign-and-pipeline.md §2.9), with the
// message's id beside, so that a trigger that is delivered again is there once.
type inserter struct {
	Config
	db  *sql.DB
	to  SQL
	add string
}

var tableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,62}$`)

func openSQL(ctx context.Context, config Config, to SQL) (Connector, error) {
	to.Table = cmp.Or(to.Table, "pipelineEvent")
	if !tableName.MatchString(to.Table) {
		return nil, fmt.Errorf("sql: table: %q is no name of a table", to.Table)
	}
	driver, source, serial, err := database(config.Dir, to.Database)
	if err != nil {
		return nil, err
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		return nil, errors.New("sql: database: the address can't be used") // not %w: it may quote a password
	}
	if driver == "sqlite" {
		db.SetMaxOpenConns(1)
	}
	create := fmt.Sprintf(`CREATE TABLE IF NOT EXISTS "%s" (
		"pipelineEventId" %s, "messageId" VARCHAR(128) NOT NULL UNIQUE, "data" TEXT NOT NULL, "triggerType" VARCHAR(50) NOT NULL,
		"shopper_id" VARCHAR(32) NOT NULL, "shopper_key" BIGINT NOT NULL DEFAULT 0,
		"created" TIMESTAMP NOT NULL, "lastModified" TIMESTAMP NOT NULL, "timeGMT" TIMESTAMP)`, to.Table, serial)
	ctx, cancel := context.WithTimeout(ctx, attemptTime)
	defer cancel()
	if _, err := db.ExecContext(ctx, create); err != nil {
		// The database may be away now and back later: the first triggers wait for it.
		return nil, errors.Join(fmt.Errorf("sql: making the table %s: %w", to.Table, err), db.Close())
	}
	add := fmt.Sprintf(`INSERT INTO "%s" ("messageId", "data", "triggerType", "shopper_id", "created", "lastModified", "timeGMT")
		VALUES ($1, $2, $3, $4, $5, $5, $6) ON CONFLICT ("messageId") DO NOTHING`, to.Table)
	return &inserter{config, db, to, add}, nil
}

// database tells the driver of an address, and how its rows are numbered.
func database(dir, address string) (driver, source, serial string, err error) {
	if path, ok := strings.CutPrefix(address, "sqlite:"); ok {
		if !filepath.IsAbs(path) {
			path = filepath.Join(dir, path)
		}
		query := url.Values{"_pragma": {"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)"}}
		at := url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: query.Encode()}
		return "sqlite", at.String(), "INTEGER PRIMARY KEY", nil
	}
	if strings.HasPrefix(address, "postgres://") || strings.HasPrefix(address, "postgresql://") {
		return "pgx", address, "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY", nil
	}
	return "", "", "", errors.New("sql: database: give sqlite:PATH or postgres://…")
}

func (s *inserter) Deliver(ctx context.Context, t *message.Trigger) error {
	_, err := s.DeliverAll(ctx, []*message.Trigger{t})
	return err
}

// DeliverAll implements [Batcher]: all of them in one transaction, or none.
func (s *inserter) DeliverAll(ctx context.Context, triggers []*message.Trigger) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, attemptTime)
	defer cancel()
	tx, err := s.db.BeginTx(ctx, nil)
	if err == nil {
		if err = s.insert(ctx, tx, triggers); err == nil {
			err = tx.Commit()
		}
		_ = tx.Rollback() // what is committed stays
	}
	if err != nil {
		return 0, fmt.Errorf("inserting into %s: %w", s.to.Table, err)
	}
	return len(triggers), nil
}

func (s *inserter) insert(ctx context.Context, tx *sql.Tx, triggers []*message.Trigger) error {
	add, err := tx.PrepareContext(ctx, s.add)
	if err != nil {
		return err
	}
	defer func() { _ = add.Close() }()
	for _, t := range triggers {
		var fired any
		if !t.At.IsZero() {
			fired = t.At
		}
		if _, err := add.ExecContext(ctx, bound(t.ID, 128), strings.ReplaceAll(string(t.XML()), "\x00", ""), bound(t.Type, 50),
			bound(Dimension(t.Enrichments, s.to.Key), 32), s.Clock.Now().UTC(), fired); err != nil {
			return err
		}
	}
	return nil
}

func (s *inserter) Close() error { return s.db.Close() }

// bound cuts a text to a column's width, in characters.
func bound(text string, most int) string {
	runes := []rune(text)
	return string(runes[:min(len(runes), most)])
}

// Dimension gives the last value of a dimension that is not empty, which is the latest of the visit. The vendor's own
// sample has a blank before a dimension's name, so blanks around names don't count.
func Dimension(enrichments json.RawMessage, name string) string {
	if name == "" {
		return ""
	}
	var parts struct {
		Summary struct {
			Dimensions map[string]struct {
				Values []any `json:"data"`
			} `json:"dimensions"`
		} `json:"analyticsHitSummary"`
	}
	if json.Unmarshal(enrichments, &parts) != nil {
		return ""
	}
	for key, dimension := range parts.Summary.Dimensions {
		if strings.TrimSpace(key) != name {
			continue
		}
		for i := len(dimension.Values) - 1; i >= 0; i-- {
			if text := fmt.Sprint(dimension.Values[i]); text != "" {
				return text
			}
		}
	}
	return ""
}
