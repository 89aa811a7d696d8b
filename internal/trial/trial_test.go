package trial_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"latchkey/internal/destination"
	"latchkey/internal/destination/start"
	"latchkey/internal/devca"
	"latchkey/internal/simulator"
	"latchkey/internal/trial"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const secretOfOurs = "the-real-secret"

func trials(t *testing.T) *trial.Trials {
	t.Helper()
	authority, err := devca.LoadOrCreate(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return trial.New(trial.Config{Authority: authority})
}

func parse(t *testing.T, text string) *destination.Document {
	t.Helper()
	document, err := destination.ParseDocument([]byte(strings.ReplaceAll(text, "your-client-secret", secretOfOurs)))
	if err != nil {
		t.Fatal(err)
	}
	return document
}

func begin(t *testing.T, key string) *destination.Document {
	t.Helper()
	point, ok := start.Find(key)
	if !ok {
		t.Fatalf("there is no %s", key)
	}
	return parse(t, point.Text)
}

// sketch gives the steps in a line.
func sketch(steps []trial.Step) string {
	var out []string
	for _, s := range steps {
		out = append(out, fmt.Sprintf("%s: %v", s.Title, s.OK))
	}
	return strings.Join(out, "; ")
}

// TestRun tries definitions of each kind, with faults of each place, and looks for secrets in what is told.
func TestRun(t *testing.T) {
	all := trials(t)
	const whole, noRenewal = "The consent: true; The first token: true; The renewal: true", "The first token: true; The renewal: true"
	for _, c := range []struct {
		start, fault string
		when         trial.When
		steps, says  string
	}{
		{"authorization-code", "", "", whole, "the provider rotates them"},
		{"authorization-code-pkce", "", "", whole, "with a refresh token"},
		{"client-credentials", "", "", noRenewal, "good for 59m59s"},
		{"client-credentials-each", "", "", noRenewal, "good for 59m59s"},
		{"password", "", "", noRenewal, "came"},
		{"api-key", "", "", noRenewal, "Nothing renews this token"},
		{"basic", "", "", noRenewal, "A token of type Basic"},
		{"authorization-code", "consent=access_denied", trial.AtConsent, "The consent: false", "access_denied"},
		{"authorization-code", "drop", trial.AtConsent, "The consent: false", "was not led back with a code"},
		{"authorization-code", "error=invalid_grant", trial.AtRenewal, "The consent: true; The first token: true; The renewal: false", "The grant is over"},
		{"authorization-code", "rate_limit=30", trial.AtRenewal, "The consent: true; The first token: true; The renewal: false", "30s, as the provider asks"},
		{"client-credentials", "status=503", trial.AtFirst, "The first token: false", "The provider answered 503"},
		{"client-credentials", "drop_before", trial.AtFirst, "The first token: false", "given while it lives"},
		{"client-credentials", "html", trial.AtFirst, "The first token: false", "an HTML page"},
		{"client-credentials", "error=invalid_client", trial.AtFirst, "The first token: false", "useBasicAuth"},
		{"client-credentials", "expires_in=none", trial.AtFirst, noRenewal, "nothing tells how long it lives"},
	} {
		steps, err := all.Run(t.Context(), trial.Ask{Document: begin(t, c.start), Fault: c.fault, When: c.when, Callback: "https://latchkey.example/callback"})
		if err != nil {
			t.Errorf("%s with %q: %v", c.start, c.fault, err)
			continue
		}
		told := fmt.Sprintf("%+v", steps)
		if got := sketch(steps); got != c.steps || !strings.Contains(told, c.says) {
			t.Errorf("%s with %q went %s, want %s and %q in %s", c.start, c.fault, got, c.steps, c.says, told)
		}
		for _, hidden := range []string{secretOfOurs, simulator.SampleClientSecret, simulator.SamplePassword} {
			if strings.Contains(told, hidden) {
				t.Errorf("%s with %q tells %s", c.start, c.fault, hidden)
			}
		}
	}
}

// TestEntered takes what a customer would enter, and says what is wrong with it.
func TestEntered(t *testing.T) {
	all, document := trials(t), begin(t, "client-credentials-each")
	steps, err := all.Run(t.Context(), trial.Ask{Document: document, Entered: map[string]any{"subdomain": "acme", "clientSecret": "hush-hush"}})
	told := fmt.Sprintf("%+v", steps)
	if err != nil || !strings.Contains(told, "https://acme.example.com/oauth/token") || strings.Contains(told, "hush-hush") {
		t.Errorf("Run = %s, %v", told, err)
	}
	_, err = all.Run(t.Context(), trial.Ask{Document: document, Entered: map[string]any{"subdomain": "ACME"}})
	if problems, ok := errors.AsType[destination.Problems](err); !ok || problems[0].Pointer != "/fields/subdomain" {
		t.Errorf("a value of another form: %v", err)
	}
	_, err = all.Run(t.Context(), trial.Ask{Document: document, Fault: "nothing-known"})
	if _, ok := errors.AsType[*trial.FaultError](err); !ok {
		t.Errorf("an unknown fault: %v", err)
	}
}
