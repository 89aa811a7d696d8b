package connector

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"latchkey/internal/clock"
	"latchkey/internal/egress"
	"latchkey/internal/file"
)

// The ways to make sure that a receiver wants what it is sent.
const (
	// Ask sends the challenge, and goes on with a warning when the receiver does not know it.
	Ask = "ask"
	// Require sends nothing to a receiver that has not answered.
	Require = "require"
	// Skip sends no challenge.
	Skip = "skip"
)

// validFor is how long a validation address may be opened, as with I/O Events.
const validFor = 5 * time.Minute

// Receivers are the addresses that have answered a challenge, in a file, so that each is asked once and again when it
// changes; and those whose owners are to open a validation address. It is safe for concurrent use.
type Receivers struct {
	path  string
	clock clock.Clock

	mu        sync.Mutex
	answered  map[string]time.Time // :: digest of the address → when
	waiting   map[string]waiting   // :: id → what is asked
	addressed string
}

type waiting struct {
	receiver, challenge string
	until               time.Time
}

// receiversFile is in the instance's folder.
const receiversFile = "receivers.json"

// OpenReceivers reads which receivers have answered; a file that can't be read has them asked again.
func OpenReceivers(dir string, c clock.Clock) *Receivers {
	r := &Receivers{path: filepath.Join(dir, receiversFile), clock: c, answered: map[string]time.Time{}, waiting: map[string]waiting{}}
	if text, err := os.ReadFile(r.path); err == nil {
		_ = json.Unmarshal(text, &r.answered) // what it does not tell is asked
	}
	return r
}

// Serve says where [Receivers.Validate] is reached: what receivers are told to open. "" is nowhere.
func (r *Receivers) Serve(address string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.addressed = address
}

// digest stands for an address, which may hold a key.
func digest(receiver string) string {
	sum := sha256.Sum256([]byte(receiver))
	return hex.EncodeToString(sum[:])
}

func (r *Receivers) has(receiver string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, ok := r.answered[digest(receiver)]
	return ok
}

// answer notes that a receiver has answered.
func (r *Receivers) answer(receiver string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answered[digest(receiver)] = r.clock.Now().UTC()
	text, err := json.Marshal(r.answered)
	if err == nil {
		err = file.Replace(r.path, append(text, '\n'), 0o600)
	}
	if err != nil {
		return fmt.Errorf("noting that the receiver has answered: %w", err)
	}
	return nil
}

// pending gives until when a receiver's owner may open the validation address.
func (r *Receivers) pending(receiver string) (until time.Time, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, w := range r.waiting {
		if !r.clock.Now().Before(w.until) {
			delete(r.waiting, id)
		} else if w.receiver == receiver {
			until, ok = w.until, true
		}
	}
	return until, ok
}

// await makes a validation address, under base or where the daemon serves; "" when there is no such place.
func (r *Receivers) await(receiver, base string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if base == "" {
		base = r.addressed
	}
	if base == "" {
		return ""
	}
	id, challenge := rand.Text(), rand.Text()
	r.waiting[id] = waiting{receiver, challenge, r.clock.Now().Add(validFor)}
	return base + "?" + url.Values{"id": {id}, "challenge": {challenge}}.Encode()
}

// Validate is called when a validation address is opened, and tells whether it was a good one.
func (r *Receivers) Validate(id, challenge string) bool {
	r.mu.Lock()
	w, ok := r.waiting[id]
	good := ok && r.clock.Now().Before(w.until) && subtle.ConstantTimeCompare([]byte(w.challenge), []byte(challenge)) == 1
	if good {
		delete(r.waiting, id)
	}
	r.mu.Unlock()
	return good && r.answer(w.receiver) == nil
}

// greet makes sure that the receiver wants what it is sent, before the first.
func (p *poster) greet(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.greeted || p.Receivers == nil || p.to.Challenge == Skip || p.Receivers.has(p.to.URL) {
		p.greeted = true
		return nil
	}
	until, ok := p.Receivers.pending(p.to.URL)
	if ok {
		return unvalidated(until)
	}
	problem, err := p.challenge(ctx)
	switch {
	case err != nil:
		return err
	case problem == nil:
		p.greeted = true
		return p.Receivers.answer(p.to.URL)
	case p.to.Challenge == Ask:
		p.greeted = true
		p.warn(fmt.Sprintf("The receiver does not answer the challenge (%v), and gets triggers all the same; challenge: require would wait for that", problem))
		return nil
	}
	return p.askOwner(ctx, problem)
}

func (p *poster) warn(text string) {
	if p.Warn != nil {
		p.Warn(text)
	}
}

// challenge asks the receiver to send back a word: as it is, or as the member "challenge". problem says that it was reached and
// did not.
func (p *poster) challenge(ctx context.Context) (problem, err error) {
	word := rand.Text()
	at, err := url.Parse(p.to.URL)
	if err != nil {
		return nil, errors.New("the receiver's address can't be used")
	}
	query := at.Query()
	query.Set("challenge", word)
	at.RawQuery = query.Encode()
	reply, err := p.send(ctx, http.MethodGet, at.String(), nil, nil)
	switch {
	case err != nil:
		return nil, fmt.Errorf("sending the challenge: %w", err)
	case reply.Status < 200 || reply.Status > 299:
		return fmt.Errorf("GET with ?challenge= was answered %d %s", reply.Status, http.StatusText(reply.Status)), nil
	case !echoes(reply, word):
		return errors.New("the answer to GET with ?challenge= does not hold its value"), nil
	}
	return nil, nil
}

func echoes(reply *egress.Response, word string) bool {
	var object struct {
		Challenge string `json:"challenge"`
	}
	if json.Unmarshal(reply.Body, &object) == nil && object.Challenge == word {
		return true
	}
	return strings.Trim(strings.TrimSpace(string(reply.Body)), `"`) == word
}

// askOwner has the receiver pass on an address that its owner opens.
func (p *poster) askOwner(ctx context.Context, problem error) error {
	address := p.Receivers.await(p.to.URL, p.to.ValidationURL)
	if address == "" {
		return fmt.Errorf("the receiver has to answer the challenge first: %w; there is no address either that its owner could open (monitorServerPort, or validation_url)", problem)
	}
	body, err := json.Marshal(map[string]string{"validationUrl": address})
	if err != nil {
		return err
	}
	reply, err := p.send(ctx, http.MethodPost, p.to.URL, http.Header{"Content-Type": {"application/json"}}, body)
	if err != nil {
		return fmt.Errorf("sending the validation address: %w", err)
	}
	if reply.Status != http.StatusOK {
		p.Receivers.forget(p.to.URL)
		return fmt.Errorf("the receiver has to answer the challenge first: %w; to the validation address it answered %d %s, which has to be 200", problem, reply.Status, http.StatusText(reply.Status))
	}
	until, _ := p.Receivers.pending(p.to.URL)
	p.warn("The receiver does not answer the challenge; it was sent the address that its owner has to open within five minutes: " + address)
	return unvalidated(until)
}

// forget takes back a validation address that nobody has.
func (r *Receivers) forget(receiver string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, w := range r.waiting {
		if w.receiver == receiver {
			delete(r.waiting, id)
		}
	}
}

func unvalidated(until time.Time) error {
	return fmt.Errorf("nothing is sent until the receiver's owner opens the validation address that it was sent, by %s", until.UTC().Format("15:04:05 UTC"))
}
