package docs_test

import (
	"encoding/json"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"latchkey/test/harness"
)

var receiver = regexp.MustCompile("(?ms)^```\\w+ file=(receiver\\.\\w+)\n(.*?)^```$")

// TestReceivers runs each receiver of the guide: it takes what Latchkey sends, and refuses what somebody else does.
func TestReceivers(t *testing.T) {
	text, err := os.ReadFile("../../docs/guide/webhooks.md")
	if err != nil {
		t.Fatal(err)
	}
	found := receiver.FindAllStringSubmatch(string(text), -1)
	if len(found) != 3 {
		t.Fatalf("the guide has %d receivers, want 3", len(found))
	}
	s := harness.Dev(t)
	for _, m := range found {
		t.Run(m[1], func(t *testing.T) {
			file := filepath.Join(t.TempDir(), m[1])
			if err := os.WriteFile(file, []byte(m[2]), 0o600); err != nil {
				t.Fatal(err)
			}
			_, port, _ := net.SplitHostPort(harness.FreeAddress(t))
			address := "http://127.0.0.1:" + port + "/"
			made := s.Must(http.StatusCreated, "POST", "/api/v1/webhooks", map[string]any{"url": address}).JSON(t)
			listen(t, file, port, made["secret"].(string))
			result := s.Run("webhook", "test", made["id"].(string), "--json")
			var delivery struct{ State string }
			if err := json.Unmarshal([]byte(result.Stdout), &delivery); err != nil || result.Code != 0 || delivery.State != "delivered" {
				t.Errorf("webhook test = %d %s%s", result.Code, result.Stdout, result.Stderr)
			}
			forge(t, address)
		})
	}
}

// listen starts a receiver and waits until it listens.
func listen(t *testing.T, file, port, secret string) {
	t.Helper()
	command := exec.Command(map[string]string{".mjs": "node", ".py": "python3"}[filepath.Ext(file)], file)
	if filepath.Ext(file) == ".go" {
		program := strings.TrimSuffix(file, ".go")
		if out, err := exec.Command("go", "build", "-o", program, file).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		command = exec.Command(program)
	}
	if command.Err != nil {
		t.Skip(command.Err)
	}
	command.Env = append(os.Environ(), "PORT="+port, "WEBHOOK_SECRET="+secret)
	command.Stderr = os.Stderr
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Signal(syscall.SIGKILL)
		_ = command.Wait()
	})
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		conn, err := net.Dial("tcp", "127.0.0.1:"+port)
		if err == nil {
			_ = conn.Close()
			return
		}
		if time.Now().After(end) {
			t.Fatalf("the receiver does not listen: %v", err)
		}
	}
}

// forge sends what looks like an event and is not signed by its secret, and one that is too old.
func forge(t *testing.T, address string) {
	t.Helper()
	for _, at := range []time.Time{time.Now(), time.Now().Add(-time.Hour)} {
		request, err := http.NewRequest("POST", address, strings.NewReader(`{"type":"webhook.test","subject":"x"}`))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("webhook-id", "evt_1")
		request.Header.Set("webhook-timestamp", strconv.FormatInt(at.Unix(), 10))
		request.Header.Set("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= v1,")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != http.StatusUnauthorized {
			t.Errorf("a forged event is answered with %d", response.StatusCode)
		}
	}
}
