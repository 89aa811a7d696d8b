package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"latchkey/internal/finding"
	"latchkey/internal/project"
)

// assertionLife is how long the shown payload is good for; whoever signs makes it new each time.
const assertionLife = 24 * time.Hour

// credentialJWT shows what has to be signed, and how to trade it for a token; and tries a key that is pasted.
func (v *visit) credentialJWT() error {
	view, err := v.credentialAt("JWT")
	if err != nil {
		return err
	}
	offers, err := v.Services.Services(v.r.Context(), v.caller)
	if err != nil {
		return err
	}
	var own []project.Service
	for _, o := range offers {
		if o.Organization != "" {
			own = append(own, o.Service)
		}
	}
	_, metascopes := view.Credential.Scopes(own)
	address := v.address()
	page := struct {
		*credentialView
		Payload  string
		Samples  []sample
		Lacks    bool
		Try      *form
		Layers   []finding.Layer
		Failed   string
		Endpoint string
	}{credentialView: view, Payload: payload(&view.Credential, address, metascopes, v.Clock.Now()), Lacks: len(metascopes) == 0, Endpoint: address + "/ims/exchange/jwt"}
	page.Samples = samples(page.Endpoint, view.ClientID, address)
	if view.May {
		page.Try = v.form(view.Path+"/jwt", "Try the key", text("private_key", "Private key", "", "As it was downloaded, -----BEGIN to -----END.").of(keyInput).needed(),
			text("client_secret", "Client secret", "", "Left empty, the newest that is kept is taken, and it is recorded that you retrieved it.").of(secretInput).maybe())
	}
	if v.r.Method == http.MethodPost {
		if page.Layers, err = v.tryKey(&view.Credential, metascopes); err != nil {
			return err
		}
		if failed := finding.First(page.Layers); failed != nil {
			page.Failed = layerName(failed.Name)
		}
	}
	return v.show(http.StatusOK, "credential_jwt", view.Name, &page)
}

// payload writes the claims in the order that the developer console has.
func payload(c *project.Credential, address string, metascopes []string, now time.Time) string {
	quoted := func(text string) string {
		out, _ := json.Marshal(text) // a text can be written
		return string(out)
	}
	rows := []string{
		fmt.Sprintf(`  "exp": %d`, now.Add(assertionLife).Unix()), `  "iss": ` + quoted(c.Organization), `  "sub": ` + quoted(c.TechnicalAccount.ID),
	}
	for _, m := range metascopes {
		rows = append(rows, "  "+quoted(address+"/s/"+m)+": true")
	}
	rows = append(rows, `  "aud": `+quoted(address+"/c/"+c.ClientID))
	return "{\n" + strings.Join(rows, ",\n") + "\n}"
}

// sample is a command or a program to copy.
type sample struct{ Name, Text string }

func samples(endpoint, client, address string) []sample {
	fill := strings.NewReplacer("{endpoint}", endpoint, "{client}", client, "{server}", address)
	out := []sample{{"curl", `# payload.json is the payload above
b64() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }
unsigned="$(printf '{"alg":"RS256","typ":"JWT"}' | b64).$(b64 < payload.json)"
jwt="$unsigned.$(printf %s "$unsigned" | openssl dgst -sha256 -sign private.key | b64)"
curl {endpoint} -d client_id={client} \
  --data-urlencode client_secret="$CLIENT_SECRET" -d jwt_token="$jwt"`},
		{"Node", `// npm install jsonwebtoken
const claims = require('./payload.json');
claims.exp = Math.round(Date.now() / 1000) + 300;
const jwt_token = require('jsonwebtoken').sign(claims, require('fs').readFileSync('private.key'), { algorithm: 'RS256' });
const body = new URLSearchParams({ client_id: '{client}', client_secret: process.env.CLIENT_SECRET, jwt_token });
const answer = await fetch('{endpoint}', { method: 'POST', body });
console.log((await answer.json()).access_token);`},
		{"Python", `# pip install pyjwt cryptography requests
import json, jwt, os, requests, time
claims = json.load(open("payload.json")) | {"exp": int(time.time()) + 300}
token = jwt.encode(claims, open("private.key").read(), algorithm="RS256")
print(requests.post("{endpoint}", data={"client_id": "{client}",
    "client_secret": os.environ["CLIENT_SECRET"], "jwt_token": token}).json()["access_token"])`},
		{"Go", `// go get github.com/golang-jwt/jwt/v5
key, _ := jwt.ParseRSAPrivateKeyFromPEM(privateKey)
claims["exp"] = time.Now().Add(5 * time.Minute).Unix()
token, _ := jwt.NewWithClaims(jwt.SigningMethodRS256, claims).SignedString(key)
answer, err := http.PostForm("{endpoint}", url.Values{"client_id": {"{client}"},
	"client_secret": {os.Getenv("CLIENT_SECRET")}, "jwt_token": {token}})`}}
	for i := range out {
		out[i].Text = fill.Replace(out[i].Text)
	}
	return out
}
