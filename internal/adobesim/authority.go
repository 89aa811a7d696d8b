package adobesim

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"latchkey/internal/clock"
)

// Authority puts the faults of the network, of the clock and of expires_in in front of the authority: those of the rules that name
// [AuthorityHost] or no host, and no API key. Those of credentials come by [Sim.Clients].
func (s *Sim) Authority(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		settings := s.rules.take(place{host: AuthorityHost, path: r.URL.Path})
		if len(settings) == 0 {
			next.ServeHTTP(w, r)
			return
		}
		c := &call{faults: combine(settings), now: s.now()}
		c.now = c.now.Add(c.faults.skew)
		a, ok := c.faults.instead()
		if !ok {
			kept := &buffered{header: http.Header{}, status: http.StatusOK}
			next.ServeHTTP(kept, r)
			a = answer{status: kept.status, header: kept.header, body: retold(kept.body.Bytes(), c.faults.expiresIn)}
			a.header.Del("Content-Length")
		}
		s.deliver(w, r, c, a)
	})
}

// buffered is an answer that is kept back.
type buffered struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (b *buffered) Header() http.Header         { return b.header }
func (b *buffered) WriteHeader(status int)      { b.status = status }
func (b *buffered) Write(p []byte) (int, error) { return b.body.Write(p) }

// retold gives a token answer that tells its life in another unit; "" leaves it. A life of more than ten days in seconds is one in
// milliseconds: the authority's are a day.
func retold(body []byte, unit string) []byte {
	var said map[string]json.RawMessage
	if unit == "" || json.Unmarshal(body, &said) != nil {
		return body
	}
	text := strings.Trim(string(said["expires_in"]), `"`)
	life, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return body
	}
	const tenDays = 10 * 24 * 60 * 60
	switch {
	case unit == "ms" && life < tenDays:
		life *= 1000
	case unit == "s" && life >= tenDays:
		life /= 1000
	}
	said["expires_in"] = json.RawMessage(strconv.FormatInt(life, 10))
	out, err := json.Marshal(said)
	if err != nil {
		return body
	}
	return out
}

// Clock gives the authority's clock: of's, as far off as the fault clock_skew says for [AuthorityHost].
func (s *Sim) Clock(of clock.Clock) clock.Clock { return &skewed{of, s} }

type skewed struct {
	clock.Clock
	sim *Sim
}

func (k *skewed) Now() time.Time {
	f := combine(k.sim.rules.see(place{host: AuthorityHost}))
	return k.Clock.Now().Add(f.skew)
}
