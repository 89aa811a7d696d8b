package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"latchkey/internal/access"
	"latchkey/internal/ims"
	"latchkey/internal/secret"
)

// IMSFile is a file that is imported or exported.
type IMSFile struct {
	Name string `json:"name" example:"workspace.json"`
	Text string `json:"text" doc:"The file's content."`
	// Secret is in answers alone.
	Secret bool `json:"secret,omitempty" doc:"Whether the text may hold a secret or a private key."`
}

// IMSImport asks for the configurations that files describe.
type IMSImport struct {
	Files       []IMSFile `json:"files" doc:"AEM's two .config files, AEM as a Cloud Service's service credentials, or the Developer Console's workspace."`
	Credential  string    `json:"credential,omitempty" doc:"One of a workspace's, by name or id; without it, every one that fits." example:"acme-jwt"`
	Name        string    `json:"name,omitempty" doc:"Of the one configuration; without it, made of the credential's." example:"acme-target"`
	Title       string    `json:"title,omitempty"`
	Solution    string    `json:"solution,omitempty" example:"target"`
	Server      string    `json:"authorization_server,omitempty" doc:"Where the files name none: https://ims-na1.adobelogin.com without it."`
	Alias       string    `json:"key_alias,omitempty" doc:"What the key is kept under, or which one there is already; without it, the configuration's name."`
	PrivateKey  string    `json:"private_key,omitempty" doc:"Of a JWT credential, PEM however it is pasted."`
	Passphrase  string    `json:"passphrase,omitempty"`
	Certificate string    `json:"certificate,omitempty" doc:"The public part of the private key."`
}

// IMSImported are the configurations that were made.
type IMSImported struct {
	Items []IMSConfiguration `json:"items" nullable:"false"`
}

// IMSExportOrder asks for a configuration as files.
type IMSExportOrder struct {
	Format  string `json:"format" enum:"aem,service-credentials,workspace"`
	Secrets bool   `json:"secrets,omitempty" doc:"With the client secret and the private key: takes the scope admin, and is recorded. Without, a mask stands in their place."`
}

// IMSExport is a configuration as files.
type IMSExport struct {
	Files    []IMSFile `json:"files" nullable:"false"`
	Requires []string  `json:"requires" nullable:"false" doc:"Which product versions take it."`
}

type (
	importIMS struct{ body[IMSImport] }
	exportIMS struct {
		IMSRef
		body[IMSExportOrder]
	}
)

func (s *server) imsFileRoutes(h huma.API, one, tag string) {
	add(s, h, operation{id: "import-ims-configurations", method: http.MethodPost, path: imsPath + "/import", tag: tag, status: http.StatusCreated,
		summary: "Import IMS configurations", description: "Makes a configuration for each credential that the files describe, and keeps the key that comes along. Nothing is sent. The first that can't be made ends it; those before it stay.",
		scope: access.ConnectionsWrite, asks: `{"files": [{"name": "workspace.json", "text": "{…}"}], "credential": "acme-jwt", "private_key": "-----BEGIN PRIVATE KEY-----…"}`,
		fails: []*Kind{kindNameTaken}, idempotent: true}, s.importIMS)
	add(s, h, operation{id: "export-ims-configuration", method: http.MethodPost, path: one + "/export", tag: tag,
		summary: "Export an IMS configuration", description: "As AEM's two .config files, as service credentials, or as the console's workspace.",
		scope: access.ConnectionsRead, asks: `{"format": "aem"}`, fails: []*Kind{kindNotFound, kindState}}, s.exportIMS)
}

func (s *server) importIMS(ctx context.Context, c call, in *importIMS) (*reply[IMSImported], error) {
	ask, err := in.read()
	if err != nil {
		return nil, err
	}
	order := ims.Import{
		Sandbox: c.sandbox, Credential: ask.Credential, Name: ask.Name, Title: ask.Title, Solution: ask.Solution, Server: ask.Server, Alias: ask.Alias,
		Private: secret.New(ask.PrivateKey), Passphrase: secret.New(ask.Passphrase), Certificate: ask.Certificate,
	}
	for _, f := range ask.Files {
		order.Files = append(order.Files, ims.File{Name: f.Name, Text: f.Text})
	}
	made, err := s.IMS.Import(ctx, c.caller, order)
	if err != nil {
		return nil, err
	}
	return &reply[IMSImported]{IMSImported{mapped(made, savedIMS)}}, nil
}

func (s *server) exportIMS(ctx context.Context, c call, in *exportIMS) (*reply[IMSExport], error) {
	ask, err := in.read()
	if err != nil {
		return nil, err
	}
	out, err := s.IMS.Export(ctx, c.caller, in.in(c), ims.Format(ask.Format), ask.Secrets)
	if err != nil {
		return nil, err
	}
	return &reply[IMSExport]{IMSExport{mapped(out.Files, func(f ims.File) IMSFile { return IMSFile(f) }), listed(out.Requires)}}, nil
}
