package web

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"latchkey/internal/access"
	"latchkey/internal/destination"
	"latchkey/internal/jsontree"
	"latchkey/pebble"
)

// The playground renders a template with the variables that somebody writes beside it. It works with what is typed and
// nothing else: nothing is stored, and no secret of a definition is in what it begins with.

// playground is the page.
type playground struct {
	Form   *form
	Result rendered
	// From leads back to the definition that the template is from; At is its place there.
	From, FromPath, At string
}

// rendered is what came out, for the page and for its script.
type rendered struct {
	Output string `json:"output"`
	// Problem says why nothing did, Line and Column where in the template; they are 0 for a fault of the variables.
	Problem string `json:"problem,omitempty"`
	Line    int    `json:"line,omitempty"`
	Column  int    `json:"column,omitempty"`
	Excerpt string `json:"excerpt,omitempty"`
	// Variables are those that the template uses.
	Variables []string `json:"variables"`
}

// playgroundInputs are as the options of `latchkey template render`.
func playgroundInputs() []*input {
	return []*input{
		text("template", "Template", "", "").of(codeInput),
		text("context", "Variables, as JSON", "", "What the template can name: in a definition authData, userContext, request and response.").of(codeInput),
		options("dialect", "Language", "", "destination", choiceOption{Value: "destination", Label: "What definitions may use"}, choiceOption{Value: "language", Label: "All of Pebble"}),
		options("autoescape", "What {{ }} prints is escaped for", "", "", choiceOption{Value: "", Label: "as the language has it"}, choiceOption{Value: "html", Label: "HTML"},
			choiceOption{Value: "js", Label: "JavaScript"}, choiceOption{Value: "css", Label: "CSS"}, choiceOption{Value: "url_param", Label: "a URL’s parameter"},
			choiceOption{Value: "json", Label: "JSON"}, choiceOption{Value: "off", Label: "nothing"}),
		check("strict", "Strict: a variable that does not exist is an error", "", false),
	}
}

const playgroundTemplate = `{{ formUrlEncode('grant_type', 'client_credentials', 'client_id', authData.clientId) | raw }}`

func (v *visit) definitionPlayground() error {
	if err := v.caller.Require(access.DefinitionsRead); err != nil {
		return err
	}
	page := playground{Form: v.form(placeDefinitions+"/playground", "Render", playgroundInputs()...)}
	if v.r.Method == http.MethodPost {
		v.refill(page.Form.Inputs)
	} else if err := v.fillPlayground(&page); err != nil {
		return err
	}
	page.Result = render(v.r.Context(), page.Form.Inputs)
	if v.r.Header.Get("Accept") == "application/json" {
		return v.json(page.Result)
	}
	v.mayFetch()
	return v.show(http.StatusOK, "definition_playground", "Template playground", &page)
}

// fillPlayground puts a template of a definition in, with the variables that it would be rendered with.
func (v *visit) fillPlayground(page *playground) error {
	template, variables := page.Form.Inputs[0], page.Form.Inputs[1]
	template.Value = playgroundTemplate
	variables.Value = "{\n  \"authData\": {\n    \"clientId\": \"my-client\"\n  }\n}"
	query := v.r.URL.Query()
	if query.Get("definition") == "" {
		return nil
	}
	saved, err := v.Definitions.Get(v.r.Context(), v.caller, destination.Ref{Sandbox: v.sandbox, Name: query.Get("definition")})
	if err != nil {
		return err
	}
	root, err := jsontree.Parse(saved.Revision.Document.JSON())
	if err != nil {
		return err
	}
	page.At = query.Get("at")
	template.Value = root.Find(page.At).Str()
	page.From, page.FromPath = saved.Definition.Name, definitionPath(saved.Definition.ID)
	whole, err := json.MarshalIndent(sampleContext(saved.Revision.Document, page.At), "", "  ")
	variables.Value = string(whole)
	return err
}

// sampleContext is what a template of a document is rendered with, with samples where only a customer or the provider knows,
// and the mask where a secret is.
func sampleContext(document *destination.Document, pointer string) any {
	data := pebble.NewMap()
	for i := range document.Configurations() {
		plan, err := document.Compile(i)
		if err != nil {
			continue
		}
		in := plan.Inputs()
		if in.ClientID != "" {
			data.Set("clientId", in.ClientID)
		}
		if !in.ClientSecret.Empty() {
			data.Set("clientSecret", destination.Mask)
		}
		if len(in.Scope) > 0 {
			data.Set("scope", strings.Join(in.Scope, in.ScopeSeparator))
		}
		for _, p := range plan.Prompts() {
			data.Set(p.Name, sampleOf(p))
		}
		for _, name := range plan.Outputs() {
			if _, known := data.Get(name); !known {
				data.Set(name, "sample-"+name)
			}
		}
		break
	}
	data.Set("accessToken", destination.Mask).Set("refreshToken", destination.Mask)
	out := pebble.NewMap().Set("authData", data).
		Set("userContext", pebble.NewMap().Set("sandboxName", "prod").Set("sandboxId", "4c8a55e0-57ba-11e7-907b-a6006ad3dba0").Set("imsOrgId", "6096892F54B5819E0A4C98A2@AdobeOrg").Set("client", "latchkey")).
		Set("request", pebble.NewMap().Set("id", "0f8fad5b-d9cb-469f-a165-70867728950e").Set("epoch", 1764316800).Set("epochMs", 1764316800000))
	if strings.Contains(pointer, "/responseFields/") || strings.Contains(pointer, "/validations/") {
		body := pebble.NewMap().Set("access_token", destination.Mask).Set("expires_in", 3600).Set("token_type", "Bearer")
		out.Set("response", pebble.NewMap().Set("status", 200).Set("headers", pebble.NewMap().Set("content-type", "application/json")).Set("body", body))
	}
	return out
}

// sampleOf is what a customer could enter.
func sampleOf(p destination.Prompt) any {
	switch {
	case p.Secret:
		return destination.Mask
	case p.Default != nil:
		return p.Default
	case len(p.Enum) > 0:
		return p.Enum[0].Value
	case p.Type == destination.BooleanType:
		return true
	case p.Type == destination.IntegerType:
		return 1
	}
	return "sample-" + strings.ToLower(p.Name)
}

// render renders what the form has, within the bounds of strangers' templates.
func render(ctx context.Context, inputs []*input) rendered {
	out := rendered{Variables: []string{}}
	text, data, dialect, autoescape, strict := inputs[0], inputs[1], inputs[2], inputs[3], inputs[4]
	dialects := map[string]pebble.Dialect{"language": pebble.Language, "destination": pebble.DestinationSDK}
	options := []pebble.Option{pebble.WithDialect(dialects[cmp.Or(dialect.Value, "destination")]), pebble.WithStrict(strict.Checked)}
	switch strategy := autoescape.Value; strategy {
	case "html", "js", "css", "url_param", "json":
		options = append(options, pebble.WithAutoescape(strategy))
	case "off":
		options = append(options, pebble.WithAutoescape(""))
	}
	template, err := pebble.Parse("template", unified(text.Value), options...)
	if err != nil {
		return out.failed(err)
	}
	out.Variables = template.Variables()
	for _, fault := range template.Check() {
		return out.failed(fault)
	}
	value, err := pebble.FromJSON([]byte(cmp.Or(strings.TrimSpace(data.Value), "{}")))
	object, ok := value.(*pebble.Map)
	if err != nil || !ok {
		out.Problem = "The variables are no JSON object."
		if err != nil {
			out.Problem = "The variables are no JSON: " + full(err.Error())
		}
		return out
	}
	variables := map[string]any{}
	for name, value := range object.All() {
		variables[name] = value
	}
	if out.Output, err = template.RenderString(ctx, variables); err != nil {
		return out.failed(err)
	}
	return out
}

func (r rendered) failed(err error) rendered {
	r.Problem = full(err.Error())
	if fault, ok := errors.AsType[*pebble.Error](err); ok {
		r.Problem, r.Line, r.Column, r.Excerpt = full(fault.Message), fault.Line, fault.Column, fault.Detail()
	}
	return r
}
