package exchange

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"latchkey/internal/destination"
	"latchkey/internal/secret"
)

// Acquire gets the first token set. An error is a [*Failure].
func (r *Runner) Acquire(ctx context.Context, plan *destination.Plan, in Input) (*TokenSet, error) {
	if plan.AuthType() != destination.OAuth2 {
		return r.direct(plan, in)
	}
	return r.newRound(plan, in).run(ctx, plan.Acquire(), destination.OnAcquire)
}

// Renew gets a new token set with what the previous one gives. Where a refresh token turns out dead and the grant
// needs no browser, it acquires once more within the call. An error is a [*Failure].
func (r *Runner) Renew(ctx context.Context, plan *destination.Plan, in Input) (*TokenSet, error) {
	if plan.AuthType() != destination.OAuth2 {
		return r.direct(plan, in)
	}
	in.Code = nil
	way := renewal(plan, in.Tokens)
	if way == nil {
		return nil, &Failure{
			Kind: GrantDead, Code: "not_renewable",
			Description: "nothing renews this token; the customer has to connect again",
		}
	}
	set, err := r.newRound(plan, in).run(ctx, way.Request, destination.OnRefresh)
	failure, _ := errors.AsType[*Failure](err)
	byRefreshToken := way.NeedsRefreshToken || way.Request.UsesRefreshToken
	if failure == nil || failure.Kind != GrantDead || !byRefreshToken || !canReacquire(plan, in) {
		return set, err
	}
	again := in
	again.Tokens = in.Tokens.withoutRefreshToken()
	set, err = r.newRound(plan, again).run(ctx, plan.Acquire(), destination.OnAcquire)
	if second, ok := errors.AsType[*Failure](err); ok {
		second.Sent = true // the refresh token went out before
	}
	return set, err
}

// canReacquire tells whether the first request can be repeated without a browser and with what is held.
func canReacquire(plan *destination.Plan, in Input) bool {
	switch plan.Grant() {
	case destination.ClientCredentials:
	case destination.Password:
		if _, held := in.Fields.Value("password"); !held {
			return false
		}
	default:
		return false
	}
	return plan.Acquire() != nil && !plan.Acquire().UsesRefreshToken
}

// Renewable tells whether there is a way to renew these tokens without asking the customer.
func Renewable(plan *destination.Plan, tokens *TokenSet) bool {
	return plan.AuthType() == destination.OAuth2 && renewal(plan, tokens) != nil
}

// renewal picks the best way that what is held allows.
func renewal(plan *destination.Plan, tokens *TokenSet) *destination.Renewal {
	held := tokens != nil && !tokens.RefreshToken.Empty() || hasConstant(plan, "refreshToken")
	for _, way := range plan.Renewals() {
		if held || !way.NeedsRefreshToken {
			return &way
		}
	}
	return nil
}

// PresentsRefreshToken tells whether [Runner.Renew] presents a refresh token.
func PresentsRefreshToken(plan *destination.Plan, tokens *TokenSet) bool {
	if plan.AuthType() != destination.OAuth2 {
		return false
	}
	way := renewal(plan, tokens)
	if way == nil {
		return false
	}
	held := tokens != nil && !tokens.RefreshToken.Empty() || hasConstant(plan, "refreshToken")
	return held && (way.NeedsRefreshToken || way.Request.UsesRefreshToken)
}

func hasConstant(plan *destination.Plan, name string) bool {
	for _, f := range plan.Fields() {
		if f.Name == name && f.Constant != nil {
			return true
		}
	}
	return false
}

func (t *TokenSet) withoutRefreshToken() *TokenSet {
	if t == nil {
		return nil
	}
	without := *t
	without.RefreshToken = secret.String{}
	return &without
}

// direct makes a token set of what the customer entered: there is nobody to ask.
func (r *Runner) direct(plan *destination.Plan, in Input) (*TokenSet, error) {
	text := func(name string) string {
		value, _ := in.Fields.Value(name)
		return reveal(value)
	}
	set := &TokenSet{IssuedAt: r.clock.Now()}
	switch plan.AuthType() {
	case destination.Bearer:
		token := strings.TrimSpace(text("token"))
		if strings.ContainsFunc(token, isControl) {
			return nil, &Failure{
				Kind: Denied, Code: CannotSend, Field: "token",
				Description: "authData.token has a line break or a control character in it, and cannot stand in a header",
			}
		}
		set.TokenType, set.AccessToken = "Bearer", secret.New(token)
	case destination.Basic:
		if strings.Contains(text("username"), ":") { // RFC 7617 §2: it would end there
			return nil, &Failure{
				Kind: Denied, Code: CannotSend, Field: "username",
				Description: "authData.username has a colon in it, and Basic authentication ends the name there",
			}
		}
		pair := text("username") + ":" + text("password")
		set.TokenType, set.AccessToken = "Basic", secret.New(base64.StdEncoding.EncodeToString([]byte(pair)))
	}
	if set.AccessToken.Empty() {
		return nil, &Failure{Kind: Denied, Code: CannotSend, Description: "no token was entered"}
	}
	return set, nil
}

// run sends the requests of a round. They count together or not at all, but for a refresh token that the provider gave
// out before the round failed.
func (x *round) run(ctx context.Context, main *destination.Request, when destination.When) (*TokenSet, error) {
	if main == nil {
		return nil, &Failure{Kind: Denied, Code: CannotSend, Description: "the definition has no way to get a first token"}
	}
	ctx, span := x.tracer.Start(ctx, "exchange", trace.WithAttributes(attribute.String("latchkey.request", string(main.Kind))))
	defer span.End()
	set, err := x.requests(ctx, main, when)
	endSpan(span, err)
	if failure, ok := errors.AsType[*Failure](err); ok {
		failure.Left = x.left()
	}
	return set, err
}

func (x *round) requests(ctx context.Context, main *destination.Request, when destination.When) (*TokenSet, error) {
	for _, step := range x.plan.Steps() {
		if step.When == destination.First {
			if err := x.step(ctx, step); err != nil {
				return nil, err
			}
		}
	}
	if err := x.main(ctx, main); err != nil {
		return nil, err
	}
	for _, step := range x.plan.Steps() {
		if step.When == when || step.When == destination.Always {
			if err := x.step(ctx, step); err != nil {
				return nil, err
			}
		}
	}
	return x.finish()
}

// main sends the request that gives the token.
func (x *round) main(ctx context.Context, request *destination.Request) error {
	answer, err := x.send(ctx, request)
	if err != nil {
		return err
	}
	if err = x.judge(ctx, answer, request, x.plan.Validations()); err == nil {
		err = x.mapMain(ctx, answer, request)
	}
	if err != nil {
		x.salvage(ctx, answer, request, true)
		return err
	}
	if x.got[nameAccessToken] == nil {
		return x.noToken(answer)
	}
	return nil
}

// step sends a request beside the main one.
func (x *round) step(ctx context.Context, step destination.Step) error {
	answer, err := x.send(ctx, step.Request)
	if err == nil {
		if err = x.judge(ctx, answer, step.Request, nil); err == nil {
			err = x.mapStep(ctx, answer, step.Request)
		}
		if err != nil {
			x.salvage(ctx, answer, step.Request, len(step.Request.ResponseFields) == 0)
		}
	}
	if failure, ok := errors.AsType[*Failure](err); ok {
		failure.Step = step.Name
	}
	return err
}
