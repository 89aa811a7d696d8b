package adobesim

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"latchkey/internal/gateway"
)

// faults is what a request is told to suffer.
type faults struct {
	// of the network
	slow       time.Duration
	drop, html bool
	status     int
	skew       time.Duration
	// of the gateway
	refusal   string // one of its codes
	rateLimit int    // seconds; -1: none
	// of the credential, as the authority and the products find it
	credential credentialFaults
	expiresIn  string
	// of Target
	wrongTenant bool
	// of Analytics
	noPermissions, unknownCompany, wantsCompany, noUser, partial, serverError bool
	// of Analytics 1.4
	noWebServices, unknownUser, notReady bool
}

// credentialFaults change a credential where it is read.
type credentialFaults struct {
	expiredCertificate, wrongKey, wrongSecret, noScopes, disabled bool
	notSubscribed, revokedProfile, observer                       bool
}

// Fault is a way to misbehave.
type Fault struct {
	Name  string // as written before "="
	Value string // what may stand after "="; "" when nothing does
	Does  string
	// Where says which of them it changes.
	Where string

	set func(f *faults, value string) error
}

// What a fault changes.
const (
	everywhere   = "all"
	ofGateway    = "gateway"
	ofCredential = "credential"
	ofAuthority  = "authority"
	ofTarget     = "Target"
	ofAnalytics  = "Analytics"
	ofLegacy     = "Analytics 1.4"
)

// Faults lists every fault, in the order of the documentation.
func Faults() []Fault {
	on := func(field func(f *faults) *bool) func(*faults, string) error { return flag(field) }
	return []Fault{
		{"slow", "DURATION", "answers that much later; 5m at most", everywhere, duration(func(f *faults) *time.Duration { return &f.slow }, 0, 5*time.Minute)},
		{"drop", "", "closes the connection without an answer", everywhere, on(func(f *faults) *bool { return &f.drop })},
		{"html", "", "answers 200 with a web page, as a proxy that wants a login", everywhere, on(func(f *faults) *bool { return &f.html })},
		{"status", "CODE", "answers with that status and no words", everywhere, setStatus},
		{"clock_skew", "DURATION", "has a clock that goes that much ahead, or behind with a minus", everywhere, duration(func(f *faults) *time.Duration { return &f.skew }, -24*time.Hour, 24*time.Hour)},

		{"no_token", "", "gateway: 401010, as where a proxy takes the header away", ofGateway, refuse(gateway.TokenMissing)},
		{"bad_token", "", "gateway: 401013, as with a token that ended or is of another environment", ofGateway, refuse(gateway.TokenNotValid)},
		{"no_key", "", "gateway: 403000, as where x-api-key does not arrive", ofGateway, refuse(gateway.KeyRequired)},
		{"bad_key", "", "gateway: 403003, as with the API key of another project", ofGateway, refuse(gateway.KeyInvalid)},
		{"bad_profile", "[403023]", "gateway: 403025, or 403023: the product takes none of the credential's profiles, though the console shows one", ofGateway, setBadProfile},
		{"rate_limit", "SECONDS", "gateway: 429050 with Retry-After; with times a burst", ofGateway, setRateLimit},

		{"not_subscribed", "", "the credential has lost its subscription", ofCredential, on(func(f *faults) *bool { return &f.credential.notSubscribed })},
		{"revoked_profile", "", "the credential has lost its product profiles", ofCredential, on(func(f *faults) *bool { return &f.credential.revokedProfile })},
		{"observer", "", "the credential is Observer in each product profile", ofCredential, on(func(f *faults) *bool { return &f.credential.observer })},
		{"expired_certificate", "", "the credential's certificates have ended", ofCredential, on(func(f *faults) *bool { return &f.credential.expiredCertificate })},
		{"wrong_key", "", "the certificate that is bound is another than the one whose key signs", ofCredential, on(func(f *faults) *bool { return &f.credential.wrongKey })},
		{"wrong_secret", "", "the client secret is another", ofCredential, on(func(f *faults) *bool { return &f.credential.wrongSecret })},
		{"no_scopes", "", "the credential has neither scopes nor metascopes", ofCredential, on(func(f *faults) *bool { return &f.credential.noScopes })},
		{"disabled", "", "the credential is disabled", ofCredential, on(func(f *faults) *bool { return &f.credential.disabled })},
		{"expires_in", "ms|s", "token answers tell the life in milliseconds, or in seconds, at every endpoint", ofAuthority, setExpiresIn},

		{"wrong_tenant", "", "the tenant is another organization's", ofTarget, on(func(f *faults) *bool { return &f.wrongTenant })},
		{"no_permissions", "", "the product profile has no report suites, metrics and dimensions: discovery works, reports answer 403", ofAnalytics, on(func(f *faults) *bool { return &f.noPermissions })},
		{"unknown_company", "", "the organization has no company: discovery lists none, and the API finds no user", ofAnalytics, on(func(f *faults) *bool { return &f.unknownCompany })},
		{"wants_company", "", "the header x-proxy-global-company-id is needed, not optional", ofAnalytics, on(func(f *faults) *bool { return &f.wantsCompany })},
		{"no_user", "", "the technical account is no user of the company: 404", ofAnalytics, on(func(f *faults) *bool { return &f.noUser })},
		{"partial", "", "reports answer 206: the last metric may not be seen", ofAnalytics, on(func(f *faults) *bool { return &f.partial })},
		{"server_error", "", "answers 500 in the product's form", ofAnalytics, on(func(f *faults) *bool { return &f.serverError })},
		{"no_web_services", "", "the user has no Web Service Access: 400", ofLegacy, on(func(f *faults) *bool { return &f.noWebServices })},
		{"unknown_user", "", "the user is not known: 400", ofLegacy, on(func(f *faults) *bool { return &f.unknownUser })},
		{"not_ready", "", "a queued report is still being made: 400", ofLegacy, on(func(f *faults) *bool { return &f.notReady })},
	}
}

func flag(field func(f *faults) *bool) func(*faults, string) error {
	return func(f *faults, value string) error {
		if value != "" {
			return errors.New("it takes no value")
		}
		*field(f) = true
		return nil
	}
}

func duration(field func(f *faults) *time.Duration, least, most time.Duration) func(*faults, string) error {
	return func(f *faults, value string) error {
		d, err := time.ParseDuration(value)
		if err != nil || d < least || d > most {
			return fmt.Errorf("want a duration from %v to %v", least, most)
		}
		*field(f) = d
		return nil
	}
}

func refuse(code string) func(*faults, string) error {
	return func(f *faults, value string) error {
		if value != "" {
			return errors.New("it takes no value")
		}
		f.refusal = code
		return nil
	}
}

func setBadProfile(f *faults, value string) error {
	switch value {
	case "", gateway.ProfileInvalid:
		f.refusal = gateway.ProfileInvalid
	case gateway.ProfileAbsent:
		f.refusal = gateway.ProfileAbsent
	default:
		return errors.New("want nothing, or 403023")
	}
	return nil
}

func setStatus(f *faults, value string) error {
	code, err := strconv.Atoi(value)
	if err != nil || code < 400 || code > 599 {
		return errors.New("want a status from 400 to 599")
	}
	f.status = code
	return nil
}

func setRateLimit(f *faults, value string) error {
	seconds, err := strconv.Atoi(value)
	if err != nil || seconds < 0 || seconds > 3600 {
		return errors.New("want seconds, 3600 at most")
	}
	f.rateLimit = seconds
	return nil
}

func setExpiresIn(f *faults, value string) error {
	if value != "ms" && value != "s" {
		return errors.New("want ms or s")
	}
	f.expiresIn = value
	return nil
}

// instead gives the answer of a fault that the product never sees.
func (f *faults) instead() (answer, bool) {
	switch {
	case f.drop:
		return answer{dropped: true}, true
	case f.html:
		return answer{status: http.StatusOK, header: http.Header{"Content-Type": {"text/html; charset=utf-8"}}, body: []byte("<!doctype html><title>Sign in to the network</title><p>Sign in to the network.</p>\n")}, true
	case f.status != 0:
		return answer{status: f.status, header: http.Header{}}, true
	}
	return answer{}, false
}

// setting is a fault that was asked for, with its value.
type setting struct {
	fault Fault
	value string
}

// parseFaults reads a list such as "slow=2s,observer". Errors never repeat the text.
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
