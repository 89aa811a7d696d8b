package simulator

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// faults is what a request is told to suffer.
type faults struct {
	// of transport
	slow, slowBefore time.Duration
	drop, dropBefore bool
	status           int
	rateLimit        int // seconds; -1: none
	redirect         string
	html, huge       bool
	truncated        bool

	// of the token response
	expiresIn, error200, oauthError        string
	nested, renamed, form, bare, status201 bool
	noRefresh, issueRefresh, extend, jwt   bool
	tokenTTL, refreshTTL                   time.Duration // 0: the simulator's own

	// of the provider's rules
	rotation rotation
	auth     authMode
	get      bool
	consent  string
}

type authMode int

const (
	authAny authMode = iota
	authBasic
	authBody
	authNone
)

// Fault is a way to misbehave.
type Fault struct {
	Name  string // as written before "="
	Value string // what may stand after "="; "" when nothing does
	Does  string

	set func(f *faults, value string) error
}

// Faults lists every fault, in the order of the documentation.
func Faults() []Fault {
	return []Fault{
		{"slow", "DURATION", "processes the request, then keeps the answer back; 5m at most", durationInto(func(f *faults) *time.Duration { return &f.slow })},
		{"slow_before", "DURATION", "waits, then processes the request unless the caller has gone", durationInto(func(f *faults) *time.Duration { return &f.slowBefore })},
		{"drop", "", "processes the request, then closes the connection: what was issued is lost", flag(func(f *faults) *bool { return &f.drop })},
		{"drop_before", "", "closes the connection without processing", flag(func(f *faults) *bool { return &f.dropBefore })},
		{"status", "CODE", "answers with that status, without processing", setStatus},
		{"error", "CODE", "answers with that OAuth error, without processing; 400, or 401 for invalid_client", setError},
		{"rate_limit", "SECONDS", "answers 429 with Retry-After, without processing", setRateLimit},
		{"redirect", "URL", "answers 302 (307 to a POST) to that URL, without processing; a comma in it is written %2C, in a query %252C", setRedirect},
		{"html", "", "answers 200 with a web page, without processing", flag(func(f *faults) *bool { return &f.html })},
		{"error200", "[CODE]", `answers 200 with {"ok":false,"error":CODE}, without processing`, setError200},
		{"huge", "", "processes the request and answers with a body of 2 MiB", flag(func(f *faults) *bool { return &f.huge })},
		{"truncated", "", "processes the request and sends half of the body, complete as far as HTTP can tell", flag(func(f *faults) *bool { return &f.truncated })},
		{"expires_in", "none|string|ms|wrong|absolute|iso|VALUE", "tells the access token's life not at all, as a text, in milliseconds, ten times too long, as expires_at in epoch seconds, as expires_at in RFC 3339, or as VALUE; the life stays what it is", setExpiresIn},
		{"token_ttl", "SECONDS", "gives access tokens that life", setTTL(func(f *faults) *time.Duration { return &f.tokenTTL })},
		{"refresh_ttl", "SECONDS", "gives refresh tokens that life", setTTL(func(f *faults) *time.Duration { return &f.refreshTTL })},
		{"nested", "", "puts the fields under data.token", flag(func(f *faults) *bool { return &f.nested })},
		{"renamed", "", "names the fields accessToken, tokenType, expiresIn, refreshToken, refreshTokenExpiresIn", flag(func(f *faults) *bool { return &f.renamed })},
		{"form", "", "answers application/x-www-form-urlencoded", flag(func(f *faults) *bool { return &f.form })},
		{"bare", "", "answers text/plain: the access token alone", flag(func(f *faults) *bool { return &f.bare })},
		{"status201", "", "answers 201 where it would 200", flag(func(f *faults) *bool { return &f.status201 })},
		{"jwt", "", "issues access tokens that are JWTs (ES256, RFC 9068) with exp; keys at /.well-known/jwks.json", flag(func(f *faults) *bool { return &f.jwt })},
		{"no_refresh_token", "", "issues no refresh token", flag(func(f *faults) *bool { return &f.noRefresh })},
		{"issue_refresh", "", "issues a refresh token to client_credentials too", flag(func(f *faults) *bool { return &f.issueRefresh })},
		{"rotate", "on|off|same|revoke_family|grace=SECONDS", "a refresh gives a new refresh token (the rule), none, the same; or a new one where reuse of the old ends the whole authorization, or is answered with the same successor for a while", setRotate},
		{"grace", "SECONDS", "short for rotate=grace=SECONDS", setGrace},
		{"extend", "", "a refresh prolongs the access token and answers without one", flag(func(f *faults) *bool { return &f.extend })},
		{"auth", "any|basic|body|none", "takes the client's secret in either place (the rule), in the header only, in the body only, or does without", setAuth},
		{"get", "", "token endpoints take GET, and parameters in the query", flag(func(f *faults) *bool { return &f.get })},
		{"consent", "allow|deny|ERROR", "the authorization page answers at once: with a code, access_denied, or that error", setConsent},
	}
}

// setting is a fault that was asked for, with its value.
type setting struct {
	fault Fault
	value string
}

// parseFaults reads a list such as "slow=2s,expires_in=none". Errors never repeat the text.
func parseFaults(text string) ([]setting, error) {
	known := Faults()
	var out []setting
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		i := slices.IndexFunc(known, func(f Fault) bool { return f.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("unknown fault; the faults are: %s", faultNames(known))
		}
		s := setting{fault: known[i], value: value}
		if err := s.fault.set(&faults{}, value); err != nil {
			return nil, fmt.Errorf("fault %s: %w", name, err)
		}
		out = append(out, s)
	}
	return out, nil
}

func faultNames(all []Fault) string {
	names := make([]string, len(all))
	for i, f := range all {
		names[i] = f.Name
		if f.Value != "" {
			names[i] += "=" + f.Value
		}
	}
	return strings.Join(names, ", ")
}

// combine applies settings in order: the later wins.
func combine(settings []setting) faults {
	f := faults{rateLimit: -1}
	for _, s := range settings {
		_ = s.fault.set(&f, s.value) // parseFaults has tried it
	}
	return f
}

func flag(field func(*faults) *bool) func(*faults, string) error {
	return func(f *faults, value string) error {
		switch value {
		case "", "1", "true", "on":
			*field(f) = true
		case "0", "false", "off":
			*field(f) = false
		default:
			return errors.New("wants no value (or 0 to undo it)")
		}
		return nil
	}
}

func durationInto(field func(*faults) *time.Duration) func(*faults, string) error {
	return func(f *faults, value string) error {
		d, err := time.ParseDuration(value)
		if err != nil || d < 0 || d > 5*time.Minute {
			return errors.New("wants a duration up to 5m, such as 1500ms")
		}
		*field(f) = d
		return nil
	}
}

func seconds(value string, least, most int) (int, error) {
	n, err := strconv.Atoi(value)
	if err != nil || n < least || n > most {
		return 0, fmt.Errorf("wants whole seconds from %d to %d", least, most)
	}
	return n, nil
}

const tenYears = 10 * 365 * 24 * 3600 // seconds

func setTTL(field func(*faults) *time.Duration) func(*faults, string) error {
	return func(f *faults, value string) error {
		n, err := seconds(value, 1, tenYears)
		*field(f) = time.Duration(n) * time.Second
		return err
	}
}

func setStatus(f *faults, value string) error {
	n, err := strconv.Atoi(value)
	if err != nil || n < 200 || n > 599 {
		return errors.New("wants a status from 200 to 599")
	}
	f.status = n
	return nil
}

var errorCode = regexp.MustCompile(`^[a-z_]{1,64}$`)

func setError(f *faults, value string) error {
	if !errorCode.MatchString(value) {
		return errors.New("wants an OAuth error code, such as invalid_grant")
	}
	f.oauthError = value
	return nil
}

func setError200(f *faults, value string) error {
	value = cmp.Or(value, "invalid_auth")
	if !errorCode.MatchString(value) {
		return errors.New("wants an error code of a-z and _, or none")
	}
	f.error200 = value
	return nil
}

func setRateLimit(f *faults, value string) (err error) {
	f.rateLimit, err = seconds(value, 0, tenYears)
	return err
}

func setRedirect(f *faults, value string) error {
	u, err := url.Parse(value)
	if err != nil || u.Scheme == "" || u.Host == "" {
		return errors.New("wants an absolute URL")
	}
	f.redirect = u.String()
	return nil
}

var expiryValue = regexp.MustCompile(`^[A-Za-z0-9.+:-]{1,64}$`)

func setExpiresIn(f *faults, value string) error {
	if !expiryValue.MatchString(value) {
		return errors.New("wants none, string, ms, wrong, absolute, iso, or what to say instead, such as 0, -1, 1.5E3, 15m")
	}
	f.expiresIn = value
	return nil
}

func setRotate(f *faults, value string) error {
	if grace, ok := strings.CutPrefix(value, "grace="); ok {
		return setGrace(f, grace)
	}
	modes := map[string]rotationMode{"on": rotateOn, "off": rotateOff, "same": rotateSame, "revoke_family": rotateFamily}
	mode, ok := modes[value]
	if !ok {
		return errors.New("wants on, off, same, revoke_family or grace=SECONDS")
	}
	f.rotation = rotation{mode: mode}
	return nil
}

func setGrace(f *faults, value string) error {
	n, err := seconds(value, 1, tenYears)
	f.rotation = rotation{mode: rotateGrace, grace: time.Duration(n) * time.Second}
	return err
}

func setAuth(f *faults, value string) error {
	modes := map[string]authMode{"any": authAny, "basic": authBasic, "body": authBody, "none": authNone}
	mode, ok := modes[value]
	if !ok {
		return errors.New("wants any, basic, body or none")
	}
	f.auth = mode
	return nil
}

func setConsent(f *faults, value string) error {
	if !errorCode.MatchString(value) {
		return errors.New("wants allow, deny or an OAuth error code, such as temporarily_unavailable")
	}
	f.consent = value
	return nil
}

// instead gives the answer of a fault that keeps the request from being processed.
func (f faults) instead(method string) (answer, bool) {
	const said = "The simulator was told to answer so."
	switch {
	case f.rateLimit >= 0:
		e := oauthError{status: http.StatusTooManyRequests, code: "rate_limited", description: said}
		return e.answer().with("Retry-After", strconv.Itoa(f.rateLimit)), true
	case f.redirect != "" && method == http.MethodPost:
		return redirectAnswer(http.StatusTemporaryRedirect, f.redirect), true
	case f.redirect != "":
		return redirectAnswer(http.StatusFound, f.redirect), true
	case f.html:
		const page = "<!doctype html><html lang=\"en\"><title>Moviestar</title><h1>We'll be right back</h1></html>\n"
		return newAnswer(cmp.Or(f.status, http.StatusOK), "text/html; charset=utf-8", []byte(page)), true
	case f.error200 != "":
		return jsonAnswer(http.StatusOK, map[string]any{"ok": false, "error": f.error200}), true
	case f.oauthError != "":
		e := oauthError{status: cmp.Or(f.status, http.StatusBadRequest), code: f.oauthError, description: said}
		if f.oauthError == "invalid_client" && f.status == 0 {
			e.status, e.challenge = http.StatusUnauthorized, `Basic realm="moviestar"`
		}
		return e.answer(), true
	case f.status == http.StatusNoContent || f.status == http.StatusNotModified:
		return answer{status: f.status, header: http.Header{}}, true
	case f.status != 0:
		code := "server_error"
		if f.status == http.StatusServiceUnavailable {
			code = "temporarily_unavailable"
		}
		e := oauthError{status: f.status, code: code, description: said}
		return e.answer(), true
	}
	return answer{}, false
}

const hugeBody = 2 << 20

// alter damages an answer that is ready to go.
func (f faults) alter(a answer) answer {
	if f.status201 && a.status == http.StatusOK {
		a.status = http.StatusCreated
	}
	if f.huge {
		a.body = inflate(a.body)
	}
	if f.truncated {
		a.body = a.body[:len(a.body)/2]
	}
	return a
}

// inflate makes a body of 2 MiB; a JSON object stays one, with the padding before its fields.
func inflate(body []byte) []byte {
	padding := strings.Repeat("x", hugeBody-min(len(body), hugeBody))
	if len(body) > 2 && body[0] == '{' {
		return slices.Concat([]byte(`{"padding":"`), []byte(padding), []byte(`",`), body[1:])
	}
	return slices.Concat([]byte(padding), body)
}
