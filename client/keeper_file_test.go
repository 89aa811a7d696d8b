package client_test

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"latchkey/client"
)

var fileKey = bytes.Repeat([]byte{7}, 32)

func TestFileServesTheNextProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tokens")
	kept := func(c *client.KeeperConfig) { c.File, c.FileKey = path, fileKey }
	synctest.Test(t, func(t *testing.T) {
		h := &house{life: time.Hour}
		first := h.keeper(t, kept)
		for _, name := range []string{"acme", "emea"} {
			if _, err := first.Token(t.Context(), name, client.TokenOptions{}); err != nil {
				t.Fatal(err)
			}
		}
		first.Close()
		text, err := os.ReadFile(path)
		info, _ := os.Stat(path)
		if err != nil || bytes.Contains(text, []byte("token-")) || bytes.Contains(text, []byte("acme")) || info.Mode() != 0o600 {
			t.Fatalf("the file: %v, mode %v, %q", err, info.Mode(), text)
		}
		h.set(func(h *house) { h.away = true })
		time.Sleep(59 * time.Minute)
		next := h.keeper(t, kept)
		token, err := next.Token(t.Context(), "acme", client.TokenOptions{})
		if err != nil || token.AccessToken != "token-1" || token.ExpiresIn > time.Minute {
			t.Errorf("the next process gets %v, %v", token, err)
		}
		time.Sleep(time.Minute)
		if token, err := next.Token(t.Context(), "acme", client.TokenOptions{}); err == nil {
			t.Errorf("an ended token was served: %v", token)
		}
		if token, err := h.keeper(t, kept).Token(t.Context(), "emea", client.TokenOptions{}); err == nil {
			t.Errorf("an ended token was read: %v", token)
		}
	})
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "*")); len(left) != 1 {
		t.Errorf("beside the file: %v", left)
	}
}

// TestFileThatIsNone holds that what is torn, foreign or of the future counts as no file, says nothing that it should not,
// and is replaced.
func TestFileThatIsNone(t *testing.T) {
	whole := sealed(t)
	for name, text := range map[string][]byte{
		"empty": {}, "torn": whole[:len(whole)/2], "half a head": whole[:9], "one bit": flipped(whole), "foreign": []byte("latchkey tokens 2\n" + strings.Repeat("x", 99)),
		"other": []byte("PK\x03\x04"), "another key": nil, "another server": nil, "another caller": nil, "another sandbox": nil, "of the future": nil, "whole": whole,
	} {
		path := filepath.Join(t.TempDir(), "tokens")
		if text == nil {
			text = whole
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
		synctest.Test(t, func(t *testing.T) {
			h := &house{life: time.Hour, count: 41}
			if name != "of the future" {
				time.Sleep(time.Minute)
			}
			server := client.Config{URL: "http://latchkey.test", Key: testKey, HTTPClient: &http.Client{Transport: h}}
			config := client.KeeperConfig{File: path, FileKey: fileKey}
			switch name {
			case "another key":
				config.FileKey = bytes.Repeat([]byte{8}, 32)
			case "another server":
				server.URL = "http://other.test"
			case "another caller":
				server.Key += "2"
			case "another sandbox":
				server.Sandbox = "stage"
			}
			config.Client, _ = client.New(server)
			k, err := client.NewKeeper(config)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			defer k.Close()
			want := "token-42"
			if name == "whole" {
				want = "token-1"
			}
			if token, err := k.Token(t.Context(), "acme", client.TokenOptions{}); err != nil || token.AccessToken != want {
				t.Errorf("%s: Token = %q, %v; want %q", name, token.AccessToken, err, want)
			}
		})
		if info, err := os.Stat(path); err != nil || name != "whole" && info.Mode() != 0o600 {
			t.Errorf("%s: the file was not replaced: %v, %v", name, info.Mode(), err)
		}
	}
}

// sealed gives a file with one token, written two minutes after the bubble's beginning.
func sealed(t *testing.T) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tokens")
	synctest.Test(t, func(t *testing.T) {
		h := &house{life: time.Hour}
		k := h.keeper(t, func(c *client.KeeperConfig) { c.File, c.FileKey = path, fileKey })
		time.Sleep(2 * time.Minute)
		if _, err := k.Token(t.Context(), "acme", client.TokenOptions{}); err != nil {
			t.Fatal(err)
		}
	})
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func flipped(text []byte) []byte {
	out := bytes.Clone(text)
	out[len(out)-3] ^= 1
	return out
}

func TestFileKeyHas32Bytes(t *testing.T) {
	c, _ := client.New(client.Config{URL: "http://latchkey.test", Key: testKey})
	_, err := client.NewKeeper(client.KeeperConfig{Client: c, File: "tokens", FileKey: []byte("short")})
	if err == nil || !strings.Contains(err.Error(), "32 are needed") {
		t.Errorf("NewKeeper = %v", err)
	}
}
