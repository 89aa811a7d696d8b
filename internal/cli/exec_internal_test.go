package cli

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"latchkey/client"
)

type roundTrip func(*http.Request) (int, string)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) {
	status, body := f(r)
	header := http.Header{"Content-Type": {"application/json"}}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

// TestKeepFresh runs three hours in fake time: the file always holds a valid token, and goes away when the connection does.
func TestKeepFresh(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		var gone atomic.Bool
		server := roundTrip(func(*http.Request) (int, string) {
			if gone.Load() {
				return 404, `{"type":"/docs/errors#not_found","title":"Not found","detail":"there is no such connection","status":404}`
			}
			half := time.Since(begin) / (30 * time.Minute) // each lives an hour, and has a successor after half of it
			ends := begin.Add((half + 2) * 30 * time.Minute)
			return 200, fmt.Sprintf(`{"access_token":%q,"token_type":"Bearer","expires_at":%q,"expires_in":%d,"generation":%d,"connection":"conn_1"}`,
				ends.Format(time.RFC3339), ends.Format(time.RFC3339), int(time.Until(ends)/time.Second), half+1)
		})
		c, err := client.New(client.Config{URL: "http://latchkey.test", Key: "lk_test", HTTPClient: &http.Client{Transport: server}})
		if err != nil {
			t.Fatal(err)
		}
		keeper, err := client.NewKeeper(client.KeeperConfig{Client: c})
		if err != nil {
			t.Fatal(err)
		}
		defer keeper.Close()
		var told bytes.Buffer
		p := newProgram(Config{Err: &told})
		end := p.keepFresh(keeper, "acme", path, "")
		time.Sleep(1500 * time.Millisecond)
		for range 3 * 60 {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if ends, err := time.Parse(time.RFC3339, string(text)); err != nil || !time.Now().Before(ends) {
				t.Fatalf("at %s the file holds %s, %v", time.Now().UTC(), text, err)
			}
			time.Sleep(time.Minute)
		}
		gone.Store(true)
		time.Sleep(time.Minute)
		end()
		if _, err := os.Stat(path); !os.IsNotExist(err) || strings.Count(told.String(), "the token's file is gone") != 1 {
			t.Errorf("of a connection that is gone: %v, %q", err, told.String())
		}
	})
}
