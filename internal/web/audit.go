package web

import (
	"cmp"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/audit"
	"latchkey/internal/finding"
)

// The audit record: the list with its filters here, its checks in audit_verify.go, its files in audit_export.go. It takes the scope
// audit:read, which only System Administrators have among people.

func (p *Pages) auditRoutes() map[string]func(*visit) error {
	return map[string]func(*visit) error{
		"GET " + placeAudit:                             (*visit).auditList,
		"GET " + placeAudit + "/verify":                 (*visit).auditVerify,
		"POST " + placeAudit + "/verify":                (*visit).auditVerify,
		"GET " + placeAudit + "/checkpoints":            (*visit).auditCheckpoints,
		"POST " + placeAudit + "/checkpoints":           (*visit).auditSign,
		"GET " + placeAudit + "/checkpoints/{sequence}": (*visit).auditCheckpoint,
		"GET " + placeAudit + "/key":                    (*visit).auditKey,
		"GET " + placeAudit + "/export":                 (*visit).auditExport,
		"GET " + placeAudit + "/file":                   (*visit).auditFile,
	}
}

func (v *visit) auditTabs(here string) tabs {
	t := tabs{Label: "Parts of the audit record", Here: here}
	chain := ""
	if v.chain() != "" {
		chain = "?chain=" + v.chain()
	}
	t.add("Records", placeAudit+chain)
	t.add("Verify", placeAudit+"/verify"+chain)
	t.add("Checkpoints", placeAudit+"/checkpoints"+chain)
	t.add("Export", placeAudit+"/export"+chain)
	return t
}

// chain is the one that is looked at: the organization's, or the installation's own.
func (v *visit) chain() string {
	if v.r.FormValue("chain") == audit.Installation {
		return audit.Installation
	}
	return ""
}

// auditSelection reads the filters.
func (v *visit) auditSelection() audit.Selection {
	query := v.r.URL.Query()
	value := func(name string) string { return strings.TrimSpace(query.Get(name)) }
	s := audit.Selection{Actor: value("actor"), Action: value("action"), Subject: value("subject"), Request: value("request")}
	if day, err := time.Parse(time.DateOnly, value("since")); err == nil {
		s.Since = day
	}
	if day, err := time.Parse(time.DateOnly, value("until")); err == nil {
		s.Until = day.Add(24 * time.Hour) // the day itself is in it
	}
	return s
}

// filtered tells whether anything is left out.
func filtered(s audit.Selection) bool {
	return s.Actor+s.Action+s.Subject+s.Request != "" || !s.Since.IsZero() || !s.Until.IsZero()
}

// recordRow is a record as the list shows it.
type recordRow struct {
	audit.Record
	Who, WhoPath, SubjectPath string
	Details                   []fact
	Request                   string
}

const auditPage = 50

func (v *visit) auditList() error {
	s := v.auditSelection()
	query := v.r.URL.Query()
	number := func(name string) int64 { n, _ := strconv.ParseInt(query.Get(name), 10, 64); return n }
	s.Limit, s.Before, s.After = auditPage+1, number("before"), number("newer")
	s.Forward = s.After > 0
	if s.Forward {
		s.Before = 0
	}
	records, err := v.Audit.List(v.r.Context(), v.caller, v.chain(), s)
	if err != nil {
		return err
	}
	more := len(records) > auditPage
	records = records[:min(len(records), auditPage)]
	if s.Forward {
		slices.Reverse(records)
	}
	view := struct {
		Rows                                                 []recordRow
		Tabs                                                 tabs
		Actor, Action, Subject, Request, Since, Until, Chain string
		Filtered                                             bool
		Newer, Older, Newest, Link                           string
	}{Tabs: v.auditTabs("Records"), Actor: s.Actor, Action: s.Action, Subject: s.Subject, Request: s.Request, Since: query.Get("since"), Until: query.Get("until"), Chain: v.chain(), Filtered: filtered(s)}
	names, err := v.actorNames()
	if err != nil {
		return err
	}
	for i := range records {
		view.Rows = append(view.Rows, recordOf(&records[i], names))
	}
	if len(records) > 0 {
		first, last := strconv.FormatInt(records[0].Sequence, 10), strconv.FormatInt(records[len(records)-1].Sequence, 10)
		if s.Forward && more || !s.Forward && s.Before > 0 {
			view.Newer = v.turned("newer", first)
			view.Newest = v.turned("", "")
		}
		if !s.Forward && more || s.Forward {
			view.Older = v.turned("before", last)
		}
	} else if s.Before > 0 || s.After > 0 {
		view.Newest = v.turned("", "")
	}
	return v.show(http.StatusOK, "audit", "Audit", &view)
}

// turned gives the address of another page of the list.
func (v *visit) turned(name, value string) string {
	query := v.r.URL.Query()
	query.Del("before")
	query.Del("newer")
	if name != "" {
		query.Set(name, value)
	}
	return (&url.URL{Path: v.r.URL.Path, RawQuery: query.Encode()}).String()
}

// actor is somebody who did something.
type actor struct{ Name, Path string }

// actorNames gives what people call who acts, by id.
func (v *visit) actorNames() (map[string]actor, error) {
	names := map[string]actor{audit.System: {"Latchkey itself", ""}, "dev": {"whoever started the server", ""}, "operator": {"the operator", ""}}
	users, err := v.Users.List(v.r.Context(), v.caller)
	if err != nil {
		return nil, err
	}
	for _, u := range users {
		names[u.ID] = actor{u.Name(), userPath(u.ID)}
	}
	keys, err := v.Keys.List(v.r.Context(), v.caller)
	if err != nil {
		return nil, err
	}
	for i := range keys {
		names[keys[i].ID] = actor{"the key " + keys[i].Name, placeSettings + "/keys?past=on&q=" + url.QueryEscape(keys[i].ID)}
	}
	return names, nil
}

func recordOf(r *audit.Record, names map[string]actor) recordRow {
	row := recordRow{Record: *r, Who: cmp.Or(names[r.Actor].Name, r.Actor), WhoPath: names[r.Actor].Path, SubjectPath: subjectPath(r, names)}
	for _, name := range slices.Sorted(maps.Keys(r.Detail)) {
		if name == audit.DetailRequest {
			row.Request = r.Detail[name]
			continue
		}
		row.Details = append(row.Details, fact{name, r.Detail[name], false})
	}
	if r.Generation > 0 {
		row.Details = append(row.Details, fact{"generation", strconv.FormatInt(r.Generation, 10), false})
	}
	row.Details = append(row.Details, fact{"hash", r.Hash.String(), true})
	return row
}

// subjectPath is where the thing of a record is shown, "" where it is gone or has no page.
func subjectPath(r *audit.Record, names map[string]actor) string {
	if strings.HasSuffix(r.Action, ".delete") || strings.HasSuffix(r.Action, ".sweep") {
		return ""
	}
	kind, _, _ := strings.Cut(r.Subject, "_")
	id := url.PathEscape(r.Subject)
	switch {
	case kind == "conn":
		return "/connections/" + id
	case kind == "def":
		return "/definitions/" + id
	case kind == "wh":
		return webhookPath(r.Subject)
	case kind == "rev":
		return revocationPath(r.Subject)
	case strings.HasPrefix(r.Action, "project."):
		return projectPath(r.Subject)
	case strings.HasPrefix(r.Action, "credential."), strings.HasPrefix(r.Action, "secret."), strings.HasPrefix(r.Action, "binding."):
		return "/credentials/" + id
	case strings.HasPrefix(r.Action, "profile."):
		return profilePath(r.Subject)
	}
	return names[r.Subject].Path
}

// auditVerify shows how the last check stands, and begins one.
func (v *visit) auditVerify() error {
	if v.r.Method == http.MethodPost {
		return v.auditBegin()
	}
	last, err := v.Audit.Verification(v.r.Context(), v.caller, v.chain())
	if err != nil {
		return err
	}
	return v.auditVerifyPage(http.StatusOK, last, v.verifyForm())
}

func (v *visit) verifyForm() *form {
	held := text("held", "Checkpoint that was kept elsewhere", "", "As it was downloaded, JSON. It proves that nobody has rebuilt the record, whoever has the database.").of(codeInput).maybe()
	return v.form(placeAudit+"/verify", "Verify", held).hide("chain", v.chain())
}

func (v *visit) auditVerifyPage(status int, last audit.Verification, f *form) error {
	names, err := v.actorNames()
	if err != nil {
		return err
	}
	view := struct {
		audit.Verification
		Tabs             tabs
		Running, Refresh bool
		Tone, Words      string
		By, Chain        string
		Form             *form
		Fingerprint      string
	}{Verification: last, Tabs: v.auditTabs("Verify"), Running: last.Running(v.Clock.Now()), By: cmp.Or(names[last.By].Name, last.By), Form: f, Chain: v.chain(), Fingerprint: v.Audit.PublicKey().Fingerprint()}
	view.Refresh = view.Running
	view.Tone, view.Words = verdict(&last)
	return v.show(status, "audit_verify", "Verify the audit record", &view)
}

// verdict says in words what a check found.
func verdict(v *audit.Verification) (tone, words string) {
	r := v.Report
	switch {
	case v.StartedAt.IsZero():
		return "", "The record was not verified yet."
	case v.Problem != "":
		return "warn", "The verification broke off: " + v.Problem + ". Begin it again."
	case r == nil:
		return "", "The record is being verified."
	case !r.OK():
		return "bad", countWords(len(r.Faults)+int(r.More), "thing is", "things are") + " wrong with the record. Somebody may have written to the database: keep a copy of it, and compare with the last backup and with checkpoints kept elsewhere."
	}
	words = "The record is whole: " + plural(int(r.Records), "record") + ", none changed, removed or moved."
	if r.Connections > 0 {
		words += " " + plural(int(r.Connections), "connection") + " agree with it."
	}
	switch {
	case r.Held > 0:
		words += " A checkpoint that was kept elsewhere proves it up to record " + strconv.FormatInt(r.HeldTo, 10) + "."
	case r.Covered > 0:
		words += " Signed checkpoints in the database cover it up to record " + strconv.FormatInt(r.Covered, 10) + "; one that is kept elsewhere would prove more."
	}
	return "good", words
}

func (v *visit) auditBegin() error {
	var proof audit.Proof
	f := v.verifyForm()
	v.refill(f.Inputs)
	if held := v.value("held"); held != "" {
		var c audit.Checkpoint
		if err := json.Unmarshal([]byte(held), &c); err != nil || c.Sequence == 0 {
			var problems finding.Problems
			problems.Wrong("/held", "that is no checkpoint", "paste the file as it was downloaded, all of it")
			f.put(problems)
			last, err := v.Audit.Verification(v.r.Context(), v.caller, v.chain())
			if err != nil {
				return err
			}
			return v.auditVerifyPage(http.StatusUnprocessableEntity, last, f)
		}
		c.At = c.At.UTC()
		proof.Held = append(proof.Held, audit.Held{Checkpoint: c, Where: "the form"})
	}
	if _, err := v.Audit.BeginVerification(v.r.Context(), v.caller, v.chain(), proof); err != nil {
		return err
	}
	return v.to(v.auditPath("/verify"))
}

// auditPath is a page of the chain that is looked at.
func (v *visit) auditPath(part string) string {
	if v.chain() != "" {
		return placeAudit + part + "?chain=" + v.chain()
	}
	return placeAudit + part
}

// checkpointRow is a checkpoint as the list shows it.
type checkpointRow struct {
	audit.Checkpoint
	Path string
}

func (v *visit) auditCheckpoints() error {
	before, _ := strconv.ParseInt(v.cursor(), 10, 64)
	all, err := v.Audit.Checkpoints(v.r.Context(), v.caller, v.chain(), before, deliveryPage+1)
	if err != nil {
		return err
	}
	view := struct {
		Rows        []checkpointRow
		Tabs        tabs
		Pager       pager
		Sign        *form
		Fingerprint string
	}{Tabs: v.auditTabs("Checkpoints"), Sign: v.form(placeAudit+"/checkpoints", "Sign and download").hide("chain", v.chain()), Fingerprint: v.Audit.PublicKey().Fingerprint()}
	next := ""
	if len(all) > deliveryPage {
		all = all[:deliveryPage]
		next = strconv.FormatInt(all[deliveryPage-1].Sequence, 10)
	}
	for _, c := range all {
		view.Rows = append(view.Rows, checkpointRow{c, v.auditPath("/checkpoints/" + strconv.FormatInt(c.Sequence, 10))})
	}
	view.Pager = v.pager(next)
	return v.show(http.StatusOK, "audit_checkpoints", "Checkpoints", &view)
}

// auditSign signs the record as it is, and answers with the checkpoint.
func (v *visit) auditSign() error {
	made, err := v.Audit.Checkpoint(v.r.Context(), v.caller, v.chain())
	if errors.Is(err, audit.ErrNothingRecorded) {
		var problems finding.Problems
		problems.Wrong("", "nothing is recorded yet", "there is nothing to sign")
		return problems
	}
	if err != nil {
		return err
	}
	return v.sendCheckpoint(made)
}

func (v *visit) sendCheckpoint(c audit.Checkpoint) error {
	text, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return err
	}
	v.file("checkpoint-"+strconv.FormatInt(c.Sequence, 10)+".json", "application/json", append(text, '\n'))
	return nil
}

func (v *visit) auditCheckpoint() error {
	sequence, err := strconv.ParseInt(v.r.PathValue("sequence"), 10, 64)
	if err != nil {
		sequence = 0
	}
	found, err := v.Audit.Checkpoints(v.r.Context(), v.caller, v.chain(), sequence+1, 1)
	if err != nil {
		return err
	}
	if len(found) == 0 || found[0].Sequence != sequence {
		v.message(v.w, v.r, message{Status: http.StatusNotFound, Tone: "warn", Title: "There is no such checkpoint", Text: []string{"It may have been let go of with the records that it signs."}, Link: placeAudit + "/checkpoints", LinkText: "To the checkpoints", Here: v.here})
		return nil
	}
	return v.sendCheckpoint(found[0])
}

func (v *visit) auditKey() error {
	if err := v.caller.Require(access.AuditRead); err != nil {
		return err
	}
	text, err := v.Audit.PublicKey().PEM()
	if err != nil {
		return err
	}
	v.file("latchkey-audit.pem", "application/x-pem-file", text)
	return nil
}
