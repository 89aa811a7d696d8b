package pipelined

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"latchkey/internal/file"
	"latchkey/internal/pipelined/journal"
)

// controlFile says where the commands of this machine reach the daemon, and with which key. Only the instance's owner can
// read it.
const controlFile = "pipelined.control.json"

// Address is what controlFile holds.
type Address struct {
	URL string `json:"url"`
	Key string `json:"key"`
	// StatusURL is that of the status; "" when there is none.
	StatusURL string `json:"status_url"`
	// Within names the process that the daemon is a part of, which would end with it when it is killed; "" when it has its own.
	Within string `json:"within,omitempty"`
	PID    int    `json:"pid"`
}

// ErrNotRunning says that no daemon of the instance runs here.
var ErrNotRunning = errors.New("no pipelined of this instance runs here")

// Reach reads where an instance's daemon is reached.
func Reach(dir string) (Address, error) {
	var a Address
	if _, running := journal.Running(dir); !running {
		return a, ErrNotRunning
	}
	text, err := os.ReadFile(filepath.Join(dir, controlFile))
	if errors.Is(err, os.ErrNotExist) {
		return a, ErrNotRunning
	}
	if err == nil {
		err = json.Unmarshal(text, &a)
	}
	if err != nil {
		return a, fmt.Errorf("reading where pipelined is reached: %w", err)
	}
	return a, nil
}

// Listeners are the daemon's own sockets.
type Listeners struct {
	daemon  *Daemon
	servers []*http.Server
	Address Address
}

// Serve opens the status (on statusAddress, "" for none) and the control socket. metrics answers GET /metrics beside the
// status, unless it is nil.
func (d *Daemon) Serve(ctx context.Context, statusAddress string, metrics http.Handler) (*Listeners, error) {
	l := &Listeners{daemon: d, Address: Address{Key: rand.Text(), PID: os.Getpid(), Within: d.config.Within}}
	if statusAddress != "" {
		at, err := l.listen(ctx, statusAddress, d.statusHandler(metrics))
		if err != nil {
			return nil, fmt.Errorf("opening the status: %w", err)
		}
		l.Address.StatusURL = "http://" + at + "/pipelined/status"
		d.receivers.Serve("http://" + at + "/pipelined/validate")
	}
	at, err := l.listen(ctx, "127.0.0.1:0", d.controlHandler(l.Address.Key))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("opening the control socket: %w", err), l.Close())
	}
	l.Address.URL = "http://" + at
	text, err := json.Marshal(l.Address)
	if err == nil {
		err = file.Replace(d.path(controlFile), append(text, '\n'), 0o600)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("writing where the daemon is reached: %w", err), l.Close())
	}
	return l, nil
}

func (l *Listeners) listen(ctx context.Context, address string, handler http.Handler) (string, error) {
	var config net.ListenConfig
	socket, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return "", err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: 3 * time.Minute, IdleTimeout: time.Minute}
	l.servers = append(l.servers, server)
	l.daemon.running.Go(func() { _ = server.Serve(socket) }) // it ends with Close
	return socket.Addr().String(), nil
}

// Close ends the sockets.
func (l *Listeners) Close() error {
	var errs []error
	for _, server := range l.servers {
		errs = append(errs, server.Close())
	}
	errs = append(errs, os.RemoveAll(l.daemon.path(controlFile)))
	return errors.Join(errs...)
}

func (d *Daemon) statusHandler(metrics http.Handler) http.Handler {
	mux := http.NewServeMux()
	status := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		_, _ = w.Write(d.Status(r.Context()))
	}
	mux.HandleFunc("GET /pipelined/status", status)
	mux.HandleFunc("GET /pipelined/status/", status)
	mux.HandleFunc("GET /pipelined/validate", d.validate)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		if problem := d.unwell(); problem != "" {
			http.Error(w, problem, http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write([]byte("ok\n"))
	})
	if metrics != nil {
		mux.Handle("GET /metrics", metrics)
	}
	return mux
}

// validate is what a receiver's owner opens, whose receiver does not answer a challenge itself.
func (d *Daemon) validate(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	query := r.URL.Query()
	if !d.receivers.Validate(query.Get("id"), query.Get("challenge")) {
		http.Error(w, "This address is none, or its five minutes are over; the receiver is sent another one with the next attempt.", http.StatusNotFound)
		return
	}
	d.log.Info("A receiver's validation address was opened; it gets triggers from now on")
	d.table.wake()
	_, _ = w.Write([]byte("The receiver is validated and gets triggers from now on.\n"))
}

// unwell tells what keeps the daemon from consuming; "" for nothing.
func (d *Daemon) unwell() string {
	if why := d.trouble(); why != "" {
		return why
	}
	for _, l := range d.all() {
		if l.counts.alive.Load() == 0 {
			return "no stream was opened so far"
		}
	}
	return ""
}

// controlHandler takes the commands of this machine.
func (d *Daemon) controlHandler(key string) http.Handler {
	mux := http.NewServeMux()
	handle := func(pattern string, do func(*http.Request) (any, error)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			presented, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
			if subtle.ConstantTimeCompare([]byte(presented), []byte(key)) != 1 {
				http.Error(w, "the key of pipelined.control.json is needed", http.StatusUnauthorized)
				return
			}
			answer, err := do(r)
			answerControl(w, answer, err)
		})
	}
	handle("GET /status", func(r *http.Request) (any, error) { return json.RawMessage(d.Status(r.Context())), nil })
	handle("POST /reload", func(r *http.Request) (any, error) { return struct{}{}, d.Reload(r.Context()) })
	handle("POST /stop", func(*http.Request) (any, error) {
		d.quit.Do(func() { close(d.quitting) })
		return struct{}{}, nil
	})
	handle("POST /letters/{id}/replay", func(r *http.Request) (any, error) {
		id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
		if err != nil {
			return nil, journal.ErrNoLetter
		}
		return struct{}{}, d.Replay(r.Context(), id)
	})
	handle("POST /migration", func(r *http.Request) (any, error) {
		setup, err := d.config.Load()
		if err != nil {
			return nil, err
		}
		return d.Migrate(r.Context(), setup.Credential)
	})
	handle("GET /migration", func(*http.Request) (any, error) { return d.Report() })
	handle("POST /migration/rollback", func(r *http.Request) (any, error) { return d.Rollback(r.Context()) })
	handle("POST /migration/finish", func(r *http.Request) (any, error) { return d.Finish(r.Context()) })
	return mux
}

// Answer is what the control socket answers: one of both.
type Answer struct {
	Error  string          `json:"error,omitempty"`
	Result json.RawMessage `json:"result,omitempty"`
}

func answerControl(w http.ResponseWriter, result any, err error) {
	w.Header().Set("Content-Type", "application/json")
	var answer Answer
	if err != nil {
		answer.Error = err.Error()
		w.WriteHeader(http.StatusUnprocessableEntity)
	}
	answer.Result, _ = json.Marshal(result) // texts, numbers and instants
	_ = json.NewEncoder(w).Encode(answer)   // who asked may have gone
}
