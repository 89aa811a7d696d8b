package web

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"latchkey/internal/destination"
	"latchkey/internal/exchange"
)

// Explainer tells which requests a plan would send. It is [exchange.Runner], as far as this room calls it.
type Explainer interface {
	Explain(ctx context.Context, plan *destination.Plan, input exchange.Input) ([]exchange.Explained, error)
}

// explainedRequest is a request as the page shows it.
type explainedRequest struct {
	exchange.Explained
	// Title is what it is for, in words; Curl the command that sends it.
	Title, Curl string
}

var purposes = map[string]string{
	"authorize": "The browser is sent to the service", "acquire": "The first token", "renew": "A new token", "revoke": "The grant is ended",
}

// definitionExplain shows the requests that a definition would send, with fields that somebody enters. Nothing is sent.
func (v *visit) definitionExplain() error {
	saved, err := v.Definitions.Get(v.r.Context(), v.caller, v.definitionRef())
	if err != nil {
		return err
	}
	view := struct {
		definitionHead
		Form     *form
		Requests []explainedRequest
		// Barred are the problems that keep it from being explained; Failed says why no request can be made.
		Barred []placed
		Failed string
		None   bool
		Index  int
		Others []int
	}{definitionHead: v.definitionHead(saved, "Explain")}
	view.Index, _ = strconv.Atoi(cmp.Or(v.r.PostFormValue("configuration"), v.r.URL.Query().Get("configuration")))
	document := saved.Revision.Document
	for i := range document.Configurations() {
		if i != view.Index {
			view.Others = append(view.Others, i)
		}
	}
	plan, err := document.Compile(view.Index)
	if problems, ok := errors.AsType[destination.Problems](err); ok {
		view.Barred = located(indented(document), problems)
		return v.show(http.StatusOK, "definition_explain", "Explain "+saved.Definition.Name, &view)
	}
	if err != nil {
		return err
	}
	view.Form = v.form(view.Path+"/explain", "Show the requests", promptInputs(plan)...).hide("configuration", strconv.Itoa(view.Index))
	fields, problems := v.entered(plan, view.Form)
	status := http.StatusOK
	if len(problems) > 0 {
		status = http.StatusUnprocessableEntity
	}
	user := exchange.UserContext{SandboxName: v.sandbox, IMSOrgID: v.caller.Organization, Client: v.caller.ID}
	if found, err := v.Directory.Sandbox(v.r.Context(), v.caller, v.sandbox); err == nil {
		user.SandboxID = found.ID
	}
	requests, err := v.Explainer.Explain(v.r.Context(), plan, exchange.Input{Fields: fields, User: user})
	if failure, ok := errors.AsType[*exchange.Failure](err); ok {
		view.Failed = full(cmp.Or(failure.Description, failure.Code))
	} else if err != nil {
		return err
	}
	for _, r := range requests {
		view.Requests = append(view.Requests, explainedRequest{r, cmp.Or(purposes[r.Purpose], "The step "+strings.TrimPrefix(r.Purpose, "step:")), curlOf(r)})
	}
	view.None = len(requests) == 0 && view.Failed == ""
	return v.show(status, "definition_explain", "Explain "+saved.Definition.Name, &view)
}

// promptInputs are what a customer would enter. None is needed: what is left out shows as <name>.
func promptInputs(plan *destination.Plan) []*input {
	var out []*input
	for _, p := range plan.Prompts() {
		i := text(p.Name, cmp.Or(p.Title, p.Name), "", p.Description).maybe()
		switch {
		case len(p.Enum) > 0:
			i = options(p.Name, i.Label, p.Description, "", append([]choiceOption{{Label: "not entered"}}, choicesOf(p)...)...)
		case p.Type == destination.BooleanType:
			i = options(p.Name, i.Label, p.Description, "", choiceOption{Label: "not entered"}, choiceOption{Value: "true", Label: "yes"}, choiceOption{Value: "false", Label: "no"})
		case p.Secret:
			i.Kind, i.Hint = secretInput, strings.TrimSpace(p.Description+" It shows as a mask, whatever it is.")
		}
		out = append(out, i)
	}
	return out
}

func choicesOf(p destination.Prompt) []choiceOption {
	var out []choiceOption
	for _, c := range p.Enum {
		value, err := json.Marshal(c.Value)
		if text, ok := c.Value.(string); ok {
			value = []byte(text)
		}
		if err == nil {
			out = append(out, choiceOption{Value: string(value), Label: cmp.Or(c.Name, string(value))})
		}
	}
	return out
}

// entered reads the fields of a form that somebody sent, and lays what is wrong with them at the inputs. What was left out is
// not wrong.
func (v *visit) entered(plan *destination.Plan, f *form) (destination.Fields, destination.Problems) {
	in := map[string]any{}
	if v.r.Method == http.MethodPost {
		v.refill(f.Inputs)
		for _, i := range f.Inputs {
			if value := v.text(i.Name); value != "" {
				in[i.Name] = value
			}
		}
	}
	fields, all := plan.CheckFields(in)
	wrong := slices.DeleteFunc(slices.Clone(all), func(p destination.Problem) bool {
		_, sent := in[strings.TrimPrefix(p.Pointer, "/fields/")]
		return !sent
	})
	for _, p := range wrong {
		p.Pointer = strings.TrimPrefix(p.Pointer, "/fields")
		f.put(fieldProblems(p))
	}
	return fields, wrong
}

// curlOf writes a request as a command. What is masked or only known later stays as it is, for people to fill in.
func curlOf(e exchange.Explained) string {
	if e.Purpose == "authorize" {
		return ""
	}
	parts := []string{"curl -X " + e.Method + " " + quoted(e.URL)}
	for _, h := range e.Headers {
		parts = append(parts, "-H "+quoted(h.Name+": "+h.Value))
	}
	if e.Body != "" {
		if e.ContentType != "" && !slices.ContainsFunc(e.Headers, func(h exchange.Header) bool { return strings.EqualFold(h.Name, "Content-Type") }) {
			parts = append(parts, "-H "+quoted("Content-Type: "+e.ContentType))
		}
		parts = append(parts, "--data-raw "+quoted(e.Body))
	}
	return strings.Join(parts, " \\\n  ")
}

// quoted makes a word of a shell.
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }
