package web_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"latchkey/internal/audit"
	"latchkey/internal/telemetry"
)

// The record is filtered, paged in both directions, and tells who did what within which request.
func TestAuditList(t *testing.T) {
	h := newHouse(t)
	ctx := telemetry.WithRequestID(context.Background(), "req_of_the_test")
	_, err := h.directory.CreateSandbox(ctx, h.caller, "stage", "")
	check(t, err)
	var entries []audit.Entry
	for range 120 {
		entries = append(entries, audit.Entry{Organization: organization, Actor: h.ada.ID, Action: "test.write", Subject: markup, Detail: map[string]string{"n": markup}})
	}
	check(t, h.kept.Audit().Append(context.Background(), entries...))
	ada := h.browser()
	says(t, h.get(ada, h.link(h.ada)), http.StatusOK)
	first := h.get(ada, h.url+"/audit")
	says(t, first, http.StatusOK, "session.begin", "Ada &lt;b&gt;Lovelace", "Older")
	if strings.Contains(first.text, "<script>alert") || strings.Contains(first.text, "Newer") {
		t.Error("the first page lets markup through, or has newer records")
	}
	next := h.get(ada, h.url+link(t, first.text, "Older"))
	says(t, next, http.StatusOK, "Newer", "Older", "Newest")
	back := h.get(ada, h.url+link(t, next.text, "Newer"))
	if !strings.Contains(back.text, "session.begin") || strings.Contains(back.text, ">Newer<") {
		t.Errorf("Newer does not lead back to the newest: %s", back.text)
	}
	says(t, h.get(ada, h.url+"/audit?request=req_of_the_test"), http.StatusOK, "sandbox.create", "whoever started the server")
	says(t, h.get(ada, h.url+"/audit?action=user.&subject="+url.QueryEscape(h.ada.ID)), http.StatusOK, "user.invite", "user.accept")
	says(t, h.get(ada, h.url+"/audit?until=2020-01-01"), http.StatusOK, "Nothing like that is recorded")
	says(t, h.get(ada, h.url+"/audit?chain=installation"), http.StatusOK, "audit.key_create", "the installation itself")
}

// link gives where a link of these words leads.
func link(t *testing.T, page, words string) string {
	t.Helper()
	before, _, ok := strings.Cut(page, `rel="next">`+words+"<")
	if !ok {
		if before, _, ok = strings.Cut(page, `rel="prev">`+words+"<"); !ok {
			t.Fatalf("there is no link %q in %s", words, page)
		}
	}
	at := strings.LastIndex(before, `href="`)
	address, _, _ := strings.Cut(before[at+len(`href="`):], `"`)
	return strings.ReplaceAll(address, "&amp;", "&")
}

// The record is verified in the background, against a checkpoint that was downloaded, and exported in both formats.
func TestAuditVerifyAndExport(t *testing.T) {
	h := newHouse(t)
	check(t, h.kept.Audit().Append(context.Background(), audit.Entry{Organization: organization, Actor: "=cmd|' /C calc'!A0", Action: "test.write", Subject: "thing"}))
	ada := h.browser()
	says(t, h.get(ada, h.link(h.ada)), http.StatusOK)
	token := h.tokenOf(ada)
	says(t, h.get(ada, h.url+"/audit/verify"), http.StatusOK, "was not verified yet")
	signed := post(h, ada, "/audit/checkpoints", url.Values{"csrf": {token}})
	says(t, signed, http.StatusOK, `"public_key"`)
	says(t, h.get(ada, h.url+"/audit/checkpoints"), http.StatusOK, "SHA256:", "Download")
	says(t, h.get(ada, h.url+"/audit/key"), http.StatusOK, "BEGIN PUBLIC KEY")
	says(t, post(h, ada, "/audit/verify", url.Values{"csrf": {token}, "held": {"{}"}}), http.StatusUnprocessableEntity, "That is no checkpoint")
	page := post(h, ada, "/audit/verify", url.Values{"csrf": {token}, "held": {signed.text}})
	for strings.Contains(page.text, `http-equiv="refresh"`) {
		page = h.get(ada, h.url+"/audit/verify")
	}
	says(t, page, http.StatusOK, "The record is whole", "A checkpoint that was kept elsewhere proves it", "asked for by Ada")

	lines := h.get(ada, h.url+"/audit/file")
	read, err := audit.ReadExport(func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(lines.text)), nil })
	check(t, err)
	if report, err := audit.Examine(read.Chain); err != nil || !report.OK() {
		t.Errorf("the export is %+v, %v", report, err)
	}
	table, err := csv.NewReader(bytes.NewReader([]byte(h.get(ada, h.url+"/audit/file?format=csv&subject=thing").text))).ReadAll()
	if err != nil || len(table) != 2 || table[1][3] != "test.write" || table[1][2] != "'=cmd|' /C calc'!A0" {
		t.Errorf("the table is %q, %v", table, err)
	}
}
