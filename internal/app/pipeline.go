package app

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/api"
	"latchkey/internal/eventlog"
	"latchkey/internal/pipeline"
	"latchkey/internal/pipelined/fleet"
	"latchkey/internal/secret"
	"latchkey/internal/workflow"
)

// The event logs that can be configured.
const (
	logEmbedded = "embedded"
	logCluster  = "nats"
	logOff      = "off"
)

// eventLog says which event log is opened. The embedded one is a file of one node: where nodes share a database it has to
// be asked for, by who has but one of them.
func (c *Config) eventLog() string {
	if c.PipelineLog == "" && !c.PipelineNATS.Empty() {
		return logCluster
	}
	if c.PipelineLog == "" && !c.DatabaseURL.Empty() {
		return logOff
	}
	return cmp.Or(c.PipelineLog, logEmbedded)
}

// openPipeline makes the broker on its log.
func (h *house) openPipeline(ctx context.Context) (err error) {
	if err := h.openEventLog(ctx); err != nil {
		return err
	}
	h.fleet = fleet.New(h.store.Daemons(), workflow.HandOver{Credentials: h.credentials, Clock: h.clock}, h.clock)
	if err := h.fleet.Sweep(ctx); err != nil {
		return err
	}
	h.broker, err = pipeline.New(pipeline.Config{
		Lagging: h.series.Lagging,
		Store:   h.store.Topics(), Log: h.eventLog, Clock: h.clock, Logger: h.log, Meter: h.metrics.Meter("pipeline"),
		Slow: h.config.PipelineSlow,
	})
	return err
}

// openEventLog opens the log that is configured. One that could not be opened leaves none behind.
func (h *house) openEventLog(ctx context.Context) error {
	switch h.config.eventLog() {
	case logCluster:
		cluster, err := eventlog.OpenCluster(ctx, eventlog.ClusterConfig{
			URL: h.config.PipelineNATS, Replicas: h.config.PipelineReplicas, CredentialsFile: h.config.PipelineCredentials, RootsFiles: h.config.EgressCAFiles,
			Clock: h.clock, Log: h.log,
		})
		if err != nil {
			return hinted(err, "check pipeline.nats_url, pipeline.nats_credentials_file and egress.ca_files")
		}
		h.eventLog = cluster
	case logEmbedded:
		embedded, err := eventlog.OpenEmbedded(ctx, eventlog.EmbeddedConfig{
			Path: h.config.path("events.db"), Limit: int64(h.config.PipelineLimit) << 20, Clock: h.clock, Log: h.log,
		})
		if err != nil {
			return err
		}
		h.eventLog = embedded
	}
	return nil
}

// readiness is what /readyz asks. An event log in NATS may be away: tokens and everything else go on.
func (h *house) readiness() []api.Check {
	checks := []api.Check{{Name: "store", Ready: h.store.Ping}, {Name: "root_key", Ready: h.store.Keyring().Ready}}
	if h.config.eventLog() == logCluster {
		checks = append(checks, api.Check{Name: "event_log", Ready: h.eventLog.Ready, Without: "The event log in NATS can't be reached; the pipeline answers 503, and everything else works."})
	}
	return checks
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
		case "", logEmbedded, logCluster, logOff:
			return nil
		}
		return fmt.Errorf("%q is not one of embedded, nats and off", *at(c))
	}
	return s
}

func pipelineSettings() []setting {
	natsURL := address("pipeline.nats_url", "NATS JetStream cluster (nats-server 2.11 or newer) that keeps the events, nats://user:password@host:4222, or tls:// (which trusts `egress.ca_files` too), several with commas between. Its password is never shown.", func(c *Config) *secret.String { return &c.PipelineNATS })
	natsURL.show = func(c *Config) string { return passwords.ReplaceAllString(c.PipelineNATS.Reveal(), "${1}xxxxx@") }
	return []setting{
		eventLogSetting("pipeline.log", "Where the events of the pipeline are kept: embedded, a file in the data directory of this node; nats, the cluster at `pipeline.nats_url`; or off. Without it, nats where that is set; else embedded where the database is SQLite, and off where it is PostgreSQL: nodes that share a database can't share a file.", func(c *Config) *string { return &c.PipelineLog }),
		number("pipeline.limit", "65536", "How many MiB the file of the embedded log may have; at it producers are refused, and the rest of the disk stays free.", func(c *Config) *int { return &c.PipelineLimit }),
		natsURL,
		number("pipeline.nats_replicas", "3", "On how many nodes of that cluster each event is kept.", func(c *Config) *int { return &c.PipelineReplicas }),
		text("pipeline.nats_credentials_file", "", "File of a NATS user's JWT and seed.", func(c *Config) *string { return &c.PipelineCredentials }),
		duration("pipeline.slow_consumer", "1m", "How long a consumer may take nothing before its stream is cut and its partitions go to others.", func(c *Config) *time.Duration { return &c.PipelineSlow }),
	}
}

// pipeline checks that the event log fits the rest.
func (c *checks) pipeline() {
	if c.eventLog() == logCluster && c.PipelineNATS.Empty() {
		c.add("pipeline.log", "the events are to be in a NATS cluster, and none is named", "set pipeline.nats_url, or pipeline.log to embedded")
	}
	if c.PipelineLog == logEmbedded && !c.PipelineNATS.Empty() {
		c.add("pipeline.nats_url", "a NATS cluster is named, and the events are to be in a file", "leave out pipeline.log, or pipeline.nats_url")
	}
}
