package finding_test

import (
	"testing"

	"latchkey/internal/finding"
)

func TestBounded(t *testing.T) {
	for name, c := range map[string]struct {
		text   string
		most   int
		hidden []string
		want   string
	}{
		"as it is":       {"Profile is not valid", 80, nil, "Profile is not valid"},
		"lines":          {" one\r\n\ttwo\x00three ", 80, nil, "one two three"},
		"long":           {"äöüäöü", 4, nil, "äöü…"},
		"broken":         {"a\xffb", 80, nil, "a\ufffdb"},
		"secret":         {"the token canary is bad: canary", 80, []string{"", "canary"}, "the token *** is bad: ***"},
		"override marks": {"a\u202eb", 80, nil, "a b"},
	} {
		if got := finding.Bounded(c.text, c.most, c.hidden...); got != c.want {
			t.Errorf("%s: Bounded(%q, %d) = %q, want %q", name, c.text, c.most, got, c.want)
		}
	}
}

func TestExplain(t *testing.T) {
	rows := []finding.Row{
		finding.When("invalid", 0, "clock", "the clock of {name} is wrong", finding.Change("set it", "at {name}")),
		finding.When("invalid", 400, "", "it is invalid"),
		finding.When("", 429, "", "too often"),
	}
	for name, c := range map[string]struct {
		refusal finding.Refusal
		want    string
	}{
		"by words":  {finding.Refusal{HTTP: 400, Code: "invalid", Description: "The CLOCK is off"}, "the clock of acme is wrong"},
		"by code":   {finding.Refusal{HTTP: 400, Code: "invalid"}, "it is invalid"},
		"by status": {finding.Refusal{HTTP: 429, Code: "other"}, "too often"},
		"by none":   {finding.Refusal{HTTP: 401, Code: "invalid"}, ""},
	} {
		found, ok := finding.Explain(c.refusal, rows)
		if got := found.Fill("{name}", "acme"); got.Means != c.want || ok != (c.want != "") {
			t.Errorf("%s: %+v, %v, want %q", name, got, ok, c.want)
		}
	}
	found, _ := finding.Explain(finding.Refusal{Code: "invalid", Description: "clock"}, rows)
	if got := found.Fill("{name}", "acme").Advice; len(got) != 1 || got[0] != finding.Change("set it", "at acme") {
		t.Errorf("advice is %+v", got)
	}
}
