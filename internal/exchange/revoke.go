package exchange

import (
	"context"
	"errors"
	"strings"

	"latchkey/internal/destination"
)

// Revocable tells whether a plan says how the grant of these tokens is ended at the provider, and there is one.
func Revocable(plan *destination.Plan, tokens *TokenSet) bool {
	return plan.AuthType() == destination.OAuth2 && plan.Revocation() != nil && tokens != nil &&
		!(tokens.RefreshToken.Empty() && tokens.AccessToken.Empty())
}

// Revoke ends the grant of in.Tokens at the provider: by the definition's own request, or by RFC 7009 for the refresh
// token and then the access token. A token that the provider does not know any more is as good as revoked, and so is an
// access token of a provider that revokes none (RFC 7009 §2.2.1): it ends by itself. To repeat it does no harm. An error is
// a [*Failure].
func (r *Runner) Revoke(ctx context.Context, plan *destination.Plan, in Input) error {
	request := plan.Revocation()
	if request == nil {
		return &Failure{Kind: Denied, Code: CannotSend, Description: "the definition does not say how a token is revoked"}
	}
	in.Code = nil
	ctx, span := r.tracer.Start(ctx, "exchange.revoke")
	defer span.End()
	err := r.revoke(ctx, plan, request, in)
	endSpan(span, err)
	return err
}

func (r *Runner) revoke(ctx context.Context, plan *destination.Plan, request *destination.Request, in Input) error {
	if request.Kind == destination.Templated {
		return r.revokeOne(ctx, plan, in, "")
	}
	for _, name := range []string{nameRefreshToken, nameAccessToken} {
		if name == nameRefreshToken && in.Tokens.RefreshToken.Empty() || name == nameAccessToken && in.Tokens.AccessToken.Empty() {
			continue
		}
		err := r.revokeOne(ctx, plan, in, name)
		if failure, ok := errors.AsType[*Failure](err); ok && name == nameAccessToken && failure.Code == "unsupported_token_type" {
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *Runner) revokeOne(ctx context.Context, plan *destination.Plan, in Input, name string) error {
	x := r.newRound(plan, in)
	x.revokes = name
	request := plan.Revocation()
	answer, err := x.send(ctx, request)
	if err != nil {
		return err
	}
	err = x.judge(ctx, answer, request, nil)
	failure, _ := errors.AsType[*Failure](err)
	if failure == nil || unknownToken(failure) {
		return nil
	}
	if failure.Kind == GrantDead { // the status alone says so, which is about a refresh, not a revocation
		failure.Kind = Denied
	}
	return failure
}

// unknownToken tells whether a provider says that there is no such token: RFC 7009 asks for 200 then, and not all know.
func unknownToken(f *Failure) bool {
	switch strings.ToLower(f.Code) {
	case "invalid_token", "invalid_grant", "token_revoked", "expired_token", "bad_refresh_token", "invalid_refresh_token":
		return f.Status == 200 || f.Status == 400 || f.Status == 401
	}
	return false
}

// RevocationTarget tells where [Runner.Revoke] would send its request, and as whom.
func (r *Runner) RevocationTarget(ctx context.Context, plan *destination.Plan, in Input) Target {
	if !Revocable(plan, in.Tokens) {
		return Target{}
	}
	return r.targetOf(ctx, plan.Revocation(), r.newRound(plan, in))
}
