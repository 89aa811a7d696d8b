package expiry_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"latchkey/internal/expiry"
)

var now = time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)

func days(n float64) time.Duration { return time.Duration(n * float64(expiry.Day)) }

func TestThreshold(t *testing.T) {
	for _, c := range []struct {
		name        string
		left, lived float64 // days to the end, and since the end is known
		renews      bool
		want        int
	}{
		{"far away", 61, 300, false, 0},
		{"sixty days", 60, 300, false, 60},
		{"between", 45, 300, false, 60},
		{"thirty", 29.9, 300, false, 30},
		{"seven", 7, 300, false, 7},
		{"last day", 0.2, 300, false, 1},
		{"over", -0.1, 300, false, 0},
		{"renewed by itself", 3, 300, true, 0},
		{"fourteen days, fresh", 14, 0, false, 0},
		{"fourteen days, a week on", 7, 7, false, 7},
		{"fourteen days, a week less a minute on", 7.001, 6.999, false, 0},
		{"an hour's life", 0.02, 0.02, false, 0},
		{"known late", 20, 345, false, 30},
		{"made within the threshold before", 6, 10, false, 7},
	} {
		e := expiry.Ending{Ends: now.Add(days(c.left)), Since: now.Add(-days(c.lived)), Renews: c.renews}
		got, crossed := e.Threshold(now)
		if got != c.want || crossed != (c.want != 0) {
			t.Errorf("%s: Threshold() = %d, %v, want %d", c.name, got, crossed, c.want)
		}
	}
}

// As time passes, thresholds only get nearer, whatever the life.
func TestThresholdsGetNearer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		life := rapid.IntRange(1, 100*24).Draw(t, "hours")
		e := expiry.Ending{Since: now, Ends: now.Add(time.Duration(life) * time.Hour)}
		last := 1000
		for at := now; at.Before(e.Ends); at = at.Add(time.Hour) {
			got, crossed := e.Threshold(at)
			if !crossed {
				continue
			}
			if got > last || time.Duration(got)*expiry.Day >= e.Ends.Sub(e.Since) {
				t.Fatalf("Threshold() = %d after %d, of a life of %d hours", got, last, life)
			}
			last = got
		}
		if last == 1000 && life > 24 {
			t.Fatalf("nothing was said of a life of %d hours", life)
		}
	})
}

func TestPick(t *testing.T) {
	at := func(hours int, subject string, kind expiry.Kind) expiry.Ending {
		return expiry.Ending{Kind: kind, Organization: "org", Subject: subject, Ends: now.Add(time.Duration(hours) * time.Hour)}
	}
	all := expiry.Fixed{
		at(3, "b", expiry.APIKey), at(1, "c", expiry.APIKey), at(3, "a", expiry.RefreshToken), at(3, "a", expiry.ClientSecret), at(9, "d", expiry.APIKey),
		{Kind: expiry.APIKey, Subject: "installation", Ends: now.Add(time.Hour)},
	}
	all[3].Renews = true
	names := func(q expiry.Query) string {
		q.Organization, q.Before = "org", now.Add(5*time.Hour)
		if q.Limit == 0 {
			q.Limit = 10
		}
		got, err := all.Endings(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, e := range got {
			out = append(out, e.Subject+"/"+string(e.Kind))
		}
		return strings.Join(out, " ")
	}
	for _, c := range []struct {
		q    expiry.Query
		want string
	}{
		{expiry.Query{}, "c/api_key a/client_secret a/refresh_token b/api_key"},
		{expiry.Query{Limit: 2}, "c/api_key a/client_secret"},
		{expiry.Query{After: all[3].Position()}, "a/refresh_token b/api_key"},
		{expiry.Query{After: expiry.Position{Ends: now.Add(3 * time.Hour)}}, "a/client_secret a/refresh_token b/api_key"},
		{expiry.Query{Kind: expiry.APIKey}, "c/api_key b/api_key"},
		{expiry.Query{Attention: true}, "c/api_key a/refresh_token b/api_key"},
	} {
		if got := names(c.q); got != c.want {
			t.Errorf("Endings(%+v) = %s, want %s", c.q, got, c.want)
		}
	}
}

var feed = expiry.Feed{Name: "Latchkey, endings", Host: "latchkey.example.com", Base: "https://latchkey.example.com/", Made: now}

func TestCalendar(t *testing.T) {
	e := expiry.Ending{
		Kind: expiry.RefreshToken, Subject: "conn_1", Name: "acme; emea, \\ one\ntwo", Sandbox: "prod", Ends: now.Add(days(9)),
		Action: "consent again: latchkey connection reauthorize acme", Link: "/api/v1/connections/conn_1",
	}
	text := string(feed.Calendar([]expiry.Ending{e}))
	for _, line := range []string{
		"BEGIN:VCALENDAR", "VERSION:2.0", "DTSTART:20261206T090000Z", "DTSTAMP:20261127T090000Z", `SUMMARY:Refresh token ends: acme\; emea\, \\ one\ntwo`,
		"URL:https://latchkey.example.com/api/v1/connections/conn_1", "TRIGGER:-P7D", "END:VCALENDAR",
	} {
		if !strings.Contains(text, line+"\r\n") {
			t.Errorf("the calendar lacks %q:\n%s", line, text)
		}
	}
	again := feed
	again.Made = now.Add(time.Hour)
	uid := func(f expiry.Feed, e expiry.Ending) string {
		for line := range strings.Lines(string(f.Calendar([]expiry.Ending{e}))) {
			if strings.HasPrefix(line, "UID:") {
				return line
			}
		}
		return ""
	}
	renewed := e
	renewed.Ends = e.Ends.Add(time.Hour)
	if uid(feed, e) != uid(again, e) || uid(feed, e) == uid(feed, renewed) {
		t.Error("the UID is not that of the thing and its end")
	}
}

// Whatever a name holds, lines are bounded, end in CRLF, and unfold to what was meant (RFC 5545 §3.1).
func TestCalendarFolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.String().Draw(t, "name")
		text := string(feed.Calendar([]expiry.Ending{{Kind: expiry.APIKey, Subject: "key_1", Name: name, Ends: now, Action: name}}))
		for line := range strings.SplitAfterSeq(strings.TrimSuffix(text, "\r\n"), "\r\n") {
			line = strings.TrimSuffix(line, "\r\n")
			if len(line) > 75 || strings.ContainsAny(line, "\r\n") || !validText(line) {
				t.Fatalf("a line of %d octets: %q", len(line), line)
			}
		}
		unfolded := strings.ReplaceAll(text, "\r\n ", "")
		want := []string{"BEGIN:VEVENT", "END:VEVENT"}
		for _, line := range want {
			if strings.Count(unfolded, "\r\n"+line+"\r\n") != 1 {
				t.Fatalf("%d times %s in\n%s", strings.Count(unfolded, line), line, unfolded)
			}
		}
	})
}

func validText(s string) bool { return strings.ToValidUTF8(s, "") == s }

func ExampleEnding_Threshold() {
	e := expiry.Ending{Since: now, Ends: now.Add(90 * expiry.Day)}
	for _, day := range []int{10, 31, 70, 89} {
		fmt.Println(e.Threshold(now.Add(time.Duration(day) * expiry.Day)))
	}
	// Output:
	// 0 false
	// 60 true
	// 30 true
	// 1 true
}

func TestKindsHaveWords(t *testing.T) {
	var same []expiry.Kind
	for _, k := range expiry.Kinds() {
		if k.Words() == string(k) {
			same = append(same, k)
		}
	}
	if diff := cmp.Diff([]expiry.Kind(nil), same); diff != "" {
		t.Error(diff)
	}
}
