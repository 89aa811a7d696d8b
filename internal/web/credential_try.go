package web

import (
	"bytes"
	"cmp"
	"crypto"
	"crypto/x509"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"latchkey/internal/access"
	"latchkey/internal/decision"
	"latchkey/internal/finding"
	"latchkey/internal/keypair"
	"latchkey/internal/project"
	"latchkey/internal/secret"
)

// This file tries a private key that somebody pastes: the payload is signed with it in the memory of this request, and traded at
// our own authorization server, as a client would. The key is not kept, not logged, and on no page.

// The layers of a try.
const (
	layerPasted   = "pasted_key"
	layerBound    = "bound_certificate"
	layerPayload  = "payload"
	layerExchange = "exchange"
)

// tryLife is how long the assertion of a try is good for.
const tryLife = 5 * time.Minute

// tryKey signs and trades, and tells layer by layer what is found.
func (v *visit) tryKey(c *project.Credential, metascopes []string) ([]finding.Layer, error) {
	if err := v.caller.RequireRole(access.Developer); err != nil {
		return nil, err
	}
	layers := []finding.Layer{{Name: layerPasted}, {Name: layerBound}, {Name: layerPayload}, {Name: layerExchange}}
	for i := range layers {
		layers[i].Status, layers[i].Message = finding.Skipped, "not come to"
	}
	fail := func(i int, message string, advice ...finding.Advice) []finding.Layer {
		layers[i].Status, layers[i].Message, layers[i].Advice = finding.Failed, message, advice
		return layers
	}
	good := func(i int, message string) { layers[i].Status, layers[i].Message = finding.OK, message }
	key, err := keypair.Parse(secret.New(v.text("private_key")))
	if err != nil {
		return fail(0, keyProblem(err), finding.Change("paste the private key as it was downloaded: from -----BEGIN to -----END", "")), nil
	}
	good(0, "it is a private key: "+key.Kind())
	if message, ok := boundTo(key, c, v.Clock.Now()); ok {
		good(1, message)
	} else {
		return fail(1, message, finding.Change("sign with the key of a certificate that is bound, or upload this key’s certificate", "the tab Certificates")), nil
	}
	if len(metascopes) == 0 {
		return fail(2, "it has no metascope: the credential may call no API yet", finding.Change("add an API", "the tab Services")), nil
	}
	assertion, err := v.assertion(key, c, metascopes)
	if err != nil {
		return fail(2, "it can’t be signed with this key: "+cmp.Or(keyProblem(err), "its kind does not fit RS256"), finding.Change("use an RSA key", "")), nil
	}
	good(2, "signed with RS256, with "+plural(len(metascopes), "metascope"))
	value := secret.New(v.value("client_secret"))
	if value.Empty() {
		all, err := v.Credentials.Secrets(v.r.Context(), v.caller, c.ID)
		if err != nil {
			return nil, err
		}
		if len(all) > 0 {
			value = all[0].Value
		}
	}
	layers[3] = v.trade(c.ClientID, value, assertion)
	return layers, nil
}

// keyProblem is what a room says of a key, which repeats nothing of it.
func keyProblem(err error) string {
	if e, ok := errors.AsType[*keypair.Error](err); ok {
		return e.Error()
	}
	if errors.Is(err, keypair.ErrEncrypted) {
		return "it is protected by a passphrase, which is not asked for here"
	}
	return "it can’t be read as a private key"
}

// boundTo says which certificate of the credential belongs to a key.
func boundTo(key *keypair.Key, c *project.Credential, now time.Time) (message string, ok bool) {
	public, comparable := key.Signer().Public().(interface{ Equal(crypto.PublicKey) bool })
	for _, b := range c.Bindings {
		certificate, err := x509.ParseCertificate(b.Certificate)
		if err != nil || !comparable || !public.Equal(certificate.PublicKey) {
			continue
		}
		if now.After(b.NotAfter) {
			return "it belongs to the certificate " + b.SHA1[:8] + "…, which ended " + ago(b.NotAfter, now), false
		}
		return "it belongs to the certificate " + b.SHA1[:8] + "…, which ends " + ago(b.NotAfter, now), true
	}
	if len(c.Bindings) == 0 {
		return "no certificate is bound to the credential", false
	}
	return "it is the key of none of the " + plural(len(c.Bindings), "certificate") + " that are bound to the credential", false
}

// assertion signs the payload of the page, with an end of its own.
func (v *visit) assertion(key *keypair.Key, c *project.Credential, metascopes []string) (string, error) {
	now := v.Clock.Now()
	claims := map[string]any{}
	if err := json.Unmarshal([]byte(payload(c, v.address(), metascopes, now)), &claims); err != nil {
		return "", err
	}
	claims["exp"] = now.Add(tryLife).Unix()
	claims["jti"] = csrf(v.csrf() + now.String()) // some bindings ask for one
	body, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	if err := key.CheckAlgorithm("RS256"); err != nil {
		return "", err
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: key.Signer()}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return "", err
	}
	signed, err := signer.Sign(body)
	if err != nil {
		return "", err
	}
	return signed.CompactSerialize()
}

// held is an answer that is kept instead of sent.
type held struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (h *held) Header() http.Header         { return h.header }
func (h *held) WriteHeader(status int)      { h.status = cmp.Or(h.status, status) }
func (h *held) Write(b []byte) (int, error) { h.WriteHeader(http.StatusOK); return h.body.Write(b) }

// trade asks our own authorization server, as a client does; the token is let go of.
func (v *visit) trade(client string, value secret.String, assertion string) finding.Layer {
	layer := finding.Layer{Name: layerExchange, Status: finding.Failed}
	if v.Authority == nil {
		layer.Status, layer.Message = finding.Unchecked, "there is no authorization server here"
		return layer
	}
	form := url.Values{"client_id": {client}, "client_secret": {value.Reveal()}, "jwt_token": {assertion}}
	request, err := http.NewRequestWithContext(v.r.Context(), http.MethodPost, v.address()+"/ims/exchange/jwt", strings.NewReader(form.Encode()))
	if err != nil {
		layer.Message = "the request can’t be made"
		return layer
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("User-Agent", "console")
	request.RemoteAddr, request.TLS, request.Host = v.r.RemoteAddr, v.r.TLS, v.r.Host
	answer := &held{header: http.Header{}}
	v.Authority.ServeHTTP(answer, request)
	var told struct {
		Token     string `json:"access_token"`
		ExpiresIn int64  `json:"expires_in"`
		Code      string `json:"error"`
		Says      string `json:"error_description"`
	}
	_ = json.Unmarshal(answer.body.Bytes(), &told) // what can't be read has no token
	layer.HTTP = answer.status
	if told.Token != "" {
		layer.Status, layer.Message = finding.OK, "it gave a token, good for "+spanWords(time.Duration(told.ExpiresIn)*time.Millisecond)+"; it is let go of"
		return layer
	}
	layer.Message, layer.Code, layer.Description = "it gave no token", told.Code, told.Says
	if v.Decisions != nil {
		if d, err := v.Decisions.Explain(v.r.Context(), v.caller, answer.header.Get("X-Debug-Id")); err == nil {
			layer.Advice = []finding.Advice{finding.Change(d.Advice(), reasonsOf(&d))}
		}
	}
	return layer
}

func reasonsOf(d *decision.Decision) string {
	var all []string
	for _, r := range d.Reasons {
		if r.Name != "fix" {
			all = append(all, r.Name+": "+r.Value)
		}
	}
	return strings.Join(all, "; ")
}
