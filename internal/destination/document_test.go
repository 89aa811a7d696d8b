package destination_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/destination"
	"latchkey/internal/jsontree"
	"latchkey/internal/secret"
)

func parse(t testing.TB, text string) *destination.Document {
	t.Helper()
	d, err := destination.ParseDocument([]byte(text))
	if err != nil {
		t.Fatalf("ParseDocument = %v", err)
	}
	return d
}

func read(t testing.TB, file string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// compact gives JSON without blanks; the order of members and the text of numbers stay.
func compact(t *testing.T, text string) string {
	t.Helper()
	var b strings.Builder
	decoder := json.NewDecoder(strings.NewReader(text))
	var raw json.RawMessage
	if err := decoder.Decode(&raw); err != nil {
		t.Fatal(err)
	}
	inString, escaped := false, false
	for _, c := range text {
		if !inString && strings.ContainsRune(" \t\r\n", c) {
			continue
		}
		if c == '"' && !escaped {
			inString = !inString
		}
		escaped = c == '\\' && !escaped
		b.WriteRune(c)
	}
	return b.String()
}

// Every published example comes back as it was sent, but for its secrets.
func TestPublishedExamplesComeBackEqual(t *testing.T) {
	secrets := map[string]string{
		"authorization-code.json": "Experience-Platform-client-secret", "client-credentials.json": "Experience-Platform-client-secret",
		"password.json": "Experience-Platform-client-secret", "example-1-response-field.json": "client-secret-here",
		"example-2-special-refresh-token.json": "special_refresh_token",
	}
	files, _ := filepath.Glob("testdata/published/*.json")
	if len(files) != 7 {
		t.Fatalf("there are %d published examples, want 7", len(files))
	}
	for _, file := range files {
		name := filepath.Base(file)
		text := read(t, "published/"+name)
		d := parse(t, text)
		if problems := d.Lint(destination.LintOptions{}); problems.HasRefused() {
			t.Errorf("%s cannot be stored: %v", name, problems.AtLeast(destination.Refused))
		}
		want := compact(t, text)
		if hidden := secrets[name]; hidden != "" {
			want = strings.ReplaceAll(want, `"`+hidden+`"`, `"********"`)
		}
		if got := string(d.JSON()); got != want {
			t.Errorf("%s came back as\n%s\nwant\n%s", name, got, want)
		}
		stored, err := destination.ParseJSONSealed(d.JSON(), d.Secrets())
		if err != nil || !stored.Equal(d) {
			t.Errorf("%s does not survive the store: %v", name, err)
		}
	}
}

func TestUnknownMembersNumbersAndEscapesSurvive(t *testing.T) {
	text := `{"z":1.50e+3,"name":"a\u00e9\/\"b","q":[null,true,-0,{}],"customerAuthenticationConfigurations":[{"authType":"S3","weird":{"k":"v"}}],"a":[]}`
	if got := string(parse(t, text).JSON()); got != text {
		t.Errorf("came back as %s, want %s", got, text)
	}
}

func TestMalformedJSON(t *testing.T) {
	for text, says := range map[string]string{
		"":         "expected a JSON object, found the end",
		"[]":       "expected a JSON object, found an array",
		`{"a": 1.`: "not a JSON number",
	} {
		_, err := destination.ParseDocument([]byte(text))
		if syntax, ok := errors.AsType[*jsontree.SyntaxError](err); !ok || syntax.Line != 1 || !strings.Contains(syntax.Msg, says) {
			t.Errorf("ParseDocument(%q) = %v, want a SyntaxError: %s", text, err, says)
		}
	}
}

func TestSecretsAreTakenOut(t *testing.T) {
	d := parse(t, `{"name": "n", "authentication": {"authType": "OAUTH2", "clientSecret": "{{ not a template }}",
		"apiKey": "unknown-member", "clientId": "public",
		"authenticationDataFields": [
			{"name": "a", "format": "password", "value": "by-format"}, {"name": "myRefreshTOKEN", "value": "by-name"},
			{"name": "pin", "format": "password", "type": "integer", "value": 1234}, {"name": "tokenType", "value": "public"},
			{"name": "appKey", "default": "by-default"}, {"name": "okSecret", "value": true}, {"name": "emptySecret", "value": ""}],
		"accessTokenRequest": {"httpTemplate": {"headers": [
			{"header": "Authorization", "value": "Basic by-header"},
			{"header": "X-Api-Key", "value": {"templatingStrategy": "NONE", "value": "by-{{ header"}},
			{"header": "X-App-Token", "value": {"templatingStrategy": "PEBBLE_V1", "value": "{{ authData.a }}"}},
			{"header": "X-Public", "value": "public"}]}},
		"options": {"authorizationParams": {"password": "by-param", "audience": "public", "token": "{{ authData.a }}"},
			"assertion": {"key": "-----BEGIN PRIVATE KEY-----"}, "strange": {"deep": [{"secret": "by-unknown-option"}]},
			"callback": {"capture": {"realmToken": "public"}}, "steps": [{"httpTemplate": {"headers": [{"header": "Cookie", "value": "by-step"}]}}]}}}`)
	got := map[string]string{}
	for pointer, s := range d.Secrets() {
		got[strings.TrimPrefix(pointer, "/authentication")] = s.Reveal()
	}
	want := map[string]string{
		"/clientSecret": "{{ not a template }}", "/apiKey": "unknown-member",
		"/authenticationDataFields/0/value": "by-format", "/authenticationDataFields/1/value": "by-name",
		"/authenticationDataFields/2/value#number": "1234", "/authenticationDataFields/4/default": "by-default",
		"/accessTokenRequest/httpTemplate/headers/0/value":       "Basic by-header",
		"/accessTokenRequest/httpTemplate/headers/1/value/value": "by-{{ header",
		"/options/authorizationParams/password":                  "by-param", "/options/assertion/key": "-----BEGIN PRIVATE KEY-----",
		"/options/strange/deep/0/secret": "by-unknown-option", "/options/steps/0/httpTemplate/headers/0/value": "by-step",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("secrets: -want +got\n%s", diff)
	}
	for _, hidden := range want {
		if strings.Contains(string(d.JSON()), strings.ReplaceAll(hidden, `"`, `\"`)) {
			t.Errorf("the document shows %q: %s", hidden, d.JSON())
		}
	}
	stored, err := destination.ParseJSONSealed(d.JSON(), d.Secrets())
	if err != nil || !stored.Equal(d) {
		t.Errorf("the document does not survive the store: %v", err)
	}
}

func TestMaskKeepsTheStoredSecret(t *testing.T) {
	field := func(name, value string) string { return `{"name": "` + name + `", "value": "` + value + `"}` }
	entry := func(secret string, fields ...string) string {
		return `{"authentication": {"clientSecret": "` + secret + `", "authenticationDataFields": [` + strings.Join(fields, ",") + `]}}`
	}
	const mask = destination.Mask
	before := entry("s-1", field("aToken", "a-1"), field("bToken", "b-1"))
	for _, c := range []struct {
		name, sent string
		want       map[string]string
	}{
		{"unchanged", entry(mask, field("aToken", mask), field("bToken", mask)), map[string]string{"clientSecret": "s-1", "0": "a-1", "1": "b-1"}},
		{"one changed", entry("s-2", field("aToken", mask), field("bToken", "b-2")), map[string]string{"clientSecret": "s-2", "0": "a-1", "1": "b-2"}},
		{"moved", entry(mask, field("bToken", mask), field("aToken", mask)), map[string]string{"clientSecret": "s-1", "0": "b-1", "1": "a-1"}},
		{"removed", entry(mask, field("bToken", mask)), map[string]string{"clientSecret": "s-1", "0": "b-1"}},
		{"renamed", entry(mask, field("aToken", mask), field("cToken", mask)), map[string]string{"clientSecret": "s-1", "0": "a-1", "1": "b-1"}},
		{"inserted", entry(mask, field("cToken", mask), field("aToken", mask)), map[string]string{"clientSecret": "s-1", "1": "a-1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := parse(t, c.sent)
			d.MergeSecrets(parse(t, before))
			got := map[string]string{}
			for pointer, s := range d.Secrets() {
				pointer = strings.TrimPrefix(pointer, "/authentication/")
				pointer = strings.TrimSuffix(strings.TrimPrefix(pointer, "authenticationDataFields/"), "/value")
				got[pointer] = s.Reveal()
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func TestMaskWithoutASecretCannotBePublished(t *testing.T) {
	d := parse(t, strings.ReplaceAll(read(t, "published/client-credentials.json"), "Experience-Platform-client-secret", destination.Mask))
	problems := d.Lint(destination.LintOptions{})
	if problems.HasRefused() || !problems.HasUnpublishable() {
		t.Errorf("Lint = %v, want a draft that cannot be published", problems)
	}
}

func TestForms(t *testing.T) {
	whole := parse(t, `{"name": "n", "description": "d", "status": "TEST", "customerAuthenticationConfigurations": [{"authType": "BASIC"}, {"authType": "BEARER"}]}`)
	if whole.Name() != "n" || whole.Description() != "d" || whole.Status() != "TEST" || whole.Configurations() != 2 || !whole.Whole() {
		t.Errorf("a whole destination is read as %q, %q, %q, %d entries", whole.Name(), whole.Description(), whole.Status(), whole.Configurations())
	}
	if got := string(whole.Authentication(1)); got != `{"authType":"BEARER"}` || whole.Authentication(2) != nil {
		t.Errorf("Authentication(1) = %s", got)
	}
	wrapped := parse(t, `{"name": "n", "authentication": {"authType": "BASIC"}}`)
	if authType, _ := wrapped.Kind(0); wrapped.Whole() || wrapped.Configurations() != 1 || authType != destination.Basic {
		t.Errorf("a wrapped entry is read as %d entries of %q", wrapped.Configurations(), authType)
	}
	if bare := parse(t, `{"authType": "BEARER"}`); bare.Configurations() != 1 || bare.Whole() {
		t.Error("a bare entry is not read as one")
	}
}

func TestSecretsDoNotPrint(t *testing.T) {
	d := parse(t, read(t, "published/authorization-code.json"))
	for pointer, s := range d.Secrets() {
		if s.String() != secret.Redacted {
			t.Errorf("%s prints", pointer)
		}
	}
	p, err := d.Compile(0)
	if err != nil {
		t.Fatal(err)
	}
	if text := strings.Join([]string{p.Inputs().ClientSecret.String(), string(d.Authentication(0))}, " "); strings.Contains(text, "client-secret") {
		t.Errorf("a plan prints %s", text)
	}
}
