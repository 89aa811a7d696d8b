package app

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"latchkey/internal/api"
	"latchkey/internal/audit"
	"latchkey/internal/series"
)

// openAudit opens the audit record, and begins to count token reads.
func (h *house) openAudit(ctx context.Context) (err error) {
	kept := h.store.Audit()
	h.audit, err = audit.Open(ctx, audit.LogConfig{
		Store: kept, Vault: kept, Clock: h.clock, Log: h.log, CheckpointEvery: h.config.AuditCheckpointEvery, Retention: h.config.AuditRetention,
	})
	if err != nil || h.config.AuditReads == audit.Off {
		return err
	}
	h.reads, err = audit.OpenReads(ctx, audit.ReadsConfig{
		Journal: kept, Node: h.store.Incarnation(), Mode: h.config.AuditReads, Clock: h.clock, Log: h.log, Meter: h.metrics.Meter("audit"), Counted: h.series.Read,
	})
	return err
}

// tokenReads gives what records reads, or counts them where nothing is recorded.
func (h *house) tokenReads() api.Reads {
	if h.reads == nil {
		return countedReads{h.series}
	}
	return h.reads
}

// countedReads counts reads of which there is no record.
type countedReads struct{ *series.Recorder }

// Read counts one.
func (c countedReads) Read(_ context.Context, read audit.Read) error {
	c.Recorder.Read(read.Organization, 1)
	return nil
}

// closeAudit records the last reads and signs what is new.
func (h *house) closeAudit(ctx context.Context) error {
	var errs []error
	if h.reads != nil {
		errs = append(errs, h.reads.Close(ctx))
	}
	if h.audit != nil {
		errs = append(errs, h.audit.Close(ctx))
	}
	return errors.Join(errs...)
}

func readsMode(name, fallback, doc string, at func(*Config) *audit.Mode) setting {
	return setting{name: name, fallback: fallback, doc: doc, show: func(c *Config) string { return string(*at(c)) },
		set: func(c *Config, v []string) error {
			switch mode := audit.Mode(strings.Join(v, " ")); mode {
			case audit.Batched, audit.Strict, audit.Off:
				*at(c) = mode
				return nil
			}
			return fmt.Errorf("%q is none of batched, strict and off", strings.Join(v, " "))
		}}
}

// forever is how a retention without an end is written.
const forever = "forever"

// retention is a duration that may be in days, or without end.
func retention(name, doc string, at func(*Config) *time.Duration) setting {
	return lasting(name, doc, at)
}

// lasting is a time that may be for ever.
func lasting(name, doc string, at func(*Config) *time.Duration) setting {
	return setting{name: name, fallback: forever, doc: doc,
		show: func(c *Config) string {
			if *at(c) == 0 {
				return forever
			}
			return at(c).String()
		},
		set: func(c *Config, v []string) error {
			text := strings.Join(v, "")
			if text == forever {
				*at(c) = 0
				return nil
			}
			d, err := time.ParseDuration(text)
			if days, ok := strings.CutSuffix(text, "d"); ok {
				var n int
				if n, err = strconv.Atoi(days); err == nil {
					d = time.Duration(n) * 24 * time.Hour
				}
			}
			if err != nil || d < time.Hour || d > 100*365*24*time.Hour {
				return fmt.Errorf("%q is not how long that may be: write forever, or days as 400d, from 1h to 36500d", text)
			}
			*at(c) = d
			return nil
		}}
}
