package exchange

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"latchkey/internal/destination"
	"latchkey/internal/secret"
	"latchkey/pebble"
)

// The standard names of authData (spec §2.1, §6.3).
const (
	nameAccessToken  = "accessToken"
	nameRefreshToken = "refreshToken"
	nameExpiresIn    = "expiresIn"
	nameExpiresAt    = "expiresAt"
	nameTokenType    = "tokenType"
	nameScope        = "scope"
)

// refreshExpiryNames are outputs that tell the life of a refresh token, the plainest first.
var refreshExpiryNames = []string{"refreshTokenExpiresAt", "refreshTokenExpiresIn", "refreshTokenExpiration"}

// round is one run of a plan's requests. It is used by one goroutine, once.
type round struct {
	*Runner
	plan *destination.Plan
	in   Input
	// data is authData, by name. Secrets stand in it in the clear; masked rounds have the mask instead.
	data map[string]any
	// scope is what is asked for; data's may be what was granted.
	scope string
	// hidden are the texts that must not get into an error, sent or not.
	hidden []string
	// masked rounds explain: they send nothing and show no secret.
	masked bool
	// got are the outputs of this round's answers, by name.
	got map[string]any
	// secretOutputs are the names of outputs to be sealed.
	secretOutputs map[string]bool
	// asked is when the last request began that was answered.
	asked time.Time
	// issued is when the request began whose answer gave the access token: its life is counted from there.
	issued time.Time
	// issuer is the endpoint that gave it.
	issuer string
	// status is that of its answer.
	status int
	// salvaged is when the answer came whose refresh token was saved although it could not be used.
	salvaged time.Time
	// revokes is the name in authData of the token that a standard revocation is about.
	revokes string
	// sent tells that some request of the round may have left.
	sent bool
}

// newRound gathers authData (spec §2.1): what the definition gives, what the customer entered, what earlier rounds
// brought, each over the one before.
func (r *Runner) newRound(plan *destination.Plan, in Input) *round {
	return r.gather(plan, in, false)
}

func (r *Runner) gather(plan *destination.Plan, in Input, masked bool) *round {
	x := &round{
		Runner: r, plan: plan, in: in, masked: masked,
		data: map[string]any{}, got: map[string]any{}, secretOutputs: map[string]bool{},
	}
	inputs := plan.Inputs()
	x.put("clientId", inputs.ClientID)
	x.put("clientSecret", inputs.ClientSecret)
	x.put(nameScope, strings.Join(inputs.Scope, inputs.ScopeSeparator))
	for _, f := range plan.Fields() {
		x.put(f.Name, x.typed(f.Name, f.Constant))
		if f.Secret {
			x.secretOutputs[f.Name] = true
		}
	}
	for _, name := range in.Fields.Names() {
		value, _ := in.Fields.Value(name)
		x.put(name, x.typed(name, value))
	}
	x.scope = reveal(x.data[nameScope])
	x.putURLs()
	x.putTokens()
	x.putCode()
	return x
}

// put sets a name of authData; empty values leave what is there. Secrets are remembered as such.
func (x *round) put(name string, value any) {
	if s, ok := value.(secret.String); ok {
		if s.Empty() {
			return
		}
		x.hide(s.Reveal())
		value = s.Reveal()
		if x.masked {
			value = destination.Mask
		}
	}
	if value == nil || value == "" {
		return
	}
	x.data[name] = value
}

// hide remembers a text that must not get into an error.
func (x *round) hide(text string) {
	if text != "" && !slices.Contains(x.hidden, text) {
		x.hidden = append(x.hidden, text)
	}
}

// typed gives a secret field its declared type back; secrets are kept as text.
func (x *round) typed(name string, value any) any {
	s, ok := value.(secret.String)
	if !ok || x.masked {
		return value
	}
	for _, f := range x.plan.Fields() {
		if f.Name != name {
			continue
		}
		switch f.Type {
		case destination.IntegerType:
			x.hide(s.Reveal())
			return pebble.Number(s.Reveal())
		case destination.ObjectType:
			if object, err := pebble.FromJSON([]byte(s.Reveal())); err == nil {
				x.hide(s.Reveal())
				return object
			}
		}
	}
	return value
}

// putURLs makes the URLs of the definition known to templates; one that is a template itself is left out.
func (x *round) putURLs() {
	inputs := x.plan.Inputs()
	for name, text := range map[string]*destination.Text{
		"authorizationUrl": inputs.AuthorizationURL, "accessTokenUrl": inputs.AccessTokenURL, "refreshTokenUrl": inputs.RefreshTokenURL,
	} {
		if text != nil && text.Constant() {
			x.put(name, text.Source())
		}
	}
}

// putTokens makes the outputs of the round before known.
func (x *round) putTokens() {
	t := x.in.Tokens
	if t == nil {
		return
	}
	for name, output := range t.Outputs {
		if output.Secret {
			x.secretOutputs[name] = true
			x.put(name, secret.New(reveal(output.Value)))
			continue
		}
		x.put(name, output.Value)
	}
	x.put(nameAccessToken, t.AccessToken)
	x.put(nameRefreshToken, t.RefreshToken)
	x.put(nameTokenType, t.TokenType)
	x.put(nameScope, t.Scope)
}

// putCode makes what the consent brought back known, and its captured parameters outputs.
func (x *round) putCode() {
	code := x.in.Code
	if code == nil {
		return
	}
	x.put("code", code.Code)
	x.put("redirectUri", code.RedirectURI)
	x.put("state", secret.New(code.State))
	x.put("codeVerifier", code.CodeVerifier)
	for _, name := range slices.Sorted(maps.Keys(code.Captured)) {
		x.put(name, code.Captured[name])
		x.got[name] = code.Captured[name]
	}
}

// vars are the variables of a request's templates.
func (x *round) vars(request map[string]any) map[string]any {
	user := x.in.User
	return map[string]any{
		"authData": x.data,
		"request":  request,
		"userContext": map[string]any{
			"sandboxName": user.SandboxName, "sandboxId": user.SandboxID, "imsOrgId": user.IMSOrgID, "client": user.Client,
		},
	}
}

// answerVars are the variables of templates about an answer.
func (x *round) answerVars(a *answer) map[string]any {
	vars := x.vars(nil)
	vars["response"] = map[string]any{
		"status": pebble.Number(strconv.Itoa(a.status)), "headers": headers(a.header), "body": a.body,
	}
	return vars
}

// headers are a response's headers, name → list of values, whatever the case of the name.
type headers http.Header

var _ pebble.Attributer = headers{}

// Attribute gives the values of a header.
func (h headers) Attribute(name string) (any, bool) {
	values := http.Header(h).Values(name)
	if len(values) == 0 {
		return nil, false
	}
	return values, true
}

// reveal gives a value as text, secrets included.
func reveal(value any) string {
	switch value := value.(type) {
	case nil:
		return ""
	case string:
		return value
	case secret.String:
		return value.Reveal()
	case bool:
		return strconv.FormatBool(value)
	case pebble.Number:
		return string(value)
	}
	text, err := json.Marshal(value)
	if err != nil {
		return ""
	}
	return string(text)
}

// isEmpty tells whether a value says nothing: it is null, a blank text, or a list or object without members.
func isEmpty(value any) bool {
	switch value := value.(type) {
	case nil:
		return true
	case string:
		return strings.TrimSpace(value) == ""
	case []any:
		return len(value) == 0
	case *pebble.Map:
		return value.Len() == 0
	}
	return false
}
