package app

import (
	"context"
	"crypto/x509"
	"fmt"
	"strconv"
	"strings"

	"latchkey/internal/secret"
	"latchkey/internal/telemetry"
)

// TracesConfig says where traces go.
type TracesConfig struct {
	Endpoint string
	Header   secret.String
	Ratio    float64
	Trust    bool
	Service  string
}

func traceSettings() []setting {
	return []setting{
		text("telemetry.traces", "", "OpenTelemetry collector that traces are sent to by OTLP over HTTP, such as http://collector:4318; without it there are none.", func(c *Config) *string { return &c.Traces.Endpoint }),
		hidden("telemetry.traces_header", "A header that goes with them, as `Authorization: Bearer …`, or @FILE that holds it. It is never shown.", func(c *Config) *secret.String { return &c.Traces.Header }),
		fraction("telemetry.traces_ratio", "0.1", "The part of traces that is kept, from 0 to 1.", func(c *Config) *float64 { return &c.Traces.Ratio }),
		truth("telemetry.trust_traceparent", "false", "Whether a caller's traceparent is gone on with, and decides what is kept. None is ever sent to a provider.", func(c *Config) *bool { return &c.Traces.Trust }),
		text("telemetry.service", "latchkey", "The service's name in traces.", func(c *Config) *string { return &c.Traces.Service }),
	}
}

// openTraces prepares the sending of traces; there are none without a collector.
func (h *house) openTraces(ctx context.Context) (err error) {
	c := h.config.Traces
	if c.Endpoint == "" {
		return nil
	}
	headers := map[string]string{}
	if !c.Header.Empty() {
		name, value, ok := strings.Cut(c.Header.Reveal(), ":")
		if !ok || strings.TrimSpace(name) == "" {
			return fmt.Errorf("telemetry.traces_header is no header: it looks like %q", "Authorization: Bearer …")
		}
		headers[strings.TrimSpace(name)] = strings.TrimSpace(value)
	}
	roots, err := h.config.egressRoots()
	if err != nil {
		return err
	}
	var trusted *x509.CertPool
	if len(roots) > 0 {
		if trusted, err = x509.SystemCertPool(); err != nil {
			trusted = x509.NewCertPool()
		}
		trusted.AppendCertsFromPEM(roots)
	}
	h.traces, err = telemetry.NewTraces(ctx, telemetry.TraceConfig{
		Endpoint: c.Endpoint, Headers: headers, Roots: trusted, Ratio: c.Ratio, Trust: c.Trust, Service: c.Service, Version: Version,
		Meter: h.metrics.Meter("telemetry"), Log: h.log,
	})
	if err != nil {
		return fmt.Errorf("telemetry.traces: %w", err)
	}
	return nil
}

// fraction is a part of a whole.
func fraction(name, fallback, doc string, at func(*Config) *float64) setting {
	return setting{name: name, fallback: fallback, doc: doc,
		show: func(c *Config) string { return strconv.FormatFloat(*at(c), 'f', -1, 64) },
		set: func(c *Config, v []string) error {
			n, err := strconv.ParseFloat(strings.Join(v, ""), 64)
			if err != nil || !(n >= 0 && n <= 1) {
				return fmt.Errorf("%q is not a number from 0 to 1", strings.Join(v, " "))
			}
			*at(c) = n
			return nil
		}}
}

func truth(name, fallback, doc string, at func(*Config) *bool) setting {
	return setting{name: name, fallback: fallback, doc: doc,
		show: func(c *Config) string { return strconv.FormatBool(*at(c)) },
		set: func(c *Config, v []string) error {
			switch text := strings.Join(v, " "); text {
			case "true", "false":
				*at(c) = text == "true"
				return nil
			default:
				return fmt.Errorf("%q is neither true nor false", text)
			}
		}}
}
