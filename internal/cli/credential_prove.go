package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"latchkey/client"
	"latchkey/internal/ident"
	"latchkey/internal/keypair"
	"latchkey/internal/secret"
)

// putBeside makes a new certificate or secret, and takes a token with it. One that does not work is taken away again.
func (p *program) putBeside(ctx context.Context, c *client.Client, r *renewal) error {
	if r.secret {
		made, err := c.CreateClientSecret(ctx, r.credential.ID)
		if err != nil {
			return err
		}
		r.view.New, r.view.Secret = made.UUID, made.Value.Reveal()
		err = p.prove(ctx, r, func() (string, url.Values, error) {
			return "/ims/token/v3", url.Values{
				"grant_type": {"client_credentials"}, "client_id": {r.credential.ClientID}, "client_secret": {r.view.Secret}, "scope": {strings.Join(r.credential.Scopes, ",")},
			}, nil
		})
		if err != nil {
			return errors.Join(err, c.DeleteClientSecret(ctx, r.credential.ID, made.UUID))
		}
		if !p.json {
			p.tell("secret %s:", made.UUID)
			p.say("%s", r.view.Secret)
		}
		return nil
	}
	pair, err := p.certificateFor(r.credential.Name, r.cert, r.folder, r.cert == "")
	if err == nil && r.key != "" {
		pair.signer, err = p.signer(r.key)
	}
	if err != nil {
		return err
	}
	made, err := c.AddCertificate(ctx, r.credential.ID, pair.certificate, false)
	if err != nil {
		pair.drop()
		return err
	}
	r.view.New, r.view.Files = made.ID, pair.files
	if err := p.proveKey(ctx, c, r, pair.signer); err != nil {
		pair.drop()
		return errors.Join(err, c.DeleteCertificate(ctx, r.credential.ID, made.ID))
	}
	if !p.json {
		p.say("bound %s, ends %s", made.SHA1, p.ago(made.NotAfter))
		if len(pair.files) > 0 {
			p.say("wrote %s", strings.Join(pair.files, " and "))
		}
	}
	return nil
}

func (p *program) signer(path string) (*keypair.Key, error) {
	read, err := p.readInput("the private key", path)
	if err != nil {
		return nil, err
	}
	key, err := keypair.Parse(secret.New(string(read)))
	if err != nil {
		return nil, withWords(path, err)
	}
	return key, nil
}

// proveKey takes a token with what the new key has signed.
func (p *program) proveKey(ctx context.Context, c *client.Client, r *renewal, key *keypair.Key) error {
	if key == nil {
		p.tell("it is not proven: the private key is not known here; --private-key FILE proves it")
		return nil
	}
	switch r.credential.Kind {
	case jwtKind:
	case "oauth_server_to_server":
		return p.prove(ctx, r, func() (string, url.Values, error) {
			assertion, err := r.clientAssertion(key, p.Clock.Now())
			return "/ims/token/v3", url.Values{
				"grant_type": {"client_credentials"}, "scope": {strings.Join(r.credential.Scopes, ",")}, "client_assertion": {assertion},
				"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
			}, err
		})
	default:
		p.tell("it is not proven: a credential of the kind %s takes a token for people alone", r.credential.Kind)
		return nil
	}
	secrets, err := c.ClientSecretValues(ctx, r.credential.ID)
	if err != nil || len(secrets) == 0 || r.credential.TechnicalAccount == nil {
		p.tell("it is not proven: the client secret that goes with a JWT can't be read")
		return nil
	}
	return p.prove(ctx, r, func() (string, url.Values, error) {
		assertion, err := r.assertion(key, p.Clock.Now())
		return "/ims/exchange/jwt", url.Values{
			"client_id": {r.credential.ClientID}, "client_secret": {secrets[len(secrets)-1].Value.Reveal()}, "jwt_token": {assertion},
		}, err
	})
}

// clientAssertion signs a client's proof (RFC 7523 §2.2).
func (r *renewal) clientAssertion(key *keypair.Key, now time.Time) (string, error) {
	return signed(key, map[string]any{
		"iss": r.credential.ClientID, "sub": r.credential.ClientID, "aud": strings.TrimRight(r.ims, "/") + "/ims/token/v3",
		"iat": now.Unix(), "exp": now.Add(time.Minute).Unix(), "jti": ident.UUID(),
	})
}

// assertion signs a JWT as IMS wants it (spec/ims-and-console.md §1.1).
func (r *renewal) assertion(key *keypair.Key, now time.Time) (string, error) {
	base := strings.TrimRight(r.ims, "/")
	claims := map[string]any{
		"iss": r.credential.Organization, "sub": r.credential.TechnicalAccount.ID, "aud": base + "/c/" + r.credential.ClientID,
		"exp": now.Add(5 * time.Minute).Unix(), "jti": fmt.Sprint(now.UnixMicro()),
	}
	for _, metascope := range r.credential.Metascopes {
		claims[base+"/s/"+metascope] = true
	}
	return signed(key, claims)
}

func signed(key *keypair.Key, claims map[string]any) (string, error) {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(key.Algorithms()[0]), Key: key.Signer()}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return "", fmt.Errorf("signing with the new key: %w", err)
	}
	return jwt.Signed(signer).Claims(claims).Serialize()
}

// proveTries is how often a refusal is tried again: another node may not know of the new one for some seconds.
const proveTries = 5

// prove takes a token. An authority that can't be reached leaves the renewal unproven; one that refuses fails it.
func (p *program) prove(ctx context.Context, r *renewal, form func() (path string, form url.Values, err error)) error {
	for try := 1; ; try++ {
		path, values, err := form()
		if err != nil {
			return err
		}
		refused, err := p.tokenRequest(ctx, strings.TrimRight(r.ims, "/")+path, values)
		switch {
		case err != nil:
			p.tell("it is not proven: %v", err)
			return nil
		case refused == "":
			r.view.Proven = true
			p.tell("proven: the authority gave a token for it")
			return nil
		case try == proveTries:
			return withHint(fmt.Errorf("the authority refuses the new one, which was removed again: %s", refused), "the old one goes on as before")
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(p.PollEvery):
		}
	}
}

// tokenRequest posts a token request; refused is what the authority says against it, "" when it gave a token. An error
// says that there is no authority that could tell.
func (p *program) tokenRequest(ctx context.Context, address string, form url.Values) (refused string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return "", fmt.Errorf("asking the authority: %w", err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("User-Agent", "latchkey-cli/"+p.Version)
	sender := p.remote.http
	if sender == nil {
		sender = &http.Client{Timeout: time.Minute}
	}
	response, err := sender.Do(request)
	if err != nil {
		return "", errors.New("the authority can't be reached")
	}
	defer func() { _ = response.Body.Close() }()
	var answer struct {
		Token       string `json:"access_token"`
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	err = json.NewDecoder(io.LimitReader(response.Body, maxInput)).Decode(&answer)
	switch {
	case response.StatusCode == http.StatusOK && answer.Token != "":
		return "", nil
	case err != nil || answer.Error == "" || response.StatusCode >= http.StatusInternalServerError:
		return "", fmt.Errorf("there is no authority at %s that answers (HTTP %d)", address, response.StatusCode)
	}
	return strings.TrimSuffix(answer.Error+": "+answer.Description, ": "), nil
}
