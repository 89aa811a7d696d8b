package api

import (
	"fmt"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// ErrorsPage writes docs/reference/errors.md from the list of kinds.
func ErrorsPage() string {
	var b strings.Builder
	b.WriteString(`# Errors

An error of ` + "`/api/v1`" + ` is an RFC 9457 problem, ` + "`application/problem+json`" + `:

` + "```json" + `
{
  "type": "/docs/errors#invalid_fields",
  "title": "The fields don't fit the definition",
  "status": 400,
  "detail": "1 thing is wrong; see errors.",
  "errors": [{"pointer": "/fields/tenant", "message": "…", "fix": "…"}],
  "request_id": "01KB3E7XJ0V9M2Q4T8R6Z1C5DN"
}
` + "```" + `

A program switches on the part of ` + "`type`" + ` after ` + "`#`" + `: the list below is a contract. ` + "`errors`" + ` names each thing that is wrong, by JSON pointer
(` + "`pointer`" + `) in the body or by ` + "`parameter`" + ` elsewhere. ` + "`request_id`" + ` finds the request in the server's log. No error repeats a value that
was sent, since values may be secrets. The running server shows this page at ` + "`/docs/errors`" + `.

The compatible authoring API answers with the vendor's own bodies, at the end of this page.

| Status | Kind | Meaning |
|---|---|---|
`)
	for _, kind := range Kinds() {
		fmt.Fprintf(&b, "| %d | [`%s`](#%s) | %s |\n", kind.Status, kind.Slug, kind.Slug, kind.Title)
	}
	for _, kind := range Kinds() {
		fmt.Fprintf(&b, "\n## %s\n\n**%d. %s.** %s\n\nWhat to do: %s\n", kind.Slug, kind.Status, kind.Title, kind.Means, kind.Do)
	}
	b.WriteString(`
## The authoring API

` + "`" + authoringPrefix + "`" + ` answers as Destination SDK does. Before a request reaches a destination, the gateway's errors:

| Status | Body | When |
|---|---|---|
`)
	for _, row := range []struct {
		*gatewayError
		when string
	}{
		{tokenMissing, "no `Authorization: Bearer …`"}, {tokenInvalid, "the key is unknown, expired or revoked"},
		{apiKeyInvalid, "`x-api-key` is sent and is not the key's id"}, {profileInvalid, "`x-gw-ims-org-id` is sent and is not the key's organization"},
	} {
		fmt.Fprintf(&b, "| %d | `{\"error_code\":\"%s\",\"message\":\"%s\"}` | %s |\n", row.status, row.code, row.message, row.when)
	}
	b.WriteString(`
After it, ` + "`{\"type\":\"/placeholder/type/uri\",\"status\":400,\"title\":\"BadRequestError\",\"detail\":\"…\",\"errors\":[{\"path\":\"/…\",\"code\":\"invalid_definition\",\"message\":\"…\"}]}`" + `,
where ` + "`path`" + ` is a JSON pointer and ` + "`code`" + ` is one of the kinds above.
`)
	return b.String()
}

// ReferencePage writes docs/reference/api.md from the operations.
func ReferencePage() (string, error) {
	s, err := newServer(Config{})
	if err != nil {
		return "", err
	}
	doc := s.spec
	var b strings.Builder
	b.WriteString("# API\n\n" + doc.Info.Description + `

The complete description is the OpenAPI 3.1 document at ` + "`/openapi.json`" + ` of every server (in this repository:
[openapi.json](../../internal/api/testdata/openapi.json)); ` + "`/docs`" + ` shows it with bodies, examples and a line to paste for each route. Errors
are explained in [errors.md](errors.md).

Every call needs ` + "`Authorization: Bearer lk_…`" + `. ` + "`?sandbox=NAME`" + ` or the header ` + "`x-sandbox-name`" + ` chooses the sandbox.
`)
	for _, tag := range tags {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n| | | |\n|---|---|---|\n", tag.Name, tag.Description)
		for _, known := range s.routes {
			o := operationAt(doc.Paths[known.path], known.method)
			if o == nil || o.Tags[0] != tag.Name {
				continue
			}
			text := strings.ReplaceAll(o.Description, "\n\n", " ")
			fmt.Fprintf(&b, "| `%s %s` | **%s** | %s |\n", known.method, strings.TrimPrefix(known.path, apiPrefix), o.Summary, text)
		}
	}
	b.WriteString(`
Paths stand below ` + "`" + apiPrefix + "`" + `. Beside them: ` + "`GET /healthz`" + ` (the process answers), ` + "`GET /readyz`" + ` (it should get traffic), ` + "`GET /metrics`" + `.

## After a consent

The browser ends at the connection's ` + "`return_url`" + ` with ` + "`connection`" + ` (its id) and ` + "`status`" + ` added: ` + "`ok`" + `, or ` + "`failed`" + ` with the provider's error in
` + "`error`" + `. After a failure the customer first sees a page that says what happened, and goes back from there. Without a ` + "`return_url`" + ` the last page
is ours.

## Authoring API

` + "`" + authoringPrefix + "`" + ` takes what Destination SDK's takes, with a key of ours as the bearer token; ` + "`x-api-key`" + `, ` + "`x-gw-ims-org-id`" + ` and
` + "`x-sandbox-name`" + ` may be left out, and are checked when they are sent.

| | |
|---|---|
| ` + "`GET /destinations`" + ` | 200 ` + "`{\"items\":[…]}`" + ` |
| ` + "`POST /destinations`" + ` | 200, the stored object with its ` + "`instanceId`" + ` |
| ` + "`GET /destinations/{instanceId}`" + ` | 200 ` + "`{\"items\":[one]}`" + ` |
| ` + "`PUT /destinations/{instanceId}`" + ` | 200, the stored object; ` + "`********`" + ` keeps a secret |
| ` + "`DELETE /destinations/{instanceId}`" + ` | 200, no body |
| ` + "`POST /destinations/publish`" + ` | 201; publishes at once |
| ` + "`GET /destinations/publish[/{instanceId}]`" + ` | 200, what is published |
| ` + "`/credentials`, `/destination-servers`, `/audience-templates`, `/sample-profiles`, `/testing`" + ` | 501 with what they are for |
`)
	return b.String(), nil
}

func operationAt(item *huma.PathItem, method string) *huma.Operation {
	if item == nil {
		return nil
	}
	return map[string]*huma.Operation{"GET": item.Get, "POST": item.Post, "PUT": item.Put, "PATCH": item.Patch, "DELETE": item.Delete}[method]
}
