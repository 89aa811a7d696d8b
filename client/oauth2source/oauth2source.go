// Package oauth2source hands a connection's tokens to programs that take them as [golang.org/x/oauth2] does: the client
// libraries of Google's services, of GitHub, of many more.
//
// It is a package of its own so that [latchkey/client] needs nothing but the standard library.
package oauth2source

import (
	"context"

	"golang.org/x/oauth2"

	"latchkey/client"
)

// source gives a keeper's tokens.
type source struct {
	ctx    context.Context //nolint:containedctx // an oauth2.TokenSource is made for one
	keeper *client.Keeper
	ref    string
}

// New gives the tokens of a connection, by its id or name. Each is asked of the keeper, which has it in memory: do not put
// [oauth2.ReuseTokenSource] around it, as [oauth2.NewClient] does, for what that holds is not taken back when the connection
// is disconnected. Use [Transport], or give the source to a library as it is.
//
// ctx bounds every call for a token, as long as the source is used.
func New(ctx context.Context, keeper *client.Keeper, ref string) oauth2.TokenSource {
	return source{ctx, keeper, ref}
}

// Token gives a valid token.
func (s source) Token() (*oauth2.Token, error) {
	token, err := s.keeper.Token(s.ctx, s.ref, client.TokenOptions{})
	if err != nil {
		return nil, err
	}
	out := &oauth2.Token{AccessToken: token.AccessToken, TokenType: token.TokenType, Expiry: token.ExpiresAt}
	return out.WithExtra(map[string]any{"scope": token.Scope}), nil
}

// Transport gives an [oauth2.Transport] that asks the keeper at each call. [client.Transport] does more: it knows where the
// definition places the token, and renews one that is refused.
func Transport(ctx context.Context, keeper *client.Keeper, ref string) *oauth2.Transport {
	return &oauth2.Transport{Source: New(ctx, keeper, ref)}
}
