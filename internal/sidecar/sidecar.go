// Package sidecar hands the tokens of a few connections to the programs of one machine, which have no key of the server.
//
// It answers in three shapes, so that what exists finds it: Latchkey's own routes (a token, its place in a call, the proxy),
// as every client of Latchkey asks them; the metadata server of Google Compute Engine; the managed identities of Azure. A
// [client.Keeper] is behind all of them: tokens are renewed before they end and served to their end while the server is away.
//
// It trusts who can reach it, as a metadata server does, and so keeps out who is led there: a page in a browser (by its
// Origin, and by a Host that is not this machine's, against rebinding), and a program that fetches any address that it is
// told (by a header that each shape wants and that such a program does not send). With a key of its own it answers nobody
// who does not show that. A connection that it was not started for does not exist for it.
package sidecar

import (
	"log/slog"
	"net/http"
	"slices"

	"latchkey/client"
	"latchkey/internal/secret"
)

// Config says what is handed out. Client, Keeper and Connections are needed.
type Config struct {
	Client *client.Client
	Keeper *client.Keeper
	// Connections are the references that may be asked for; the first is what the vendors' shapes call the default.
	Connections []string
	// Key is what a program has to show; empty lets each one in.
	Key secret.String
	Log *slog.Logger
}

type server struct {
	Config

	forward http.Handler
}

// New gives the handler of all shapes.
func New(config Config) http.Handler {
	s := &server{Config: config}
	if s.Log == nil {
		s.Log = slog.New(slog.DiscardHandler)
	}
	s.forward = s.Client.Forward(func(w http.ResponseWriter, _ *http.Request, err error) {
		tell(w, http.StatusBadGateway, problem{Kind: "unavailable", Title: "The server can't be reached", Detail: err.Error()})
	})
	own := func(next http.HandlerFunc) http.Handler { return s.guarded(s.ownShape(next)) }
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	mux.Handle("GET /api/v1/connections/{ref}/token", own(s.token))
	mux.Handle("GET /api/v1/connections/{ref}/placement", own(s.placement))
	mux.Handle("/api/v1/proxy/{ref}/", own(s.proxy))
	mux.Handle("/api/v1/", own(func(w http.ResponseWriter, _ *http.Request) {
		tell(w, http.StatusNotFound, problem{Kind: "no_such_route", Title: "There is no such route",
			Detail: "a sidecar serves …/connections/{connection}/token, …/connections/{connection}/placement and …/proxy/{connection}/…; ask the server for the rest"})
	}))
	mux.Handle("GET /computeMetadata/v1/", s.guarded(s.googleShape(s.googleRoutes())))
	for path, shape := range map[string]http.HandlerFunc{"GET /metadata/identity/oauth2/token": s.azureMachine, "GET /msi/token": s.azureApp} {
		mux.Handle(path, s.guarded(shape))
		mux.Handle(path+"/{$}", s.guarded(shape)) // Azure's library for Node asks so
	}
	mux.Handle("GET /{$}", s.guarded(s.googleShape(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("computeMetadata/\n"))
	}))))
	return mux
}

// serves tells whether a connection is one that may be asked for.
func (s *server) serves(ref string) bool { return slices.Contains(s.Connections, ref) }
