package client

import (
	"errors"
	"io"
	"net/http"
	"strings"
)

// NoteHeader is a header that a [Transport] adds to a 401 that it could not repair: it says why, in words.
const NoteHeader = "Latchkey-Note"

// Transport is an [http.RoundTripper] that sends calls with a connection's token, placed as its definition says:
//
//	service := &http.Client{Transport: &client.Transport{Keeper: keeper, Connection: "moviestar-acme"}}
//
// When the service answers 401, a newer token is asked for, once for all who saw the same one refused, and the call is
// repeated once, if its body can be had again ([http.Request.GetBody]). A redirect to another scheme, host or port is
// followed without the token.
type Transport struct {
	Keeper *Keeper
	// Connection is the id or the name of one.
	Connection string
	// Base sends the calls; nil is [http.DefaultTransport].
	Base http.RoundTripper
	// Placement says where the token goes; nil asks the server for what the definition says.
	Placement *Placement
}

var _ http.RoundTripper = (*Transport)(nil)

// RoundTrip sends one call.
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if strayed(r) {
		return t.base().RoundTrip(r)
	}
	ctx := r.Context()
	token, err := t.Keeper.Token(ctx, t.Connection, TokenOptions{})
	if err != nil {
		closeBody(r)
		return nil, err
	}
	placement, err := t.placement(r)
	if err != nil {
		closeBody(r)
		return nil, err
	}
	response, err := t.send(r, r.Body, placement, token)
	if err != nil || response.StatusCode != http.StatusUnauthorized {
		return response, err
	}
	next, err := t.Keeper.Token(ctx, t.Connection, TokenOptions{Rejected: token.Hash})
	switch {
	case ctx.Err() != nil:
		drain(response)
		return nil, ctx.Err()
	case errors.Is(err, ErrNotModified):
		return noted(response, "the service refuses the token, and the server has no newer one"), nil
	case err != nil:
		return noted(response, "the service refuses the token, and a new one can't be had: "+err.Error()), nil
	}
	body, ok := again(r)
	if !ok {
		return noted(response, "the token was renewed, but the call was not repeated: its body can't be had again; send it again"), nil
	}
	drain(response)
	return t.send(r, body, placement, next)
}

func (t *Transport) base() http.RoundTripper {
	if t.Base != nil {
		return t.Base
	}
	return http.DefaultTransport
}

func (t *Transport) placement(r *http.Request) (Placement, error) {
	if t.Placement != nil {
		return *t.Placement, nil
	}
	return t.Keeper.Placement(r.Context(), t.Connection)
}

// send sends a copy of the call with the token in it. What comes back names the caller's own request, without the token.
func (t *Transport) send(r *http.Request, body io.ReadCloser, placement Placement, token Token) (*http.Response, error) {
	out := r.Clone(r.Context())
	out.Body = body
	placement.put(out, token.AccessToken)
	response, err := t.base().RoundTrip(out)
	if response != nil {
		response.Request = r
	}
	return response, err
}

// again gives a call's body once more; false when it was sent and can't be had again.
func again(r *http.Request) (io.ReadCloser, bool) {
	if r.Body == nil || r.Body == http.NoBody {
		return r.Body, true
	}
	if r.GetBody == nil {
		return nil, false
	}
	body, err := r.GetBody()
	return body, err == nil
}

// strayed tells whether redirects have led a call away from where it was sent: there the token is not for.
func strayed(r *http.Request) bool {
	first := r
	for first.Response != nil && first.Response.Request != nil {
		first = first.Response.Request
	}
	return !strings.EqualFold(first.URL.Scheme, r.URL.Scheme) || !strings.EqualFold(first.URL.Host, r.URL.Host)
}

func noted(response *http.Response, why string) *http.Response {
	response.Header.Set(NoteHeader, strings.Join(strings.Fields(why), " "))
	return response
}

func closeBody(r *http.Request) {
	if r.Body != nil {
		_ = r.Body.Close()
	}
}

// drain reads what is left of a short answer, so that its connection can be used again.
func drain(response *http.Response) {
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 64<<10))
	_ = response.Body.Close()
}
