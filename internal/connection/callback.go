package connection

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode"

	"latchkey/internal/destination"
	"latchkey/internal/exchange"
	"latchkey/internal/secret"
)

// CallbackRequest is what came back from the provider.
type CallbackRequest struct {
	Query url.Values
	// Cookie gives the value of the browser's cookie of that name, "" when there is none.
	Cookie func(name string) string
	// RedirectURI is the address that was called, without its query; when set it must be the attempt's.
	RedirectURI string
}

// CallbackResult is how a consent ended.
type CallbackResult struct {
	Connection Connection
	// Failure is why there is no (new) token, nil when it worked.
	Failure *exchange.Failure
	// ReturnURL is the caller's, with `connection` and `status` ("ok", "failed") and on failure `error` added; ""
	// when the caller gave none.
	ReturnURL string
}

// Callback ends a consent: it checks state and browser, exchanges the code once and commits. An error means that no
// attempt was touched ([ErrAttemptUnknown], [ErrAttemptUsed], [ErrAttemptExpired], [ErrOtherBrowser]), or that the
// store failed; a consent that failed is a result with a Failure.
func (c *Connector) Callback(ctx context.Context, request CallbackRequest) (CallbackResult, error) {
	attempt, state, param, err := c.attemptOf(ctx, request.Query)
	if err != nil {
		return CallbackResult{}, err
	}
	if err := c.open(&attempt); err != nil {
		return CallbackResult{}, err
	}
	record, plan, err := c.subject(ctx, &attempt)
	if err != nil {
		return CallbackResult{}, err
	}
	options := callbackOptions(plan)
	cookie := Hash(c.config.Hash(purposeCookie, []byte(request.Cookie(cookieName(state)))))
	switch {
	case param != options.StateParam:
		return CallbackResult{}, ErrAttemptUnknown
	case subtle.ConstantTimeCompare(cookie[:], attempt.Cookie[:]) != 1:
		return CallbackResult{}, ErrOtherBrowser
	case request.RedirectURI != "" && request.RedirectURI != attempt.RedirectURI:
		return CallbackResult{}, fmt.Errorf("the provider answered to another address than it was given: %w", ErrAttemptUnknown)
	}
	if err := c.config.Attempts.UseAttempt(ctx, attempt.ID, "", c.now()); err != nil {
		return CallbackResult{}, fmt.Errorf("using the attempt: %w", err)
	}
	code, failure := readCallback(request.Query, options)
	if failure == nil {
		code.RedirectURI, code.State, code.CodeVerifier = attempt.RedirectURI, state, attempt.Verifier
		if failure, err = c.complete(ctx, &attempt, record, plan, code); err != nil {
			return CallbackResult{}, err
		}
	}
	if failure != nil {
		c.failed(ctx, &attempt, record, failure)
	}
	return CallbackResult{present(record), failure, returnTo(&attempt, failure)}, nil
}

// attemptOf finds the attempt of a callback. The state's name is in the definition, which the attempt leads to: every
// parameter that could be a state is tried.
func (c *Connector) attemptOf(ctx context.Context, query url.Values) (attempt Attempt, state, param string, err error) {
	tried := 0
	for name, values := range query {
		if len(values) != 1 || len(values[0]) != secretLength || tried == 16 {
			continue
		}
		tried++
		attempt, err = c.config.Attempts.AttemptByState(ctx, c.config.Hash(purposeState, []byte(values[0])))
		if errors.Is(err, ErrAttemptUnknown) {
			continue
		}
		if err != nil {
			return Attempt{}, "", "", fmt.Errorf("finding the attempt: %w", err)
		}
		return attempt, values[0], name, nil
	}
	return Attempt{}, "", "", ErrAttemptUnknown
}

// callbackOptions gives the definition's names of the callback's parameters, the RFC's where it has none.
func callbackOptions(plan *destination.Plan) destination.CallbackOptions {
	options := plan.Callback()
	for name, fallback := range map[*string]string{
		&options.CodeParam: "code", &options.StateParam: "state", &options.ErrorParam: "error",
	} {
		if *name == "" {
			*name = fallback
		}
	}
	return options
}

// readCallback takes the code out of a callback, or the failure that the provider tells (RFC 6749 §4.1.2).
func readCallback(query url.Values, options destination.CallbackOptions) (*exchange.CodeGrant, *exchange.Failure) {
	if code := query.Get(options.ErrorParam); code != "" {
		description := query.Get(options.ErrorParam + "_description")
		return nil, &exchange.Failure{Kind: exchange.Denied, Code: clean(code, 80), Description: clean(description, 300)}
	}
	code := query.Get(options.CodeParam)
	if options.DecodeCode {
		if decoded, err := url.QueryUnescape(code); err == nil {
			code = decoded
		}
	}
	if code == "" {
		return nil, &exchange.Failure{
			Kind: exchange.BadResponse, Code: "missing_code",
			Description: fmt.Sprintf("the provider sent neither %q nor %q", options.CodeParam, options.ErrorParam),
		}
	}
	grant := &exchange.CodeGrant{Code: secret.New(code)}
	for _, capture := range options.Capture {
		if value := query.Get(capture.Param); value != "" {
			if grant.Captured == nil {
				grant.Captured = map[string]string{}
			}
			grant.Captured[capture.Name] = value
		}
	}
	return grant, nil
}

// clean makes a stranger's text fit to be shown: printable, and not too long.
func clean(text string, limit int) string {
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, " "))
	if runes := []rune(text); len(runes) > limit {
		text = string(runes[:limit-1]) + "…"
	}
	return strings.TrimSpace(text)
}

// complete exchanges the code, once, and commits what it brought. record is brought up to date.
func (c *Connector) complete(ctx context.Context, attempt *Attempt, record *Record, plan *destination.Plan, code *exchange.CodeGrant) (*exchange.Failure, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), consentTimeout)
	defer cancel()
	began := c.config.Clock.Now()
	tokens, err := c.config.Keeper.acquire(ctx, plan, record, exchange.Input{
		Fields: attempt.Fields, User: userOf(record, attempt.CreatedBy), Code: code,
	})
	if err != nil {
		return failureOf(err), nil
	}
	account := &Account{
		Fields: attempt.Fields, Revision: attempt.Revision, Configuration: attempt.Configuration,
		Fingerprint: plan.Fingerprint(attempt.Fields),
	}
	past := Past{By: attempt.CreatedBy, Attempt: attempt.ID, Took: c.config.Clock.Now().Sub(began)}
	return nil, c.replace(ctx, record, plan, tokens, account, past)
}

// failed notes a consent that failed, where those who wait for it look: at the connection. record is brought up to
// date.
func (c *Connector) failed(ctx context.Context, attempt *Attempt, record *Record, failure *exchange.Failure) {
	ctx = context.WithoutCancel(ctx) // the browser may be gone, the failure is no less true
	outcome := failure.Code
	if outcome == "" {
		outcome = failure.Kind.String()
	}
	err := c.config.Attempts.FailAttempt(ctx, attempt.ID, outcome, *lastErrorOf(failure, c.now()))
	if err == nil {
		*record, err = c.config.Store.Find(ctx, Selector{Organization: record.Organization, ID: record.ID})
	}
	if err != nil {
		c.config.Log.Error("noting a failed consent", "attempt", attempt.ID, "error", err)
		return
	}
	c.config.Keeper.changed(record)
}

// returnTo gives where the browser goes, with how it ended.
func returnTo(attempt *Attempt, failure *exchange.Failure) string {
	u, err := url.Parse(attempt.ReturnURL)
	if attempt.ReturnURL == "" || err != nil {
		return ""
	}
	query := u.Query()
	query.Set("connection", attempt.Connection)
	query.Set("status", "ok")
	if failure != nil {
		query.Set("status", "failed")
		query.Set("error", failure.Code)
		if failure.Code == "" {
			query.Set("error", failure.Kind.String())
		}
	}
	u.RawQuery = query.Encode()
	return u.String()
}
