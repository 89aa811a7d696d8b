package authority

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"mime"
	"net/http"
	"net/netip"
	"strconv"
	"strings"

	"latchkey/internal/access"
	"latchkey/internal/project"
)

// This file is dynamic client registration (RFC 7591), at the vendor's path for it (spec §2.1). A client that registers itself
// is a credential like any other: its owners see, rename, disable and delete it in the developer console. It is subscribed to
// no service, so that nobody gets at an API by registering: an administrator adds those.

// Registrar makes the credentials of clients that register themselves.
type Registrar interface {
	// Caller gives whose initial access token it is (RFC 7591 §3), for which rights are asked; "" is none, which
	// [ErrInitialToken] refuses unless everybody may register. That is the error for a token that counts for nothing, too.
	Caller(ctx context.Context, token string) (access.Caller, error)
	// Register makes a credential of the caller's organization, in the place for such. It chooses the workspace, and
	// another name where one is taken.
	Register(ctx context.Context, caller access.Caller, ask project.NewCredential) (project.Credential, error)
}

// ErrInitialToken says that to register takes an initial access token.
var ErrInitialToken = errors.New("to register a client takes a token with the right registry:write")

const (
	registerPath    = "/ims/register"
	maxRegistration = 32 << 10
)

// register serves the client registration endpoint.
func (s *Server) register(x *exchange) {
	if s.config.Registrar == nil {
		x.fail(&fault{status: http.StatusNotFound, code: "not_found", says: "Clients don't register themselves here; make a credential in the developer console."})
		return
	}
	caller, refused := x.registers()
	if refused != nil {
		x.fail(refused)
		return
	}
	asked, refused := x.metadata()
	var want project.NewCredential
	if refused == nil {
		want, refused = asked.credential(x.bearer() != "")
	}
	if refused != nil {
		x.fail(refused)
		return
	}
	want.Description = "Registered itself, from " + x.address() + "."
	made, err := s.config.Registrar.Register(x.r.Context(), caller, want)
	if err != nil {
		x.fail(x.unregistered(err))
		return
	}
	x.json(http.StatusCreated, asked.registered(made))
}

// registers tells who registers: the owner of the initial access token, or anybody where that is allowed. Those are limited by
// address, and are no scripts of other people's pages.
func (x *exchange) registers() (access.Caller, *fault) {
	token := x.bearer()
	caller, err := x.config.Registrar.Caller(x.r.Context(), token)
	switch {
	case errors.Is(err, ErrInitialToken):
		return caller, &fault{status: http.StatusUnauthorized, code: "invalid_token",
			says: "To register a client takes an initial access token: an API key, or an access token for the Latchkey API, with registry:write."}
	case err != nil:
		x.config.Log.ErrorContext(x.r.Context(), "reading who registers a client", "debug_id", x.debug, "error", err)
		return caller, &fault{status: http.StatusServiceUnavailable, code: "temporarily_unavailable", says: "Clients can't be registered at present; try again."}
	case token != "":
		return caller, nil
	}
	if origin := x.r.Header.Get("Origin"); origin != "" && !x.ours(origin) {
		return caller, &fault{status: http.StatusForbidden, code: "access_denied", says: "A page of another origin registers no clients here without an initial access token."}
	}
	place := x.network()
	if !x.registering.allowed(place) {
		x.w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(guessEvery.Seconds()))))
		return caller, &fault{status: http.StatusTooManyRequests, code: "temporarily_unavailable", says: "Too many clients were registered from there; wait."}
	}
	x.registering.failed(place)
	return caller, nil
}

func (x *exchange) address() string {
	return x.r.RemoteAddr[:max(0, lastColon(x.r.RemoteAddr))]
}

// network is where a request comes from, as somebody has it who may choose an address: of IPv6, the first 64 bits.
func (x *exchange) network() string {
	at, err := netip.ParseAddrPort(x.r.RemoteAddr)
	if err != nil || at.Addr().Unmap().Is4() {
		return x.address()
	}
	return netip.PrefixFrom(at.Addr().WithZone(""), 64).Masked().String()
}

// unregistered tells why a credential could not be made.
func (x *exchange) unregistered(err error) *fault {
	if e, ok := errors.AsType[*project.InvalidError](err); ok {
		code := "invalid_client_metadata"
		if strings.HasPrefix(e.Pointer, "/redirect") {
			code = "invalid_redirect_uri"
		}
		return &fault{status: http.StatusBadRequest, code: code, says: upper(e.Message) + "; " + e.Fix + "."}
	}
	if _, ok := errors.AsType[*access.DeniedError](err); ok {
		x.w.Header().Set("WWW-Authenticate", `Bearer realm="ims", error="insufficient_scope", scope="registry:write"`)
		return &fault{status: http.StatusForbidden, code: "insufficient_scope", says: "The token has not the right to register clients: registry:write."}
	}
	if _, ok := errors.AsType[*project.QuotaError](err); ok {
		return &fault{status: http.StatusForbidden, code: "access_denied", says: "As many clients have registered as may; delete those that nobody uses."}
	}
	x.config.Log.ErrorContext(x.r.Context(), "registering a client", "debug_id", x.debug, "error", err)
	return &fault{status: http.StatusServiceUnavailable, code: "temporarily_unavailable", says: "Clients can't be registered at present; try again."}
}

func upper(text string) string {
	if text != "" && text[0] >= 'a' && text[0] <= 'z' {
		return string(text[0]-'a'+'A') + text[1:]
	}
	return text
}

// metadata reads what a client says of itself (RFC 7591 §2). A page can't send JSON to another origin unless it is allowed to,
// so the Content-Type matters.
func (x *exchange) metadata() (metadata, *fault) {
	var m metadata
	media, _, err := mime.ParseMediaType(x.r.Header.Get("Content-Type"))
	if err != nil || media != "application/json" {
		return m, badMetadata("The Content-Type is not application/json.")
	}
	text, err := io.ReadAll(http.MaxBytesReader(x.w, x.r.Body, maxRegistration))
	if err != nil {
		return m, badMetadata("The body can't be read, or is larger than " + strconv.Itoa(maxRegistration) + " bytes.")
	}
	if json.Unmarshal(text, &m) != nil { // the error's text would repeat what was sent
		return m, badMetadata("The body is no JSON object of client metadata: redirect_uris, grant_types and response_types are lists of texts, the rest are texts.")
	}
	return m, nil
}

func badMetadata(says string) *fault {
	return &fault{status: http.StatusBadRequest, code: "invalid_client_metadata", says: says}
}
