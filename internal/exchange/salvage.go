package exchange

import (
	"context"
	"slices"
	"strings"

	"latchkey/internal/destination"
	"latchkey/internal/secret"
)

// A round that fails changes nothing, with one exception. A provider that rotates refresh tokens has ended the one that
// was presented as soon as it answers, and takes its reuse for theft: whatever made the round fail after that (a check
// of the answer, a step), the new one must be kept, or the grant is lost.

// salvage takes the refresh token, and what is told of its life, out of an answer that can't be used.
func (x *round) salvage(ctx context.Context, a *answer, request *destination.Request, byDefault bool) {
	if !success(a.status) {
		return
	}
	found := map[string]any{}
	vars := x.answerVars(a)
	for _, f := range request.ResponseFields {
		if !ofRefreshToken(f.Name) {
			continue
		}
		if text, err := f.Text.Render(ctx, vars); err == nil && strings.TrimSpace(text) != "" {
			found[f.Name] = strings.TrimSpace(text)
		}
	}
	if byDefault {
		x.defaults(a, found)
	}
	for name, value := range found {
		if ofRefreshToken(name) {
			x.got[name] = value
		}
	}
	x.hide(reveal(x.got[nameRefreshToken]))
	x.salvaged = a.asked
}

func ofRefreshToken(name string) bool {
	return name == nameRefreshToken || slices.Contains(refreshExpiryNames, name)
}

// left is the token set of before with the refresh token that the provider gave out in this round; nil when there was
// no set, or no other refresh token.
func (x *round) left() *TokenSet {
	previous := x.in.Tokens
	rotated := secret.New(reveal(x.got[nameRefreshToken]))
	if previous == nil || rotated.Empty() || rotated.Equal(previous.RefreshToken) {
		return nil
	}
	set := *previous
	set.RefreshToken, set.RefreshExpiresAt = rotated, x.refreshEnd(later(x.issued, x.salvaged))
	return &set
}
