package app

import (
	"context"
	"embed"
	"errors"
	"fmt"

	"latchkey/internal/access"
	"latchkey/internal/connection"
	"latchkey/internal/destination"
)

// The sample organization: what `dev` starts with.
const (
	sampleOrganizationID   = "6C617463686B657900000001@AdobeOrg"
	sampleOrganizationName = "Sample Organization"
)

//go:embed samples/*.json samples/conf
var samples embed.FS

// sample is a definition and a connection to it. The definitions are the documents of Destination SDK's page on
// OAuth 2, one for each grant.
type sample struct {
	name   string
	fields map[string]any
}

func sampleConnections() []sample {
	return []sample{
		{name: "sample-authorization-code"},
		{name: "sample-password", fields: map[string]any{"username": "ada@example.com", "password": "moviestar"}},
		{name: "sample-client-credentials"},
	}
}

// sampleOrganization gives the organization of the data directory, made at the first start.
func (h *house) sampleOrganization(ctx context.Context) (string, error) {
	existing, err := h.directory.Organizations(ctx, operator())
	if err != nil {
		return "", fmt.Errorf("reading the organizations: %w", err)
	}
	if len(existing) > 0 {
		return existing[0].ID, nil
	}
	made, err := h.directory.CreateOrganization(ctx, operator(), sampleOrganizationID, sampleOrganizationName)
	if err != nil {
		return "", fmt.Errorf("making the sample organization: %w", err)
	}
	return made.ID, nil
}

// makeSamples adds what is missing: a sample that somebody deleted is made again at the next start, one that somebody
// changed stays as it is.
func (h *house) makeSamples(ctx context.Context, organization string) error {
	caller := administrator(organization)
	for _, s := range sampleConnections() {
		if err := h.makeSample(ctx, caller, s); err != nil {
			return fmt.Errorf("making %s: %w", s.name, err)
		}
	}
	if err := h.makeProject(ctx, caller); err != nil {
		return fmt.Errorf("making the sample project: %w", err)
	}
	if err := h.makeIMSSamples(ctx, caller); err != nil {
		return fmt.Errorf("making the sample IMS configurations: %w", err)
	}
	if err := h.makeCloudSamples(ctx, caller); err != nil {
		return fmt.Errorf("making the sample cloud services: %w", err)
	}
	if err := h.makeTopic(ctx, caller); err != nil {
		return fmt.Errorf("making the sample topic: %w", err)
	}
	if err := h.makeInstance(ctx, caller); err != nil {
		return fmt.Errorf("making the sample instance: %w", err)
	}
	return nil
}

func (h *house) makeSample(ctx context.Context, caller access.Caller, s sample) error {
	if _, err := h.connector.Get(ctx, caller, connection.Ref{Name: s.name}); !errors.Is(err, connection.ErrNotFound) {
		return err
	}
	if err := h.makeDefinition(ctx, caller, s.name); err != nil {
		return err
	}
	_, err := h.connector.Create(ctx, caller, connection.Create{Definition: s.name, Label: s.name, Fields: s.fields})
	return err
}

// makeDefinition publishes the document of a sample, unless there is one of its name.
func (h *house) makeDefinition(ctx context.Context, caller access.Caller, name string) error {
	text, err := samples.ReadFile("samples/" + name + ".json")
	if err != nil {
		return err
	}
	document, err := destination.ParseDocument(text)
	if err != nil {
		return err
	}
	_, err = h.catalogue.Create(ctx, caller, access.DefaultSandbox, destination.Draft{Document: document})
	if err == nil {
		_, err = h.catalogue.Publish(ctx, caller, destination.Ref{Sandbox: access.DefaultSandbox, Name: name})
	}
	if errors.Is(err, destination.ErrNameTaken) {
		return nil
	}
	return err
}
