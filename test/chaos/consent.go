package chaos

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// consents makes connections through the program's own API and pages, as a customer's browser would.
type consents struct {
	*subject
	base string
}

const definitionName = "chaos"

// define makes the definition of the provider.
func (c consents) define(ctx context.Context) error {
	authentication := map[string]any{
		"authType": "OAUTH2", "grant": "OAUTH2_AUTHORIZATION_CODE", "clientId": "chaos", "clientSecret": "chaos",
		"authorizationUrl": c.provider.URL + "/authorize", "accessTokenUrl": c.provider.URL + "/token",
		"refreshTokenUrl": c.provider.URL + "/token",
	}
	if c.config.Reuse != "" {
		authentication["options"] = map[string]any{"refresh": map[string]any{"reuse": c.config.Reuse}}
	}
	_, err := c.call(ctx, "/api/v1/definitions", map[string]any{"name": definitionName, "authentication": authentication})
	return err
}

func (c consents) call(ctx context.Context, path string, body any) (map[string]any, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+path, bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+c.key)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	if response.StatusCode/100 != 2 {
		return nil, fmt.Errorf("POST %s answers %d: %s", path, response.StatusCode, answer)
	}
	var out map[string]any
	return out, json.Unmarshal(answer, &out)
}

// connect makes a connection and completes its consent.
func (c consents) connect(ctx context.Context, g *grant) (string, error) {
	made, err := c.call(ctx, "/api/v1/connections", map[string]any{"definition": definitionName})
	if err != nil {
		return "", err
	}
	link, _ := made["authorize_url"].(string)
	id, _ := made["id"].(string)
	begun, err := c.visit(ctx, link, nil)
	if err != nil {
		return "", err
	}
	authorize, err := begun.Location()
	if err != nil {
		return "", fmt.Errorf("beginning the consent at %s: %w", link, err)
	}
	back, err := url.Parse(authorize.Query().Get("redirect_uri"))
	if err != nil {
		return "", err
	}
	back.RawQuery = url.Values{"state": {authorize.Query().Get("state")}, "code": {c.provider.code(g)}}.Encode()
	done, err := c.visit(ctx, back.String(), begun.Cookies())
	if err != nil {
		return "", err
	}
	if done.StatusCode != http.StatusOK {
		return "", fmt.Errorf("the callback answers %d", done.StatusCode)
	}
	return id, nil
}

// visit opens a page without following its redirect.
func (c consents) visit(ctx context.Context, address string, cookies []*http.Cookie) (*http.Response, error) {
	client := &http.Client{Timeout: 30 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	for _, cookie := range cookies {
		request.AddCookie(cookie)
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	_, _ = io.Copy(io.Discard, response.Body)
	return response, response.Body.Close()
}
