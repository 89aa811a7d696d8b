package simulator_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"latchkey/internal/devca"
	"latchkey/internal/simulator"
)

func TestStartTLSEndsWithItsContext(t *testing.T) {
	ca, err := devca.LoadOrCreate(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	addr, closing, err := simulator.New(simulator.Config{}).StartTLS(ctx, ca)
	if err != nil {
		t.Fatal(err)
	}
	client := clientFor(t, ca, addr)
	held := make(chan error, 1)
	go func() {
		response, err := client.Get("https://www.moviestar.com/me?fault=slow=1m")
		if err == nil {
			_ = response.Body.Close()
		}
		held <- err
	}()
	response, err := client.Get("https://www.moviestar.com/me")
	if err != nil || response.StatusCode != http.StatusUnauthorized {
		t.Fatalf("before the end: %v", err)
	}
	_ = response.Body.Close()
	cancel()
	closing()
	select {
	case <-held: // with an answer or without: it is not held back any more
	case <-time.After(10 * time.Second):
		t.Error("a slow answer outlives the server")
	}
	if _, err := client.Get("https://www.moviestar.com/me"); err == nil {
		t.Error("the server answers after its end")
	}
}
