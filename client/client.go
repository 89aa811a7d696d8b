// Package client talks to a Latchkey server.
//
// A [Client] has one method for each route of /api/v1: definitions, connections, tokens, keys, sandboxes. What most
// programs want is one call:
//
//	c, err := client.New(client.Config{URL: os.Getenv("LATCHKEY_URL"), Key: os.Getenv("LATCHKEY_KEY")})
//	…
//	token, err := c.Token(ctx, "moviestar-acme", client.TokenOptions{MinTTL: 5 * time.Minute})
//	…
//	request.Header.Set("Authorization", token.Header())
//
// Wherever a definition or a connection is asked for, its id or its unique name will do. A failure that the server
// answers is an [*Error], made to be read by people; no answer at all is an [*UnreachableError]. Reads are tried again
// when the network or the server stumbles; what changes something is sent once. The key, tokens and field values are
// never part of an error, and a [Token] does not print itself.
//
// The package needs nothing but the standard library.
package client

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Config says which server to talk to, and as whom.
type Config struct {
	// URL is where the server is: "https://latchkey.example.com". A path is kept, for servers behind a prefix.
	URL string
	// Key is an API key, "lk_…".
	Key string
	// Sandbox is the sandbox to work in; "" is the key's own, or "prod".
	Sandbox string
	// HTTPClient sends the requests; nil is a client of its own. Its CheckRedirect is not used: the API does not
	// redirect, and a key must not follow one.
	HTTPClient *http.Client
	// UserAgent goes before this package's own.
	UserAgent string
	// Retries is how often a read is tried again; 0 is twice, negative never.
	Retries int
}

func (c Config) retries() int {
	switch {
	case c.Retries < 0:
		return 0
	case c.Retries == 0:
		return 2
	}
	return c.Retries
}

func (c Config) userAgent() string {
	return strings.TrimSpace(c.UserAgent + " latchkey-client")
}

// httpClient copies the configured client, so that redirects can be refused without changing the caller's.
func (c Config) httpClient() *http.Client {
	out := &http.Client{Timeout: time.Minute}
	if c.HTTPClient != nil {
		*out = *c.HTTPClient
	}
	out.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return out
}

// Client is a caller of one server. It is safe for concurrent use.
type Client struct {
	base    *url.URL
	config  Config
	http    *http.Client
	backoff time.Duration // before the first retry; doubles
}

// New makes a client. It does not call the server.
func New(config Config) (*Client, error) {
	base, err := parseBase(config.URL)
	if err != nil {
		return nil, err
	}
	config.Key = strings.TrimSpace(config.Key)
	if config.Key == "" {
		return nil, errors.New("no API key given")
	}
	if strings.ContainsFunc(config.Key, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, errors.New("the API key holds characters that no key has")
	}
	return &Client{base: base, config: config, http: config.httpClient(), backoff: 100 * time.Millisecond}, nil
}

// URL gives the address of the server.
func (c *Client) URL() string { return c.base.String() }

// parseBase reads a server's URL. What it was is not repeated in errors: people paste keys into the wrong place.
func parseBase(text string) (*url.URL, error) {
	if text == "" {
		return nil, errors.New("no server URL given")
	}
	base, err := url.Parse(text)
	switch {
	case err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https":
		return nil, errors.New("the server URL is not of the form https://host[:port]")
	case base.User != nil:
		return nil, errors.New("the server URL holds a user or password; the key goes into Key")
	case base.RawQuery != "" || base.Fragment != "":
		return nil, fmt.Errorf("the server URL of %s has a query or a fragment", base.Host)
	}
	base.Path = strings.TrimRight(base.Path, "/")
	base.RawPath = ""
	return base, nil
}
