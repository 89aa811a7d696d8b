package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"latchkey/internal/access"
)

// securityScheme is the name of the one way to authenticate.
const securityScheme = "key"

// overview is the document's introduction.
const overview = `Latchkey keeps the credentials by which systems call systems. Give it the description of a service's OAuth 2 (a definition), connect accounts to it (connections), and read a token that is always fresh.

Bodies are JSON. Times are RFC 3339 in UTC. Errors are RFC 9457 problems whose ` + "`type`" + ` leads to an explanation at /docs/errors. Lists come in parts: ask for the next with ` + "`cursor`" + `. A definition is named by its id or its name, a connection by its id or its label. A path with a slash at its end is the same path. An answer is never cached.`

// tags group the operations.
var tags = []*huma.Tag{
	{Name: "Tokens", Description: "What programs call: a token that is fresh now."},
	{Name: "Connections", Description: "Customers' accounts."},
	{Name: "Definitions", Description: "How services authenticate: Destination SDK's customerAuthenticationConfigurations, in numbered revisions."},
	{Name: "Providers", Description: "The services that give tokens: how they stand, and which clients they refuse."},
	{Name: "Organizations", Description: "Tenants."},
	{Name: "Users", Description: "People, and what each may do."},
	{Name: "Projects", Description: "The developer console: projects and their workspaces."},
	{Name: "Credentials", Description: "What a system calls services with: client ids, secrets, certificates, subscriptions."},
	{Name: "Services", Description: "The APIs that credentials subscribe to, what the organization is entitled to, and product profiles."},
	{Name: "IMS configurations", Description: "AEM's: what asks Adobe IMS for tokens, with which key or secret, for which product; checked in layers."},
	{Name: "Keys", Description: "The API keys of programs and people."},
	{Name: "Events", Description: "What happened to connections, providers and what ends."},
	{Name: "Pipeline", Description: "Topics of the trigger pipeline, and where their consumers stand. Events themselves go in and out under `/pipeline`."},
	{Name: "Webhooks", Description: "Endpoints that events are delivered to, signed as Standard Webhooks 1.0.0 has it."},
	{Name: "What ends", Description: "Tokens, keys and certificates by when they end, as a list and as a calendar."},
	{Name: "Audit", Description: "Who did what, and who read which token: a chain of records that tells when it was changed."},
	{Name: "Sandboxes", Description: "Partitions of an organization."},
	{Name: "Backups", Description: "The whole installation in one sealed file, made while the server serves."},
	{Name: "Root keys", Description: "What everything at rest is sealed with: its state, and its rotation while the server serves."},
	{Name: "Server", Description: "About this server."},
}

// describe registers every operation, and gives what writes the document: that takes longer than the rest of a start.
func (s *server) describe() func() ([]byte, error) {
	h := newHuma(s.mux, s.Version)
	doc := h.OpenAPI()
	doc.Tags = tags
	doc.Components.SecuritySchemes = map[string]*huma.SecurityScheme{securityScheme: {
		Type: "http", Scheme: "bearer", BearerFormat: "lk_…",
		Description: "An API key: `Authorization: Bearer lk_…`. Its scopes: " + access.Scopes(access.AllScopes()).String() + ". `write` implies `read`, `admin` implies all.",
	}}
	doc.Components.Schemas.Schema(reflect.TypeFor[Problem](), true, "Problem")
	for _, base := range s.PublicURLs {
		doc.Servers = append(doc.Servers, &huma.Server{URL: trimSlash(base)})
	}
	s.tokenRoute(h)
	s.connectionRoutes(h)
	s.definitionRoutes(h)
	s.explainRoutes(h)
	s.providerRoutes(h)
	s.connectLinkRoutes(h)
	s.revocationRoutes(h)
	s.offboardRoutes(h)
	s.organizationRoutes(h)
	s.userRoutes(h)
	s.consentRoutes(h)
	s.sessionRoutes(h)
	s.projectRoutes(h)
	s.workspaceRoutes(h)
	s.serviceRoutes(h)
	s.profileRoutes(h)
	s.credentialRoutes(h)
	s.proofRoutes(h)
	s.subscriptionRoutes(h)
	s.migrationRoutes(h)
	s.decisionRoutes(h)
	s.imsRoutes(h)
	s.compareRoutes(h)
	s.cloudServiceRoutes(h)
	s.keyRoutes(h)
	s.sandboxRoutes(h)
	s.webhookRoutes(h)
	s.topicRoutes(h)
	s.daemonRoutes(h)
	s.daemonActRoutes(h)
	s.expiringRoutes(h)
	s.auditRoutes(h)
	s.rootKeyRoutes(h)
	s.backupRoutes(h)
	s.whoAmIRoutes(h)
	admitNull(doc.Components.Schemas)
	doc.Extensions = map[string]any{"x-problems": Kinds()}
	s.spec = doc
	return func() ([]byte, error) {
		out, err := json.Marshal(doc)
		if err != nil {
			return nil, fmt.Errorf("writing the OpenAPI document: %w", err)
		}
		return out, nil
	}
}

// tokenRoute describes the token read, which is served by a plain handler.
func (s *server) tokenRoute(h huma.API) {
	op := operation{id: "read-token", method: http.MethodGet, path: tokenPrefix + "{ref}" + tokenSuffix, tag: "Tokens",
		summary: "Read a fresh token", scope: access.TokensRead,
		description: "From memory when the token is fresh; otherwise the answer waits for one exchange, however many ask. A token that is still valid is given even while its provider is down.\n\nWhen the service rejected the token, send its `ETag` back as `If-None-Match`: the answer is a newer token, or 304 when there is none. That forces one exchange a generation at most.",
		answers:     `{"access_token": "eyJhbGciOi…", "token_type": "Bearer", "expires_at": "2026-11-21T10:30:00Z", "expires_in": 3540, "scope": "read write", "generation": 7, "connection": "conn_01KB3E7XJ0V9M2Q4T8R6Z1C5DN"}`,
		fails:       []*Kind{kindNotFound, kindReauthorize, kindPending, kindDisabled, kindDown, kindRefused}}
	text := &huma.Schema{Type: huma.TypeString}
	o := &huma.Operation{
		OperationID: op.id, Method: op.method, Path: op.path, Tags: []string{op.tag}, Summary: op.summary, Description: op.description,
		Security: []map[string][]string{{securityScheme: {}}},
		Parameters: []*huma.Param{
			{Name: "ref", In: "path", Required: true, Schema: text, Example: "acme-emea", Description: "The connection's id, or its label in the sandbox."},
			{Name: "min_ttl", In: "query", Schema: text, Example: "300", Description: "How long the token must live from now: seconds, or a duration such as `5m`. Longer than a token's whole life means the freshest one."},
			{Name: "If-None-Match", In: "header", Schema: text, Description: "The ETag of a token that was rejected."},
		},
		Responses: map[string]*huma.Response{
			"200": {Headers: map[string]*huma.Param{"ETag": {Schema: text, Description: "The base64url SHA-256 of the token, in quotes."}},
				Content: map[string]*huma.MediaType{"application/json": {
					Schema: h.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[TokenAnswer](), true, "TokenAnswer"),
				}}},
		},
	}
	document(o, op, http.StatusOK, nil)
	o.Responses["304"] = &huma.Response{Description: "Nothing newer than the rejected token can be had."}
	h.OpenAPI().AddOperation(o)
	s.plain(op.method+" "+op.path, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.token(w, r, r.PathValue("ref")) }))
}

// admitNull says of the members that lead to another object whether they may be null: the frame takes every reference
// for one that is always there, and what is generated from the document then fails at the first null.
func admitNull(schemas huma.Registry) {
	for name, schema := range schemas.Map() {
		of := schemas.TypeFromRef("#/components/schemas/" + name)
		if of == nil || of.Kind() != reflect.Struct {
			continue
		}
		for i := range of.NumField() {
			field := of.Field(i)
			member, options, _ := strings.Cut(field.Tag.Get("json"), ",")
			property := schema.Properties[member]
			if field.Type.Kind() != reflect.Pointer || strings.Contains(options, "omitempty") || property == nil || property.Ref == "" {
				continue
			}
			schema.Properties[member] = &huma.Schema{
				Description: property.Description,
				AnyOf:       []*huma.Schema{{Ref: property.Ref}, {Type: "null"}},
			}
		}
	}
}
