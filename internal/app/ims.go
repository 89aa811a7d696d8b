package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"latchkey/internal/access"
	"latchkey/internal/cloudservice"
	"latchkey/internal/connection"
	"latchkey/internal/finding"
	"latchkey/internal/ims"
	"latchkey/internal/secret"
)

// openIMS puts AEM's IMS configurations on the connections. Our own authority is a server that anybody may name.
func (h *house) openIMS() (err error) {
	servers := make([]string, 0, len(h.publicURLs)+1)
	for _, address := range append(slices.Clone(h.publicURLs), h.url) {
		if address != "" {
			servers = append(servers, strings.ToLower(strings.TrimRight(address, "/")))
		}
	}
	h.ims, err = ims.New(ims.Config{
		Store: h.store.IMS(), Connections: h.connector, Tokens: h.keeper, Definitions: h.catalogue, Sender: h.egress, Servers: servers,
		AllowHTTP: h.workstation, Clock: h.clock, Log: h.log,
		Probes: map[ims.Solution]ims.Probe{ims.Target: h.probe(cloudservice.Target), ims.Analytics: h.probe(cloudservice.Analytics)},
	})
	return err
}

// probe calls a product as the cloud services do that use a configuration. They are opened after the configurations.
func (h *house) probe(kind cloudservice.Kind) ims.Probe {
	return func(ctx context.Context, of ims.Configuration, with ims.Access) finding.Layer {
		place := cloudservice.Place{Organization: of.Organization, Sandbox: of.Sandbox}
		return h.cloudServices.Probe(ctx, place, kind, of.Name, cloudservice.Access{Token: with.Token, APIKey: with.APIKey})
	}
}

// imsSample is an IMS configuration against our own authority, of a credential in sample/workspace.json.
type imsSample struct{ name, title, solution, credential string }

func imsSamples() []imsSample {
	return []imsSample{
		{"sample-target", "Sample: Adobe Target, by JWT", string(ims.Target), sampleJWT},
		{"sample-analytics", "Sample: Adobe Analytics, by OAuth", string(ims.Analytics), sampleOAuth},
	}
}

// makeIMSSamples adds what is missing of the sample configurations, and lets those that are there follow this server to another
// port. What somebody changed stays else.
func (h *house) makeIMSSamples(ctx context.Context, caller access.Caller) error {
	if h.url == "" {
		return nil
	}
	for _, sample := range imsSamples() {
		found, err := h.ims.Get(ctx, caller, ims.Ref{Name: sample.name})
		switch {
		case errors.Is(err, ims.ErrNotFound):
			err = h.importSample(ctx, caller, sample)
		case err == nil && found.Server != h.url && local(found.Server):
			_, err = h.ims.Edit(ctx, caller, ims.Ref{Name: sample.name}, ims.Values{Server: &h.url})
			if _, refused := errors.AsType[*connection.ProviderError](err); refused {
				h.log.WarnContext(ctx, "a sample IMS configuration could not follow this server to its address", "name", sample.name, "error", err)
				err = nil // somebody has changed its credential
			}
		}
		if err != nil {
			return fmt.Errorf("making %s: %w", sample.name, err)
		}
	}
	return nil
}

func local(server string) bool {
	return strings.HasPrefix(server, "http://127.0.0.1:") || strings.HasPrefix(server, "https://127.0.0.1:")
}

func (h *house) importSample(ctx context.Context, caller access.Caller, sample imsSample) error {
	ask := ims.Import{Credential: sample.credential, Name: sample.name, Title: sample.title, Solution: sample.solution, Server: h.url}
	for _, name := range []string{sampleWorkspace, sampleKeyFile, sampleCertFile} {
		text, err := os.ReadFile(h.config.path("sample", name))
		if err != nil {
			return err
		}
		switch name {
		case sampleKeyFile:
			ask.Private = secret.New(string(text))
		case sampleCertFile:
			ask.Certificate = string(text)
		default:
			ask.Files = []ims.File{{Name: name, Text: string(text)}}
		}
	}
	_, err := h.ims.Import(ctx, caller, ask)
	return err
}
