package app

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/clock"
	"latchkey/internal/eventlog"
	"latchkey/internal/pipeline"
)

// The event logs that can be configured, beside a cluster's address.
const (
	logEmbedded = "embedded"
	logOff      = "off"
)

// eventLog says which event log is opened. The embedded one is a file of one node: where nodes share a database it has to
// be asked for, by who has but one of them.
func (c *Config) eventLog() string {
	if c.PipelineLog == "" && !c.DatabaseURL.Empty() {
		return logOff
	}
	return cmp.Or(c.PipelineLog, logEmbedded)
}

// openPipeline makes the broker on its log.
func (h *house) openPipeline(ctx context.Context) (err error) {
	switch h.config.eventLog() {
	case logOff:
	case logEmbedded:
		h.eventLog, err = eventlog.OpenEmbedded(ctx, eventlog.EmbeddedConfig{Path: h.config.path("events.db"), Clock: clock.System(), Log: h.log})
	}
	if err != nil {
		return err
	}
	h.broker, err = pipeline.New(pipeline.Config{
		Store: h.store.Topics(), Log: h.eventLog, Clock: clock.System(), Logger: h.log, Meter: h.metrics.Meter("pipeline"),
		Slow: h.config.PipelineSlow,
	})
	return err
}

// pipelineSurface makes what stands under /pipeline and /v1.
func (h *house) pipelineSurface() (http.Handler, error) {
	address := h.url
	if len(h.publicURLs) > 0 && h.publicURLs[0] != "" {
		address = h.publicURLs[0]
	}
	return pipeline.NewHandler(pipeline.HandlerConfig{
		Broker: h.broker, Key: h.keyring.Authenticate, Token: h.authority.PipelineCaller, URL: address, Log: h.log,
	})
}

// closePipeline ends the broker, and then its log.
func (h *house) closePipeline() error {
	if h.broker != nil {
		h.broker.Close()
	}
	if h.eventLog != nil {
		return h.eventLog.Close()
	}
	return nil
}

// sampleTopic is what the sample instance listens to.
const sampleTopic = "triggers"

// makeTopic adds the sample topic where it is missing.
func (h *house) makeTopic(ctx context.Context, caller access.Caller) error {
	topics, err := h.broker.Topics(ctx, caller)
	if err != nil {
		return err
	}
	for _, t := range topics {
		if t.Name == sampleTopic {
			return nil
		}
	}
	_, err = h.broker.Create(ctx, caller, pipeline.Create{Name: sampleTopic, Description: "Experience Cloud Triggers."})
	return err
}

// eventLogSetting is where events are kept.
func eventLogSetting(name, doc string, at func(*Config) *string) setting {
	s := text(name, "", doc, at)
	s.set = func(c *Config, v []string) error {
		*at(c) = strings.Join(v, " ")
		switch *at(c) {
		case "", logEmbedded, logOff:
			return nil
		}
		return fmt.Errorf("%q is not one of embedded and off", *at(c))
	}
	return s
}

func pipelineSettings() []setting {
	return []setting{
		eventLogSetting("pipeline.log", "Where the events of the pipeline are kept: embedded, a file in the data directory of this node; or off. Without it, embedded where the database is SQLite, and off where it is PostgreSQL: nodes that share a database can't share a file.", func(c *Config) *string { return &c.PipelineLog }),
		duration("pipeline.slow_consumer", "1m", "How long a consumer may take nothing before its stream is cut and its partitions go to others.", func(c *Config) *time.Duration { return &c.PipelineSlow }),
	}
}
