package bench_test

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// load asks b.N times from all clients together, and reports the rate and the slowest hundredth. The clients are as lean
// as can be, so that the machine's time goes to the server.
func load(b *testing.B, address, path, key string) {
	b.Helper()
	request := []byte("GET " + path + " HTTP/1.1\r\nHost: " + address + "\r\nAuthorization: Bearer " + key + "\r\n\r\n")
	all := dialAll(b, address, request)
	b.ResetTimer()
	took := fire(b, all, [][]byte{request}, func(asked int) bool { return asked < b.N })
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "req/s")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
}

// volley asks for a while, each request in its turn. It gives how long each answer took, sorted.
func volley(b *testing.B, address string, requests [][]byte, length time.Duration) []time.Duration {
	b.Helper()
	all := dialAll(b, address, requests[0])
	until := time.Now().Add(length)
	return fire(b, all, requests, func(int) bool { return time.Now().Before(until) })
}

// dialAll connects the clients. The first answer may cost more, and is not counted.
func dialAll(b *testing.B, address string, first []byte) []*client {
	b.Helper()
	all := make([]*client, clients)
	for i := range all {
		all[i] = dial(b, address)
		if err := all[i].ask(first); err != nil {
			b.Fatal(err)
		}
	}
	return all
}

// fire lets all clients ask as long as more says so, which is told how many have been asked, and closes them.
func fire(b *testing.B, all []*client, requests [][]byte, more func(asked int) bool) []time.Duration {
	b.Helper()
	var wait sync.WaitGroup
	var asked atomic.Int64
	for _, c := range all {
		wait.Go(func() {
			for {
				n := int(asked.Add(1)) - 1
				if !more(n) {
					return
				}
				started := time.Now()
				if err := c.ask(requests[n%len(requests)]); err != nil {
					b.Error(err)
					return
				}
				c.took = append(c.took, time.Since(started))
			}
		})
	}
	wait.Wait()
	var took []time.Duration
	for _, c := range all {
		took = append(took, c.took...)
		_ = c.Close()
	}
	if len(took) == 0 {
		b.Fatal("there was no answer")
	}
	slices.Sort(took)
	return took
}

// client is one connection that asks one thing after the other.
type client struct {
	net.Conn
	in   *bufio.Reader
	took []time.Duration
}

func dial(b *testing.B, address string) *client {
	b.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		b.Fatal(err)
	}
	return &client{Conn: conn, in: bufio.NewReader(conn)}
}

// ask sends one request and reads its answer, which has to be a 200 whose length is told.
func (c *client) ask(request []byte) error {
	if _, err := c.Write(request); err != nil {
		return err
	}
	length := -1
	for first := true; ; first = false {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return err
		}
		if first && string(line[9:12]) != "200" {
			return fmt.Errorf("the answer is %q", line)
		}
		if len(line) == 2 {
			break
		}
		if after, ok := strings.CutPrefix(string(line), "Content-Length: "); ok {
			if length, err = strconv.Atoi(strings.TrimSpace(after)); err != nil {
				return err
			}
		}
	}
	if length < 0 {
		return errors.New("an answer does not tell its length")
	}
	_, err := c.in.Discard(length)
	return err
}

// post makes the bytes of a form's request.
func post(address, path, form string) []byte {
	return fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s", path, address, len(form), form)
}
