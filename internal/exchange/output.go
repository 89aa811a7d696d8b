package exchange

import (
	"context"
	"maps"
	"slices"
	"strings"

	"latchkey/internal/destination"
	"latchkey/internal/secret"
	"latchkey/pebble"
)

// rfcNames are where RFC 6749 §5.1 puts the standard outputs.
var rfcNames = []struct{ output, member string }{
	{nameAccessToken, "access_token"}, {nameRefreshToken, "refresh_token"}, {nameExpiresIn, "expires_in"},
	{nameTokenType, "token_type"}, {nameScope, "scope"},
}

// mapMain reads the outputs of the main answer (spec §3.7): first the request's response fields, then the fields that
// have a path, then the paths of the configuration, then the RFC's names.
func (x *round) mapMain(ctx context.Context, a *answer, request *destination.Request) error {
	found, err := x.responseFields(ctx, a, request)
	if err != nil {
		return err
	}
	x.defaults(a, found)
	x.take(a, found)
	return x.unusable(a)
}

// mapStep reads the outputs of a step: its response fields alone when it has any.
func (x *round) mapStep(ctx context.Context, a *answer, request *destination.Request) error {
	found, err := x.responseFields(ctx, a, request)
	if err != nil {
		return err
	}
	if len(request.ResponseFields) == 0 {
		x.defaults(a, found)
	}
	x.take(a, found)
	return x.unusable(a)
}

// responseFields renders the outputs that templates compute.
func (x *round) responseFields(ctx context.Context, a *answer, request *destination.Request) (map[string]any, error) {
	found := map[string]any{}
	vars := x.answerVars(a)
	for _, f := range request.ResponseFields {
		text, err := f.Text.Render(ctx, vars)
		if outOfTime(err) {
			return nil, x.givenUp(a)
		}
		if err != nil {
			failure := x.failure(a, BadResponse)
			failure.Code = "bad_output"
			failure.Description = x.clean("the output "+f.Name+" could not be computed: "+safeMessage(err), maxDescription)
			return nil, failure
		}
		if f.Secret {
			x.secretOutputs[f.Name] = true
		}
		if text = strings.TrimSpace(text); text != "" {
			found[f.Name] = text
		}
	}
	return found, nil
}

// defaults fills outputs that are still missing.
func (x *round) defaults(a *answer, found map[string]any) {
	fill := func(name string, value any) {
		if _, done := found[name]; !done && fits(name, value) {
			found[name] = value
		}
	}
	for _, f := range x.plan.Fields() {
		if f.Role == destination.OutputRole {
			fill(f.Name, asType(f.Path.Lookup(a.body, a.header.Values), f.Type))
		}
	}
	paths := x.plan.Paths()
	fill(nameAccessToken, paths.AccessToken.Lookup(a.body, a.header.Values))
	fill(nameRefreshToken, paths.RefreshToken.Lookup(a.body, a.header.Values))
	fill(nameExpiresIn, paths.ExpiresIn.Lookup(a.body, a.header.Values))
	body, ok := a.body.(*pebble.Map)
	if !ok {
		return
	}
	for _, name := range rfcNames {
		value, _ := body.Get(name.member)
		fill(name.output, value)
	}
}

// fits tells whether a value can be an output: the standard ones are texts or numbers.
func fits(name string, value any) bool {
	if isEmpty(value) {
		return false
	}
	if !isStandard(name) {
		return true
	}
	switch value := value.(type) {
	case string, pebble.Number:
		return true
	case []any: // a list of scopes
		return name == nameScope && len(value) > 0
	}
	return false
}

func isStandard(name string) bool {
	return slices.ContainsFunc(rfcNames, func(n struct{ output, member string }) bool { return n.output == name })
}

// asType gives an output's declared type where its text is exactly of it.
func asType(value any, want destination.FieldType) any {
	text, ok := value.(string)
	if !ok || want != destination.IntegerType && want != destination.BooleanType {
		return value
	}
	switch {
	case want == destination.BooleanType && (text == "true" || text == "false"):
		return text == "true"
	case want == destination.IntegerType:
		if _, ok := number(text); ok {
			return pebble.Number(text)
		}
	}
	return value
}

// take makes outputs known to what follows in the round, over those of answers before.
func (x *round) take(a *answer, found map[string]any) {
	for name, value := range found {
		if list, ok := value.([]any); ok && name == nameScope {
			value = joined(list)
		}
		if text, ok := value.(string); ok && isStandard(name) {
			value = strings.TrimSpace(text)
		}
		x.got[name] = value
		if x.isSecret(name) {
			x.hide(reveal(value))
		}
		x.data[name] = value
	}
	if _, ok := found[nameAccessToken]; ok {
		x.issued, x.issuer, x.status = a.asked, a.endpoint, a.status
		for _, name := range []string{nameExpiresIn, nameExpiresAt} {
			if _, again := found[name]; !again {
				delete(x.got, name) // it told the life of the token that this one replaces
			}
		}
	}
}

func joined(list []any) string {
	texts := make([]string, len(list))
	for i, item := range list {
		texts[i] = reveal(item)
	}
	return strings.Join(texts, " ")
}

// isSecret tells whether an output must be sealed.
func (x *round) isSecret(name string) bool {
	return name == nameAccessToken || name == nameRefreshToken || x.secretOutputs[name]
}

// finish makes the token set of what the round got, of what the round before had, and of constants, in that order.
func (x *round) finish() (*TokenSet, error) {
	previous := x.in.Tokens
	if previous == nil {
		previous = &TokenSet{}
	}
	set := &TokenSet{
		AccessToken: secret.New(reveal(x.got[nameAccessToken])), RefreshToken: secret.New(reveal(x.got[nameRefreshToken])),
		TokenType: reveal(x.got[nameTokenType]), Scope: reveal(x.got[nameScope]), IssuedAt: x.issued,
		Outputs: x.outputs(previous), Status: x.status,
	}
	kept := set.RefreshToken.Empty()
	if kept {
		set.RefreshToken = previous.RefreshToken
	}
	if set.RefreshToken.Empty() {
		set.RefreshToken = secret.New(reveal(x.constant(nameRefreshToken)))
	}
	for _, name := range []struct {
		value           *string
		name, otherwise string
	}{{&set.TokenType, nameTokenType, "Bearer"}, {&set.Scope, nameScope, x.scope}} {
		if *name.value == "" {
			*name.value = reveal(x.constant(name.name))
		}
		if *name.value == "" {
			*name.value = name.otherwise
		}
	}
	if err := x.missingOutput(set); err != nil {
		return nil, err
	}
	x.expire(set)
	x.expireRefresh(set, previous, kept)
	return set, nil
}

// constant gives the value that the definition has for an output.
func (x *round) constant(name string) any {
	for _, f := range x.plan.Fields() {
		if f.Name == name {
			return f.Constant
		}
	}
	return nil
}

// passing are the outputs that are about one token, and not kept beside it.
var passing = []string{nameAccessToken, nameRefreshToken, nameExpiresIn, nameExpiresAt, nameTokenType, nameScope}

// outputs gives the custom outputs: those of this round over those of the one before.
func (x *round) outputs(previous *TokenSet) map[string]Output {
	out := maps.Clone(previous.Outputs)
	if out == nil {
		out = map[string]Output{}
	}
	for _, f := range x.plan.Fields() {
		if _, have := out[f.Name]; !have && f.Role == destination.OutputRole && f.Constant != nil && !slices.Contains(passing, f.Name) {
			out[f.Name] = Output{reveal(f.Constant), f.Secret}
		}
	}
	for name, value := range x.got {
		if !slices.Contains(passing, name) {
			out[name] = Output{value, x.isSecret(name)}
		}
	}
	return out
}

// unusable fails on a token that cannot stand in a header (RFC 6750 §2.1): a line break in it would end that, and begin
// whatever the provider likes.
func (x *round) unusable(a *answer) error {
	for _, part := range []struct{ output, name string }{
		{nameAccessToken, "the access token"}, {nameTokenType, "the token's type"},
	} {
		if strings.ContainsFunc(reveal(x.got[part.output]), isControl) {
			failure := x.failure(a, BadResponse)
			failure.Code = "bad_token"
			failure.Description = part.name + " has a line break or a control character in it, and cannot stand in a header"
			return failure
		}
	}
	return nil
}

// missingOutput fails when a required output is empty (I19).
func (x *round) missingOutput(set *TokenSet) error {
	for _, f := range x.plan.Fields() {
		if f.Role != destination.OutputRole || !f.Required || f.Constant != nil {
			continue
		}
		_, have := set.Outputs[f.Name]
		if have || x.got[f.Name] != nil || f.Name == nameRefreshToken && !set.RefreshToken.Empty() {
			continue
		}
		return &Failure{
			Kind: BadResponse, Code: "missing_output", Sent: true, Endpoint: x.issuer,
			Description: x.clean("the answer has no "+f.Name+" at "+f.Path.String()+", and the definition requires it", maxDescription),
		}
	}
	return nil
}
