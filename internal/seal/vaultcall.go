package seal

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"
)

const (
	vaultTimeout = 10 * time.Second // of one request
	vaultTries   = 4                // with pauses of 100, 200 and 400 ms, each up to half longer
	vaultPause   = 100 * time.Millisecond
	vaultLimit   = 1 << 20 // bytes of an answer
)

// vaultCaller sends requests to one key of Vault. The operator names the address, so no guard stands before it; but it
// follows no redirect, and the token goes nowhere else.
type vaultCaller struct {
	config VaultConfig
	client *http.Client
}

func newVaultCaller(config VaultConfig) (*vaultCaller, error) {
	u, err := url.Parse(config.Address)
	if err != nil || u.Host == "" {
		return nil, errors.New("vault's address is not a URL")
	}
	if u.Scheme != "https" && !local(u.Hostname()) {
		return nil, fmt.Errorf("data keys would travel to vault at %s in the clear: use vault://, plain http is for this machine's own agent", u.Host)
	}
	trusted := &tls.Config{MinVersion: tls.VersionTLS12}
	if config.CAFile != "" {
		text, err := os.ReadFile(config.CAFile)
		if err != nil {
			return nil, fmt.Errorf("reading vault's authority: %w", err)
		}
		if trusted.RootCAs, err = x509.SystemCertPool(); err != nil {
			trusted.RootCAs = x509.NewCertPool()
		}
		if !trusted.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("reading vault's authority: %s holds no certificate in PEM form", config.CAFile)
		}
	}
	return &vaultCaller{config: config, client: &http.Client{
		Timeout:       vaultTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			TLSClientConfig: trusted, TLSHandshakeTimeout: 5 * time.Second, MaxIdleConnsPerHost: rewrapAbreast,
			IdleConnTimeout: 10 * time.Second, ForceAttemptHTTP2: true,
			DialContext: (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
		},
	}}, nil
}

func local(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// vaultError is a refusal in words.
type vaultError struct {
	status int
	text   string
}

func (e *vaultError) Error() string { return e.text }

// again tells whether a later try may go better: Vault is sealed, elects a leader, or has too much to do.
func (e *vaultError) again() bool { return e.status >= 500 || e.status == 429 || e.status == 412 }

// call asks the key to do something, a few times if need be: wrapping or unwrapping twice does no harm.
func (c *vaultCaller) call(ctx context.Context, method, act string, ask, answer any) error {
	pause := vaultPause
	for try := 1; ; try++ {
		err := c.once(ctx, method, act, ask, answer)
		refused, ok := errors.AsType[*vaultError](err)
		if err == nil || ok && !refused.again() || try == vaultTries || ctx.Err() != nil {
			return err
		}
		timer := time.NewTimer(pause + rand.N(pause/2))
		select {
		case <-ctx.Done():
			timer.Stop()
			return err
		case <-timer.C:
		}
		pause *= 2
	}
}

func (c *vaultCaller) once(ctx context.Context, method, act string, ask, answer any) error {
	var body []byte
	if ask != nil {
		var err error
		if body, err = json.Marshal(ask); err != nil {
			return fmt.Errorf("encoding a request to vault: %w", err)
		}
		defer clear(body)
	}
	address := c.config.Address + "/v1/" + c.config.Mount + "/" + act + "/" + url.PathEscape(c.config.Key)
	request, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return errors.New("preparing a request to vault: its address can't be used")
	}
	token, err := c.config.token()
	if err != nil {
		return err
	}
	request.Header.Set("X-Vault-Token", token)
	request.Header.Set("X-Vault-Request", "true")
	if c.config.Namespace != "" {
		request.Header.Set("X-Vault-Namespace", c.config.Namespace)
	}
	response, err := c.client.Do(request)
	if err != nil {
		return fmt.Errorf("reaching vault: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(response.Body, vaultLimit))
	if err != nil {
		return fmt.Errorf("reading vault's answer: %w", err)
	}
	defer clear(text)
	if response.StatusCode != http.StatusOK {
		return c.refusal(act, response.StatusCode, text)
	}
	envelope := struct {
		Data any `json:"data"`
	}{answer}
	if err := json.Unmarshal(text, &envelope); err != nil {
		return errors.New("reading vault's answer: it is not the JSON of a Vault") // not %w: it may quote the answer
	}
	return nil
}

// refusal says what a status means for whoever operates this. Vault's own words hold no secret.
func (c *vaultCaller) refusal(act string, status int, body []byte) error {
	var said struct {
		Errors []string `json:"errors"`
	}
	_ = json.Unmarshal(body, &said) // without it the status speaks
	words := strings.Join(strings.Fields(strings.Join(said.Errors, "; ")), " ")
	words = words[:min(len(words), 200)]
	path := c.config.Mount + "/" + act + "/" + c.config.Key
	text := fmt.Sprintf("vault answers %d to %s", status, path)
	switch {
	case status == http.StatusForbidden:
		text = fmt.Sprintf("vault denies %s: its token has ended, or its policy lacks this path (403)", path)
	case status == http.StatusNotFound:
		text = fmt.Sprintf("vault has no key %s in an engine at %s, or not in the namespace %q (404)", c.config.Key, c.config.Mount, c.config.Namespace)
	case status == http.StatusServiceUnavailable:
		text = "vault is sealed or in maintenance (503): it has to be unsealed"
	case status == http.StatusBadRequest && act != "encrypt":
		text = "vault can't open what it is given (400): it was wrapped by another key, for another organization, by a version that was trimmed, or is damaged"
	case status >= 300 && status < 400:
		text = fmt.Sprintf("vault redirects (%d): name the active node, or a load balancer in front", status)
	}
	if words != "" {
		text += ": " + words
	}
	return &vaultError{status, text}
}
