package api_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/api"
)

// The two benchmarks differ in the handler alone: the same server, the same clients, the same size of answer. Their
// ratio is what the token read costs beside HTTP (DESIGN.md §8: at least 0.60).

const benchClients = 16

func BenchmarkTokenReadHTTP(b *testing.B) {
	h := newHouse(b)
	h.define("moviestar", clientCreds)
	h.connect("moviestar", "bench")
	handler, err := api.New(h.config)
	check(b, err)
	bench(b, handler, "/api/v1/connections/bench/token", h.key(access.TokensRead))
}

func BenchmarkConstantHTTP(b *testing.B) {
	answer := []byte(`{"access_token":"mst_QPLCUAZA4XA55UJRMQHKC2GRSN","token_type":"Bearer","expires_at":"2026-11-21T05:41:26Z","expires_in":3598,"scope":"read write","generation":1,"connection":"conn_01M7Y6HHVW06KQQZE790H670HQ"}` + "\n")
	bench(b, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(answer)
	}), "/constant", "lk_"+strings.Repeat("x", 43))
}

// bench serves the handler on loopback and asks it from 16 connections at once. The clients are as lean as can be, so
// that the machine's time goes to the server.
func bench(b *testing.B, handler http.Handler, path, key string) {
	b.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(b, err)
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, WriteTimeout: 2 * time.Minute}
	go func() { _ = server.Serve(listener) }()
	defer func() { _ = server.Close() }()
	request := []byte("GET " + path + " HTTP/1.1\r\nHost: " + listener.Addr().String() + "\r\nAuthorization: Bearer " + key + "\r\n\r\n")
	clients := make([]*benchClient, benchClients)
	for i := range clients {
		clients[i] = newBenchClient(b, listener.Addr().String(), b.N/benchClients+1)
		check(b, clients[i].ask(request)) // the first answer may cost more
	}
	b.ReportAllocs()
	b.ResetTimer()
	var all sync.WaitGroup
	for i, client := range clients {
		n := b.N / benchClients
		if i < b.N%benchClients {
			n++
		}
		all.Go(func() {
			for range n {
				started := time.Now()
				if err := client.ask(request); err != nil {
					b.Error(err)
					return
				}
				client.took = append(client.took, time.Since(started))
			}
		})
	}
	all.Wait()
	b.StopTimer()
	var took []time.Duration
	for _, client := range clients {
		took = append(took, client.took...)
		_ = client.Close()
	}
	slices.Sort(took)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "req/s")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
}

type benchClient struct {
	net.Conn
	in   *bufio.Reader
	took []time.Duration
}

func newBenchClient(b *testing.B, address string, calls int) *benchClient {
	b.Helper()
	conn, err := net.Dial("tcp", address)
	check(b, err)
	return &benchClient{Conn: conn, in: bufio.NewReaderSize(conn, 4096), took: make([]time.Duration, 0, calls)}
}

// ask sends one request and reads its answer.
func (c *benchClient) ask(request []byte) error {
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
		if strings.HasPrefix(string(line), "Content-Length: ") {
			if length, err = strconv.Atoi(string(line[16 : len(line)-2])); err != nil {
				return err
			}
		}
	}
	_, err := io.CopyN(io.Discard, c.in, int64(length))
	return err
}
