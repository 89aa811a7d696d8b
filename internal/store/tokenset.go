package store

import (
	"encoding/json"
	"fmt"
	"time"

	"latchkey/internal/exchange"
	"latchkey/internal/secret"
	"latchkey/pebble"
)

// tokenSet is a token set as it is sealed. Old rows are read by new versions: members are only ever added.
type tokenSet struct {
	AccessToken      string                 `json:"access_token"`
	RefreshToken     string                 `json:"refresh_token,omitempty"`
	TokenType        string                 `json:"token_type,omitempty"`
	Scope            string                 `json:"scope,omitempty"`
	IssuedAt         int64                  `json:"issued_at"`
	ExpiresAt        int64                  `json:"expires_at,omitempty"`
	RefreshExpiresAt int64                  `json:"refresh_expires_at,omitempty"`
	ExpirySource     string                 `json:"expiry_source,omitempty"`
	Outputs          map[string]tokenOutput `json:"outputs,omitempty"`
}

type tokenOutput struct {
	Value  json.RawMessage `json:"value"`
	Secret bool            `json:"secret,omitempty"`
}

func fromTokens(t *exchange.TokenSet) (tokenSet, error) {
	out := tokenSet{
		AccessToken: t.AccessToken.Reveal(), RefreshToken: t.RefreshToken.Reveal(), TokenType: t.TokenType, Scope: t.Scope,
		IssuedAt: stamp(t.IssuedAt), ExpiresAt: stamp(t.ExpiresAt), RefreshExpiresAt: stamp(t.RefreshExpiresAt),
		ExpirySource: t.ExpirySource,
	}
	for name, output := range t.Outputs {
		value, err := json.Marshal(output.Value)
		if err != nil {
			return tokenSet{}, fmt.Errorf("encoding the output %q: %w", name, err)
		}
		if out.Outputs == nil {
			out.Outputs = make(map[string]tokenOutput, len(t.Outputs))
		}
		out.Outputs[name] = tokenOutput{value, output.Secret}
	}
	return out, nil
}

func (t tokenSet) tokens() (*exchange.TokenSet, error) {
	out := &exchange.TokenSet{
		AccessToken: secret.New(t.AccessToken), RefreshToken: secret.New(t.RefreshToken), TokenType: t.TokenType,
		Scope: t.Scope, IssuedAt: unstamp(t.IssuedAt), ExpiresAt: unstamp(t.ExpiresAt),
		RefreshExpiresAt: unstamp(t.RefreshExpiresAt), ExpirySource: t.ExpirySource,
	}
	for name, output := range t.Outputs {
		value, err := pebble.FromJSON(output.Value)
		if err != nil {
			return nil, fmt.Errorf("reading the output %q", name) // not %w: it may quote a secret
		}
		if out.Outputs == nil {
			out.Outputs = make(map[string]exchange.Output, len(t.Outputs))
		}
		out.Outputs[name] = exchange.Output{Value: value, Secret: output.Secret}
	}
	return out, nil
}

func stamp(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func unstamp(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micros).UTC()
}
