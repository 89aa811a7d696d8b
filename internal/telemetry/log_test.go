package telemetry_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"latchkey/internal/secret"
	"latchkey/internal/telemetry"
)

func TestFormats(t *testing.T) {
	var text, lines bytes.Buffer
	telemetry.NewLogger(telemetry.LogConfig{Output: &text, Format: "text"}).Info("hello", "a", 1)
	telemetry.NewLogger(telemetry.LogConfig{Output: &lines}).Info("hello", "a", 1)
	if got := text.String(); !strings.Contains(got, "msg=hello a=1") {
		t.Errorf("the text format gives %q", got)
	}
	var line map[string]any
	if err := json.Unmarshal(lines.Bytes(), &line); err != nil || line["msg"] != "hello" || line["a"] != 1.0 {
		t.Errorf("without a terminal the log is %q, %v, want JSON", lines.String(), err)
	}
	file, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	telemetry.NewLogger(telemetry.LogConfig{Output: file}).Info("hello")
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(file.Name()); err != nil || !json.Valid(got) {
		t.Errorf("a file gets %q, %v, want JSON", got, err)
	}
}

func TestLevel(t *testing.T) {
	var out bytes.Buffer
	telemetry.NewLogger(telemetry.LogConfig{Output: &out}).Debug("quiet")
	if out.Len() > 0 {
		t.Errorf("a debug line is written without being asked for: %s", out.String())
	}
	telemetry.NewLogger(telemetry.LogConfig{Output: &out, Level: slog.LevelDebug}).Debug("loud")
	if out.Len() == 0 {
		t.Error("a debug line is not written")
	}
}

func TestRedaction(t *testing.T) {
	const canary = "canary-value"
	var out bytes.Buffer
	log := telemetry.NewLogger(telemetry.LogConfig{Output: &out, Format: "json"})
	for _, name := range []string{
		"authorization", "Authorization", "cookie", "Set-Cookie", "token", "access_token", "refreshToken", "client_secret",
		"password", "code", "state", "key", "assertion", "id_token_hint", "private_key",
	} {
		log.Info("x", name, canary)
		log.Info("x", slog.Group("g", name, canary))
		log.With(name, canary).WithGroup("h").Info("x", name, []byte(canary))
		log.Info("x", name, map[string]string{"a": canary})
		log.Info("x", name, errors.New(canary))
	}
	for _, name := range []string{"url", "path", "authorize_url", "redirect_uri", "location"} {
		log.Info("x", name, "https://idp.example/authorize?code="+canary)
	}
	log.Info("x", "anything", secret.New(canary))
	if strings.Contains(out.String(), canary) {
		t.Errorf("the log tells a secret:\n%s", out.String())
	}
	if !strings.Contains(out.String(), `"url":"https://idp.example/authorize"`) {
		t.Error("the log lacks the URL before its query")
	}
}

func TestNumbersStay(t *testing.T) {
	var out bytes.Buffer
	log := telemetry.NewLogger(telemetry.LogConfig{Output: &out, Format: "text"})
	log.Info("x", "tokens", 3, "token_age", time.Second, "secret", true, "key_id", "key_1", "status", "ok")
	if got := out.String(); !strings.Contains(got, "tokens=3 token_age=1s secret=true key_id=key_1 status=ok") {
		t.Errorf("the log is %q", got)
	}
}

func TestRequestIDInLog(t *testing.T) {
	var out bytes.Buffer
	log := telemetry.NewLogger(telemetry.LogConfig{Output: &out, Format: "text"})
	ctx := telemetry.WithRequestID(context.Background(), "req_1")
	log.InfoContext(ctx, "x")
	log.With("a", 1).InfoContext(ctx, "x")
	log.InfoContext(ctx, "x", "request_id", "req_1")
	log.InfoContext(context.Background(), "x")
	if got := strings.Count(out.String(), "request_id=req_1"); got != 3 {
		t.Errorf("the id is written %d times, want 3:\n%s", got, out.String())
	}
}
