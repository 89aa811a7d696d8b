package web

import (
	"cmp"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"latchkey/internal/destination"
	"latchkey/internal/trial"
)

// usualFaults are those that the page offers, in words. Any other of the simulator's can be written.
var usualFaults = []choiceOption{
	{Value: "", Label: "none: the provider behaves"},
	{Value: "status=503", Label: "it is down: 503"},
	{Value: "rate_limit=30", Label: "too many requests: 429, come back in 30 seconds"},
	{Value: "error=invalid_grant", Label: "the grant is over: invalid_grant"},
	{Value: "error=invalid_client", Label: "the client is refused: invalid_client"},
	{Value: "error200=invalid_auth", Label: "a refusal that says 200"},
	{Value: "html", Label: "a web page in place of an answer"},
	{Value: "drop", Label: "it does it, and hangs up before it answers"},
	{Value: "drop_before", Label: "it hangs up at once"},
	{Value: "truncated", Label: "half an answer"},
	{Value: "huge", Label: "an answer of 2 MiB"},
	{Value: "slow=10s", Label: "an answer after 10 seconds, too late"},
	{Value: "redirect=https://elsewhere.example/", Label: "a redirect to another host"},
	{Value: "no_refresh_token", Label: "no refresh token"},
	{Value: "expires_in=none", Label: "it does not say how long the token lives"},
	{Value: "expires_in=ms", Label: "the life in milliseconds"},
	{Value: "nested", Label: "the token deep in the answer: data.token"},
	{Value: "renamed", Label: "other names: accessToken, expiresIn"},
	{Value: "form", Label: "an answer as a form, not JSON"},
	{Value: "bare", Label: "the token alone, as text"},
	{Value: "jwt", Label: "a token that is a JWT"},
	{Value: "auth=basic", Label: "it takes the client’s secret in the header only"},
	{Value: "auth=body", Label: "it takes the client’s secret in the body only"},
	{Value: "rotate=off", Label: "a renewal gives no new refresh token"},
	{Value: "consent=access_denied", Label: "the customer denies it (at the consent)"},
}

func (v *visit) tryInputs(plan *destination.Plan) []*input {
	faults := options("fault", "What the provider does wrong", "", "", append([]choiceOption(nil), usualFaults...)...)
	other := text("other", "Another fault", "", "As the simulator writes it, with commas between several: slow=2s,expires_in=iso. It goes before the choice above.").maybe()
	when := options("when", "When", "", string(trial.AtRenewal), choiceOption{Value: string(trial.AtRenewal), Label: "at the renewal"}, choiceOption{Value: string(trial.AtFirst), Label: "at the first token"}, choiceOption{Value: string(trial.AtConsent), Label: "at the consent"})
	inputs := []*input{faults, when, other}
	for _, i := range promptInputs(plan) {
		i.Hint = strings.TrimSpace(strings.TrimSuffix(i.Hint, "It shows as a mask, whatever it is.") + " A sample stands in when this is empty.")
		i.Name = "fields/" + i.Name
		inputs = append(inputs, i)
	}
	return inputs
}

// definitionTry runs a definition against a provider of its own.
func (v *visit) definitionTry() error {
	saved, err := v.Definitions.Get(v.r.Context(), v.caller, v.definitionRef())
	if err != nil {
		return err
	}
	view := struct {
		definitionHead
		Absent bool
		Form   *form
		Steps  []trial.Step
		Barred []placed
		Ran    string
	}{definitionHead: v.definitionHead(saved, "Try it"), Absent: v.Trials == nil}
	page := func(status int) error { return v.show(status, "definition_try", "Try "+saved.Definition.Name, &view) }
	if view.Absent {
		return page(http.StatusOK)
	}
	index, _ := strconv.Atoi(v.r.URL.Query().Get("configuration"))
	plan, err := saved.Revision.Document.Compile(index)
	if problems, ok := errors.AsType[destination.Problems](err); ok {
		view.Barred = located(indented(saved.Revision.Document), problems)
		return page(http.StatusOK)
	}
	if err != nil {
		return err
	}
	view.Form = v.form(view.Path+"/try?configuration="+strconv.Itoa(index), "Run it", v.tryInputs(plan)...)
	if v.r.Method != http.MethodPost {
		return page(http.StatusOK)
	}
	v.refill(view.Form.Inputs)
	ask := trial.Ask{
		Document: saved.Revision.Document, Configuration: index, Entered: map[string]any{}, Fault: cmp.Or(v.value("other"), v.value("fault")),
		When: trial.When(v.value("when")), Callback: v.callback(),
	}
	for _, p := range plan.Prompts() {
		if value := v.text("fields/" + p.Name); value != "" {
			ask.Entered[p.Name] = value
		}
	}
	view.Ran = cmp.Or(ask.Fault, "no fault")
	view.Steps, err = v.Trials.Run(v.r.Context(), ask)
	if fault, ok := errors.AsType[*trial.FaultError](err); ok {
		err = destination.Problems{{Pointer: "/other", Message: fault.Reason, Severity: destination.Refused}}
	}
	if problems, ok := errors.AsType[destination.Problems](err); ok {
		view.Steps = nil
		view.Form.put(fieldProblems(problems...))
		return page(http.StatusUnprocessableEntity)
	}
	if err != nil {
		return err
	}
	return page(http.StatusOK)
}

// callback is where a consent would lead back to.
func (v *visit) callback() string {
	if all := v.Connections.CallbackURLs(); len(all) > 0 {
		return all[0]
	}
	return "https://latchkey.example/callback"
}
