package web

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"latchkey/internal/audit"
)

// auditExport asks for which file.
func (v *visit) auditExport() error {
	if err := v.Audit.MayRead(v.caller, v.chain()); err != nil {
		return err
	}
	view := struct {
		Tabs  tabs
		Chain string
	}{v.auditTabs("Export"), v.chain()}
	return v.show(http.StatusOK, "audit_export", "Export the audit record", &view)
}

// auditFile answers with the record as it is read, and holds no more of it than a page. The lines of JSON can be verified without a
// server; the table is for a spreadsheet, and takes the filters of the list too.
func (v *visit) auditFile() error {
	if err := v.Audit.MayRead(v.caller, v.chain()); err != nil {
		return err
	}
	s := v.auditSelection()
	name := "latchkey-audit-" + v.Clock.Now().UTC().Format("20060102-150405")
	var err error
	if v.r.URL.Query().Get("format") == "csv" {
		err = v.auditTable(v.streaming(name+".csv", "text/csv; charset=utf-8"), s)
	} else {
		err = v.Audit.Export(v.r.Context(), v.caller, v.chain(), audit.Span{Since: s.Since, Until: s.Until}, v.streaming(name+".jsonl", "application/jsonl"))
	}
	if err == nil {
		return nil
	}
	if v.r.Context().Err() == nil {
		v.Log.WarnContext(v.r.Context(), "an export of the audit record broke off", slog.Any("error", err))
	}
	panic(http.ErrAbortHandler) // so that the browser does not take it for whole
}

// exportPage is how many records are read at a time.
const exportPage = 1000

func (v *visit) auditTable(out io.Writer, s audit.Selection) error {
	table := csv.NewWriter(out)
	if err := table.Write([]string{"sequence", "at", "actor", "action", "subject", "generation", "request_id", "detail", "hash"}); err != nil {
		return err
	}
	s.Forward, s.Limit = true, exportPage
	for {
		records, err := v.Audit.List(v.r.Context(), v.caller, v.chain(), s)
		if err != nil {
			return err
		}
		for i := range records {
			r := &records[i]
			s.After = r.Sequence
			detail, err := json.Marshal(r.Detail)
			if err != nil {
				return err
			}
			row := []string{strconv.FormatInt(r.Sequence, 10), r.At.UTC().Format(time.RFC3339Nano), r.Actor, r.Action, r.Subject, strconv.FormatInt(r.Generation, 10), r.Detail[audit.DetailRequest], string(detail), r.Hash.String()}
			for n := range row {
				row[n] = cell(row[n])
			}
			if err := table.Write(row); err != nil {
				return err
			}
		}
		table.Flush()
		if err := table.Error(); err != nil || len(records) < exportPage {
			return err
		}
	}
}

// cell keeps a spreadsheet from taking a stranger's text for a formula.
func cell(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}
