package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"latchkey/internal/access"
)

// operation is what the document says about a route, and how it is served.
type operation struct {
	id, method, path string
	tag              string
	summary          string
	description      string
	scope            access.Scope
	status           int // of success; 200 when 0
	// asks and answers are examples, in JSON. schema describes a body that is no struct of ours.
	asks, answers string
	schema        *huma.Schema
	// fails are the kinds of problem beside those that every operation has.
	fails []*Kind
	// idempotent operations take an Idempotency-Key.
	idempotent bool
}

// body is the part of an input that holds a JSON body of type T. The bytes are read by [decode], not by huma, whose
// errors repeat what was sent.
type body[T any] struct {
	RawBody []byte `contentType:"application/json"`
}

func (b body[T]) read() (T, error) { return decode[T](b.RawBody) }

// optionalBody is a body that may be left out.
type optionalBody[T any] struct {
	RawBody []byte `contentType:"application/json"`
}

func (b optionalBody[T]) read() (T, error) {
	if len(bytes.TrimSpace(b.RawBody)) == 0 {
		var none T
		return none, nil
	}
	return decode[T](b.RawBody)
}

func (b optionalBody[T]) schemaIn(r huma.Registry) *huma.Schema { return body[T](b).schemaIn(r) }

func (b body[T]) schemaIn(r huma.Registry) *huma.Schema {
	return r.Schema(reflect.TypeFor[T](), true, reflect.TypeFor[T]().Name())
}

// bodied is an input with a body.
type bodied interface {
	schemaIn(huma.Registry) *huma.Schema
}

// reply is an output of type T.
type reply[T any] struct{ Body T }

// created is an output of type T with the address of what was made.
type created[T any] struct {
	Location string `header:"Location" doc:"Where the new thing is."`
	Body     T
}

// done is an output without a body.
type done struct{}

// add registers an operation: decoding is the input's, the caller comes from authentication, every error goes through
// the table.
func add[I, O any](s *server, h huma.API, op operation, do func(context.Context, call, *I) (*O, error)) {
	status := op.status
	if status == 0 {
		status = http.StatusOK
	}
	s.routes = append(s.routes, route{op.method, op.path})
	if op.idempotent {
		s.creating[op.method+" "+op.path] = true
	}
	huma.Register(h, huma.Operation{
		OperationID: op.id, Method: op.method, Path: op.path, Tags: []string{op.tag},
		Summary: op.summary, Description: op.description, DefaultStatus: status, SkipValidateBody: true,
		Security: []map[string][]string{{securityScheme: {}}},
	}, func(ctx context.Context, in *I) (*O, error) {
		out, err := do(ctx, callOf(ctx), in)
		if err != nil {
			return nil, s.problem(ctx, err).in(ctx)
		}
		return out, nil
	})
	schema := op.schema
	if b, ok := any(new(I)).(bodied); ok && schema == nil {
		schema = b.schemaIn(h.OpenAPI().Components.Schemas)
	}
	document(operationAt(h.OpenAPI().Paths[op.path], op.method), op, status, schema)
}

// document completes what huma derived from the types.
func document(o *huma.Operation, op operation, status int, schema *huma.Schema) {
	if op.scope != "" {
		o.Description = strings.TrimSpace(o.Description + "\n\nNeeds the scope `" + string(op.scope) + "`.")
	}
	if schema != nil {
		o.RequestBody = &huma.RequestBody{Required: op.asks != "", Content: map[string]*huma.MediaType{
			"application/json": {Schema: schema, Example: example(op.asks)},
		}}
	}
	parameters(o, op)
	success := o.Responses[strconv.Itoa(status)]
	success.Description = http.StatusText(status)
	if media := success.Content["application/json"]; media != nil {
		media.Example = example(op.answers)
	}
	delete(o.Responses, "default")
	kinds := slices.Concat(op.fails, []*Kind{kindInvalid, kindUnauthenticated, kindDenied, kindSandbox, kindRate, kindInternal})
	if schema != nil {
		kinds = append(kinds, kindMalformed, kindTooLarge, kindContentType)
	}
	if op.idempotent {
		kinds = append(kinds, kindMismatch, kindRunning)
	}
	failures(o, kinds)
}

// parameters adds those that every operation takes.
func parameters(o *huma.Operation, op operation) {
	text := &huma.Schema{Type: huma.TypeString}
	o.Parameters = append(o.Parameters,
		&huma.Param{Name: "sandbox", In: "query", Schema: text, Example: "prod",
			Description: "The sandbox to work in; the header `x-sandbox-name` does the same. Without either: the key's own, or `prod`."})
	if op.idempotent {
		o.Parameters = append(o.Parameters, &huma.Param{Name: idempotencyHeader, In: "header", Schema: text,
			Description: "A text that you choose, up to 255 characters. The same key with the same body gives the first answer again (header `Idempotent-Replayed: true`) for 24 hours, and nothing is made twice.",
			Example:     "0b6f1c1e-8f0b-4b6e-9d38-0a4f3a4b7c55"})
	}
}

// failures documents the kinds of problem, one response a status.
func failures(o *huma.Operation, kinds []*Kind) {
	byStatus := map[int][]*Kind{}
	for _, kind := range kinds {
		if !slices.Contains(byStatus[kind.Status], kind) {
			byStatus[kind.Status] = append(byStatus[kind.Status], kind)
		}
	}
	for status, kinds := range byStatus {
		var lines []string
		for _, kind := range kinds {
			lines = append(lines, "`"+kind.Slug+"`: "+kind.Title+".")
		}
		o.Responses[strconv.Itoa(status)] = &huma.Response{
			Description: strings.Join(lines, " "),
			Content: map[string]*huma.MediaType{problemType: {
				Schema: &huma.Schema{Ref: "#/components/schemas/Problem"},
				Example: map[string]any{
					"type": "/docs/errors#" + kinds[0].Slug, "title": kinds[0].Title, "status": status, "request_id": "01KB3E7XJ0V9M2Q4T8R6Z1C5DN",
				},
			}},
		}
	}
}

// example keeps the order in which an example is written.
func example(text string) any {
	if text == "" {
		return nil
	}
	if !json.Valid([]byte(text)) {
		panic("api: an example is not JSON: " + text)
	}
	return json.RawMessage(text)
}

// humaErrors makes huma tell its own errors (parameters, bodies that can't be read) as problems of ours. The hook is
// global in huma, so it is set once and knows nothing of a server.
var humaErrors = sync.OnceFunc(func() {
	huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
		return framework(status, message, errs)
	}
	huma.NewErrorWithContext = func(ctx huma.Context, status int, message string, errs ...error) huma.StatusError {
		return framework(status, message, errs).in(ctx.Context())
	}
})

// framework translates an error of huma's. The value that huma attaches is dropped.
func framework(status int, message string, errs []error) *Problem {
	var items []Item
	for _, err := range errs {
		if large, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return newProblem(kindTooLarge, fmt.Sprintf("The limit is %d bytes.", large.Limit))
		}
		if detail, ok := err.(huma.ErrorDetailer); ok {
			d := detail.ErrorDetail()
			_, name, _ := strings.Cut(d.Location, ".")
			items = append(items, Item{Parameter: name, Message: d.Message})
		}
	}
	switch {
	case len(items) > 0:
		return invalid(items...)
	case status == http.StatusBadRequest:
		return newProblem(kindInvalid, "The request needs a JSON body.")
	case status == http.StatusRequestTimeout:
		return newProblem(kindInvalid, "The body took too long to arrive.")
	}
	return newProblem(kindInternal, internalDetail).because(fmt.Errorf("huma: %d %s", status, message))
}

// newHuma makes the API that operations are registered with.
func newHuma(mux humago.Mux, version string) huma.API {
	humaErrors()
	config := huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI:    "3.1.0",
			Info:       &huma.Info{Title: "Latchkey", Version: version, Description: overview, License: &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"}},
			Components: &huma.Components{Schemas: huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)},
		},
		Formats:       map[string]huma.Format{"application/json": huma.DefaultJSONFormat, "json": huma.DefaultJSONFormat},
		DefaultFormat: "application/json",
	}
	return humago.New(mux, config)
}
