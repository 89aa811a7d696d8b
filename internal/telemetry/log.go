// Package telemetry sets up what operators watch: logs, request ids, metrics.
//
// Nothing here is global: [NewLogger] and [NewMetrics] give values that app hands to the rooms, so that two servers
// in one test don't share counters. Secrets are kept out of logs by secret.String in the first place; the log
// handler redacts attributes with the usual names besides, and request lines never hold a query string.
package telemetry

import (
	"context"
	"io"
	"log/slog"
	"os"
	"strings"

	"go.opentelemetry.io/otel/trace"
)

// LogConfig says where the log goes and how it looks.
type LogConfig struct {
	// Output receives the lines; nil means standard error.
	Output io.Writer
	// Level is the least that is written; nil means info.
	Level slog.Leveler
	// Format is "text", "json", or "" for text on a terminal and JSON elsewhere.
	Format string
}

// NewLogger makes the logger of a process. Its handler adds the request id of the context and redacts attributes.
func NewLogger(config LogConfig) *slog.Logger {
	if config.Output == nil {
		config.Output = os.Stderr
	}
	options := &slog.HandlerOptions{Level: config.Level, ReplaceAttr: redact}
	if config.Format == "text" || config.Format == "" && isTerminal(config.Output) {
		return slog.New(withRequest{slog.NewTextHandler(config.Output, options)})
	}
	return slog.New(withRequest{slog.NewJSONHandler(config.Output, options)})
}

func isTerminal(output io.Writer) bool {
	file, ok := output.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// withRequest adds the request's id to lines that are written for one, and the trace's where it is kept.
type withRequest struct{ slog.Handler }

func (h withRequest) Handle(ctx context.Context, record slog.Record) error {
	if id := RequestID(ctx); id != "" && !has(record, requestIDAttr) {
		record = record.Clone()
		record.AddAttrs(slog.String(requestIDAttr, id))
	}
	if span := trace.SpanContextFromContext(ctx); span.IsSampled() {
		record = record.Clone()
		record.AddAttrs(slog.String("trace_id", span.TraceID().String()), slog.String("span_id", span.SpanID().String()))
	}
	return h.Handler.Handle(ctx, record)
}

func (h withRequest) WithAttrs(attrs []slog.Attr) slog.Handler {
	return withRequest{h.Handler.WithAttrs(attrs)}
}

func (h withRequest) WithGroup(name string) slog.Handler {
	return withRequest{h.Handler.WithGroup(name)}
}

func has(record slog.Record, key string) (found bool) {
	record.Attrs(func(a slog.Attr) bool {
		found = a.Key == key
		return !found
	})
	return found
}

const redacted = "[redacted]"

// redact is the second line of defence: it hides what an attribute with a secret's name holds, and cuts URLs at
// their query. Numbers and times stay: a count of tokens is no token.
func redact(_ []string, a slog.Attr) slog.Attr {
	switch a.Value.Kind() {
	case slog.KindBool, slog.KindDuration, slog.KindFloat64, slog.KindInt64, slog.KindTime, slog.KindUint64:
		return a
	case slog.KindAny, slog.KindString, slog.KindGroup, slog.KindLogValuer:
	}
	name := strings.ToLower(a.Key)
	switch {
	case isSecret(name):
		return slog.String(a.Key, redacted)
	case a.Value.Kind() == slog.KindString && isURL(name):
		path, _, _ := strings.Cut(a.Value.String(), "?")
		return slog.String(a.Key, path)
	}
	return a
}

func isSecret(name string) bool {
	switch name {
	case "authorization", "proxy-authorization", "cookie", "set-cookie", "password", "passphrase", "code", "state", "key",
		"assertion", "credentials":
		return true
	}
	return strings.Contains(name, "token") || strings.Contains(name, "secret") || strings.Contains(name, "private_key")
}

func isURL(name string) bool {
	switch name {
	case "url", "uri", "path", "location", "referer", "target":
		return true
	}
	return strings.HasSuffix(name, "_url") || strings.HasSuffix(name, "_uri")
}
