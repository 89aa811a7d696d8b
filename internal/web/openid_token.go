package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"latchkey/internal/registry"
)

// openIDSkew is how far the provider's clock may be from ours.
const openIDSkew = time.Minute

// idClaims are the claims of an ID token, or of the user info endpoint, that count here.
type idClaims struct {
	Subject string `json:"sub"`
	Email   string `json:"email"`
	// Verified is a boolean; some write it as a text.
	Verified any `json:"email_verified"`
	// AuthorizedParty is for whom the token is where it has several audiences.
	AuthorizedParty string `json:"azp"`
	// AuthTime is when the person showed who it is, in seconds.
	AuthTime int64 `json:"auth_time"`
}

func (c idClaims) verified() bool { return c.Verified == true || c.Verified == "true" }

// authorizeAt is where the browser is sent.
func (o *openID) authorizeAt(found *discovered, e errand) (string, error) {
	u, err := url.Parse(found.Endpoint().AuthURL)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return "", &openIDError{problem: problemDiscovery, err: errors.New("the authorization endpoint is no URL")}
	}
	query := u.Query()
	for name, value := range map[string]string{
		"response_type": "code", "client_id": o.ClientID, "redirect_uri": e.Redirect, "state": e.State, "nonce": e.Nonce,
		"scope":          strings.Join(append([]string{oidc.ScopeOpenID}, slices.DeleteFunc(slices.Clone(o.Scopes), func(s string) bool { return s == oidc.ScopeOpenID })...), " "),
		"code_challenge": e.challenge(), "code_challenge_method": "S256",
	} {
		query.Set(name, value)
	}
	if hint := hintOf(e.Back); hint != "" {
		query.Set("login_hint", hint)
	}
	if e.Session != "" { // once more, and now (OpenID Connect Core §3.1.2.1)
		query.Set("prompt", "login")
		query.Set("max_age", "0")
	}
	u.RawQuery = query.Encode()
	return u.String(), nil
}

// tokenAnswer is the token endpoint's (RFC 6749 §5).
type tokenAnswer struct {
	IDToken     string `json:"id_token"`
	AccessToken string `json:"access_token"`
	Error       string `json:"error"`
	Description string `json:"error_description"`
}

// redeem exchanges the code.
func (o *openID) redeem(ctx context.Context, found *discovered, code string, e errand) (tokenAnswer, error) {
	form := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {e.Redirect}, "code_verifier": {e.Verifier}}
	posts := slices.Contains(found.Methods, "client_secret_post") && !slices.Contains(found.Methods, "client_secret_basic")
	if o.ClientSecret.Empty() || posts {
		form.Set("client_id", o.ClientID)
	}
	if posts && !o.ClientSecret.Empty() {
		form.Set("client_secret", o.ClientSecret.Reveal())
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, found.Endpoint().TokenURL, strings.NewReader(form.Encode()))
	if err != nil {
		return tokenAnswer{}, &openIDError{problem: problemDiscovery, err: errors.New("the token endpoint is no URL")}
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Accept", "application/json")
	if !o.ClientSecret.Empty() && !posts { // RFC 6749 §2.3.1: both are form-encoded first
		request.SetBasicAuth(url.QueryEscape(o.ClientID), url.QueryEscape(o.ClientSecret.Reveal()))
	}
	reply, err := o.Sender.Do(ctx, request)
	if err != nil {
		return tokenAnswer{}, &openIDError{problem: problemUnreachable, err: err}
	}
	var answer tokenAnswer
	if err := json.Unmarshal(reply.Body, &answer); err != nil {
		return answer, &openIDError{problem: problemAnswer, err: fmt.Errorf("the token endpoint answered %d, and no JSON", reply.Status)}
	}
	switch {
	case answer.Error == "invalid_client" || answer.Error == "unauthorized_client" || reply.Status == http.StatusUnauthorized:
		return answer, &openIDError{problem: problemClient, code: answer.Error, description: answer.Description}
	case answer.Error == "invalid_grant" || answer.Error == "redirect_uri_mismatch":
		return answer, &openIDError{problem: problemGrant, code: answer.Error, description: answer.Description}
	case answer.Error != "" || reply.Status != http.StatusOK:
		return answer, &openIDError{problem: problemAnswer, code: answer.Error, description: answer.Description, err: fmt.Errorf("the token endpoint answered %d", reply.Status)}
	case answer.IDToken == "":
		return answer, &openIDError{problem: problemAnswer, err: errors.New("the token endpoint gave no ID token")}
	}
	return answer, nil
}

// claimed checks the ID token (OpenID Connect Core §3.1.3.7), and tells who signed in. What it says nothing of is asked of the user info
// endpoint.
func (o *openID) claimed(ctx context.Context, found *discovered, answer tokenAnswer, e errand) (registry.Claimed, error) {
	now := o.clock.Now()
	verifier := found.Verifier(&oidc.Config{ClientID: o.ClientID, Now: func() time.Time { return now.Add(-openIDSkew) }})
	token, err := verifier.Verify(o.client(ctx), answer.IDToken)
	if expired, ok := errors.AsType[*oidc.TokenExpiredError](err); ok {
		return registry.Claimed{}, &openIDError{problem: problemClock, err: fmt.Errorf("the ID token ended at %s, and it is %s here", exactly(expired.Expiry), exactly(now))}
	}
	if err != nil {
		return registry.Claimed{}, &openIDError{problem: problemToken, err: err}
	}
	var claims idClaims
	if err := token.Claims(&claims); err != nil {
		return registry.Claimed{}, &openIDError{problem: problemToken, err: err}
	}
	switch {
	case token.IssuedAt.After(now.Add(openIDSkew)):
		return registry.Claimed{}, &openIDError{problem: problemClock, err: fmt.Errorf("the ID token was made at %s, and it is %s here", exactly(token.IssuedAt), exactly(now))}
	case token.Nonce != e.Nonce:
		return registry.Claimed{}, &openIDError{problem: problemToken, err: errors.New("the ID token is for another sign-in: its nonce is not ours")}
	case len(token.Audience) > 1 && claims.AuthorizedParty == "", claims.AuthorizedParty != "" && claims.AuthorizedParty != o.ClientID:
		return registry.Claimed{}, &openIDError{problem: problemToken, err: errors.New("the ID token is for another client")}
	case token.Subject == "":
		return registry.Claimed{}, &openIDError{problem: problemToken, err: errors.New("the ID token names nobody")}
	}
	if e.Session != "" && time.Unix(claims.AuthTime, 0).Before(e.began().Add(-openIDSkew)) {
		return registry.Claimed{}, &openIDError{problem: problemStaleProof}
	}
	who := registry.Claimed{Issuer: o.Issuer, Subject: token.Subject, Email: claims.Email, Verified: claims.verified()}
	if who.Email == "" && e.Session == "" && answer.AccessToken != "" && found.UserInfoEndpoint() != "" {
		if claims, err = o.userInfo(ctx, found, answer.AccessToken); err != nil {
			return registry.Claimed{}, err
		}
		if claims.Subject != token.Subject { // §5.3.2
			return registry.Claimed{}, &openIDError{problem: problemToken, err: errors.New("the user info is somebody else's")}
		}
		who.Email, who.Verified = claims.Email, claims.verified()
	}
	who.Email = strings.TrimSpace(who.Email)
	return who, nil
}

func exactly(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// userInfo asks the user info endpoint.
func (o *openID) userInfo(ctx context.Context, found *discovered, token string) (idClaims, error) {
	var claims idClaims
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, found.UserInfoEndpoint(), nil)
	if err != nil {
		return claims, &openIDError{problem: problemDiscovery, err: errors.New("the user info endpoint is no URL")}
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Accept", "application/json")
	reply, err := o.Sender.Do(ctx, request)
	if err != nil {
		return claims, &openIDError{problem: problemUnreachable, err: err}
	}
	if err := json.Unmarshal(reply.Body, &claims); err != nil || reply.Status != http.StatusOK {
		return claims, &openIDError{problem: problemAnswer, err: fmt.Errorf("the user info endpoint answered %d, or no JSON", reply.Status)}
	}
	return claims, nil
}
