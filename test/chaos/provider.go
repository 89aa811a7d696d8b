package chaos

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"time"
)

// Provider is an authorization server on this machine, over TLS.
type Provider struct {
	*httptest.Server
	ledger *ledger
	faults *faults
	// moment is called where a kill hurts most; it may kill the node that asked.
	moment func(node string, m moment)
}

// moment is a place in the life of a refresh request.
type moment int

const (
	whenSeen    moment = iota // the refresh token has arrived and is not used
	whenRotated               // it is used, and nothing of the reply has left
	whenReplied               // the whole reply has left
)

// heldFor is how long a slow reply is held: longer than anyone waits.
const heldFor = 45 * time.Second

func newProvider(config Config) *Provider {
	p := &Provider{
		ledger: &ledger{grace: config.Grace, life: config.Life, mild: config.Reuse == "none", secret: strconv.FormatUint(config.source(9).Uint64(), 36)},
		faults: newFaults(config), moment: func(string, moment) {},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /token", p.token)
	p.Server = httptest.NewUnstartedServer(mux)
	p.Config.ErrorLog = quiet()
	p.StartTLS()
	return p
}

func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		oauthError(w, http.StatusBadRequest, "invalid_request")
		return
	}
	switch r.PostForm.Get("grant_type") {
	case "authorization_code":
		if g, _, _ := p.ledger.found("code", r.PostForm.Get("code")); g != nil {
			p.write(w, p.ledger.begin(g))
			return
		}
		oauthError(w, http.StatusBadRequest, "invalid_grant")
	case "refresh_token":
		p.refresh(w, r)
	default:
		oauthError(w, http.StatusBadRequest, "unsupported_grant_type")
	}
}

// code gives the authorization code of a consent.
func (p *Provider) code(g *grant) string { return fmt.Sprintf("code-%d-0-0-%s", g.id, p.ledger.secret) }

func (p *Provider) refresh(w http.ResponseWriter, r *http.Request) {
	g, serial, _ := p.ledger.found("refresh", r.PostForm.Get("refresh_token"))
	if g == nil {
		oauthError(w, http.StatusBadRequest, "invalid_grant")
		return
	}
	node := nodeOf(r)
	index, unanswered := p.ledger.arrive(g, serial, node)
	whole := false
	defer func() { g.over(serial, index, whole) }()
	fate := p.faults.fate(unanswered)
	p.moment(node, whenSeen)
	pause(r.Context(), fate.delay/2)
	switch {
	case fate.kind == FaultBusy || fate.kind == FaultBroken:
		g.refuse(serial, index)
		whole = refuse(w, r, fate.kind)
		return
	case fate.kind == FaultDrop && fate.cut == cutUnread:
		sever(w, "", fate.reset)
		return
	}
	tokens, ok := p.ledger.rotate(g, serial, index)
	p.moment(node, whenRotated)
	pause(r.Context(), fate.delay-fate.delay/2)
	switch {
	case fate.kind == FaultDrop && fate.cut == cutHead:
		sever(w, "", fate.reset)
	case fate.kind == FaultDrop:
		text := p.body(tokens)
		sever(w, fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
			len(text), text[:len(text)/2]), fate.reset)
	case fate.kind == FaultSlow:
		pause(r.Context(), heldFor)
	case fate.kind == FaultLate:
		refuse(w, r, fate.kind) // whole for HTTP, and no answer to what was asked
	case ok:
		alive := r.Context().Err() == nil
		whole = p.write(w, tokens) && alive
	default:
		whole = r.Context().Err() == nil
		oauthError(w, http.StatusBadRequest, "invalid_grant")
	}
	if whole {
		p.moment(node, whenReplied)
	}
}

func (p *Provider) body(tokens pair) string {
	text, _ := json.Marshal(map[string]any{
		"access_token": tokens.access, "refresh_token": tokens.refresh, "token_type": "Bearer",
		"expires_in": int(p.ledger.life / time.Second),
	})
	return string(text)
}

// write sends a token answer; false when it could not be written.
func (p *Provider) write(w http.ResponseWriter, tokens pair) bool {
	text := p.body(tokens)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	_, err := w.Write([]byte(text))
	return err == nil && http.NewResponseController(w).Flush() == nil
}

func refuse(w http.ResponseWriter, r *http.Request, kind string) bool {
	status, _ := strconv.Atoi(kind)
	if kind == FaultBusy {
		w.Header().Set("Retry-After", "1")
	}
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(status)
	alive := r.Context().Err() == nil
	return http.NewResponseController(w).Flush() == nil && alive // a client may leave once it has the whole reply
}

func oauthError(w http.ResponseWriter, status int, code string) {
	text := `{"error":"` + code + `"}`
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text))
	_ = http.NewResponseController(w).Flush()
}

// sever sends a part of a reply as it is, and cuts the connection.
func sever(w http.ResponseWriter, part string, reset bool) {
	conn, buffer, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	_, _ = buffer.WriteString(part)
	_ = buffer.Flush()
	if inner, ok := conn.(interface{ NetConn() net.Conn }); ok && reset {
		if tcp, ok := inner.NetConn().(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
			_ = tcp.Close()
		}
	}
	_ = conn.Close()
}

// nodeOf tells which node sends a request: each has its own user agent.
func nodeOf(r *http.Request) string {
	_, name, _ := strings.Cut(r.UserAgent(), "/")
	return name
}

// stop ends the provider at once.
func (p *Provider) stop() {
	p.CloseClientConnections()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_ = p.Config.Shutdown(ctx)
	p.Close()
}
