package web

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"latchkey/internal/connection"
	"latchkey/internal/destination"
	"latchkey/internal/exchange"
	"latchkey/internal/finding"
)

// This file makes forms of what a definition asks its customers for, and reads them. The rules are the definition's: a form
// checks nothing itself, but that a number is one and that JSON can be read.

// fieldInputs are the inputs of prompts, with the values that are there; those of secrets are never shown.
func fieldInputs(prompts []destination.Prompt, have map[string]any) []*input {
	var all []*input
	for _, p := range prompts {
		if p.Hidden {
			continue
		}
		all = append(all, fieldInput(p, have))
	}
	return all
}

func fieldInput(p destination.Prompt, have map[string]any) *input {
	value, there := have[p.Name]
	if !there {
		value = p.Default
	}
	i := &input{Name: "fields/" + p.Name, Label: cmp.Or(p.Title, p.Name), Hint: fieldHint(p), Value: fieldText(value), Kind: textInput, Required: p.Required && p.Condition == nil, Optional: !p.Required}
	switch {
	case p.Secret:
		i.Kind, i.Value = secretInput, ""
		if there {
			i.Required, i.Optional, i.Hint = false, false, strings.TrimSpace(i.Hint+" "+secretKept)
		}
	case p.ReadOnly:
		i.Kind = readonlyInput
	case len(p.Enum) > 0:
		i.Kind = selectInput
		if !p.Required || value == nil {
			i.Options = append(i.Options, choiceOption{Label: "Choose"})
		}
		for _, c := range p.Enum {
			i.Options = append(i.Options, choiceOption{Value: fieldText(c.Value), Label: cmp.Or(c.Name, fieldText(c.Value))})
		}
		i.choose(i.Value)
	case p.Type == destination.BooleanType:
		i.Kind, i.Checked, i.Value, i.Required, i.Optional = checkInput, i.Value == "true", "true", false, false
	case p.Type == destination.ObjectType:
		i.Kind = codeInput
	}
	return i
}

func fieldHint(p destination.Prompt) string {
	hint := sentence(strings.TrimSpace(p.Description))
	if p.Type == destination.ObjectType {
		hint += " JSON."
	}
	if p.Type == destination.IntegerType && len(p.Enum) == 0 {
		hint += " A whole number."
	}
	if p.Condition != nil {
		hint += fmt.Sprintf(" Only when %s is %s.", p.Condition.Field, fieldText(p.Condition.Value))
	}
	return strings.TrimSpace(hint)
}

// fieldValues reads what was entered, typed as the definition has it. What was left empty is left out.
func (v *visit) fieldValues(prompts []destination.Prompt) (map[string]any, finding.Problems) {
	return readFields(v.r, prompts)
}

func readFields(r *http.Request, prompts []destination.Prompt) (map[string]any, finding.Problems) {
	out := map[string]any{}
	var problems finding.Problems
	for _, p := range prompts {
		if p.Hidden || p.ReadOnly {
			continue
		}
		name := "fields/" + p.Name
		sent := r.PostFormValue(name)
		if !p.Secret {
			sent = strings.TrimSpace(sent)
		}
		if p.Type == destination.BooleanType && len(p.Enum) == 0 {
			out[p.Name] = sent == "true"
			continue
		}
		if sent == "" {
			continue
		}
		value, err := fieldValue(p, sent)
		if err != nil {
			problems.Wrong("/"+name, err.Error(), "")
			continue
		}
		out[p.Name] = value
	}
	return out, problems
}

var (
	errNoNumber = errors.New("this is no whole number")
	errNoJSON   = errors.New("this can’t be read as a JSON object")
)

func fieldValue(p destination.Prompt, sent string) (any, error) {
	for _, c := range p.Enum {
		if fieldText(c.Value) == sent {
			return c.Value, nil
		}
	}
	switch p.Type {
	case destination.IntegerType:
		number := json.Number(sent)
		if _, err := number.Int64(); err != nil {
			return nil, errNoNumber
		}
		return number, nil
	case destination.ObjectType:
		var value any
		decoder := json.NewDecoder(bytes.NewReader([]byte(sent)))
		decoder.UseNumber()
		if err := decoder.Decode(&value); err != nil {
			return nil, errNoJSON
		}
		return value, nil
	}
	return sent, nil
}

// changedFields leaves out what is as it was. A field that was emptied is taken away, but a secret is kept.
func changedFields(entered map[string]any, prompts []destination.Prompt, have map[string]any) map[string]any {
	out := map[string]any{}
	for _, p := range prompts {
		if p.Hidden || p.ReadOnly {
			continue
		}
		value, sent := entered[p.Name]
		old, had := have[p.Name]
		switch {
		case !sent && had && !p.Secret:
			out[p.Name] = nil
		case sent && (!had || p.Secret || fieldText(value) != fieldText(old)):
			if value != false || had {
				out[p.Name] = value
			}
		}
	}
	return out
}

// connectionState says why an act does not fit a connection's state, "" for other errors.
func connectionState(err error) (text, fix string) {
	if _, ok := errors.AsType[*connection.PendingError](err); ok {
		return "it waits for its first consent", "begin the consent first"
	}
	if _, ok := errors.AsType[*connection.DisabledError](err); ok {
		return "it is switched off", "switch it on first"
	}
	if e, ok := errors.AsType[*connection.StateError](err); ok && e.State == connection.Disabled {
		return "it is switched off", "switch it on first"
	}
	if errors.Is(err, connection.ErrConflict) {
		return "somebody else changed it meanwhile", "open it anew, and try again"
	}
	return "", ""
}

// toldFields gives what is wrong with fields, label or return URL; not ok for other errors.
func toldFields(err error) (finding.Problems, bool) {
	var out finding.Problems
	if errors.Is(err, connection.ErrLabelTaken) {
		out.Wrong("/label", "another connection of this sandbox has that label", "choose another")
		return out, true
	}
	problems, ok := errors.AsType[destination.Problems](err)
	if !ok {
		return nil, false
	}
	for _, p := range problems {
		out.Wrong(p.Pointer, p.Message, p.Fix)
	}
	return out, true
}

// refusedFields says in words that the provider did not take the fields, and at which one where that is known.
func refusedFields(err error) (finding.Problems, bool) {
	failed, ok := errors.AsType[*connection.ProviderError](err)
	if !ok {
		return nil, false
	}
	var out finding.Problems
	f := failed.Failure
	if f.Field != "" {
		out.Wrong("/fields/"+f.Field, cmp.Or(f.Description, "with this value the request can’t be made"), "")
		return out, true
	}
	text, fix := "the provider refused: "+refusalText(failed), "compare what you entered with the provider’s console, and try again"
	switch f.Kind {
	case exchange.ProviderDown:
		text, fix = "the provider could not be reached, or is unable to answer: "+refusalText(failed), "try again a little later"
	case exchange.BadResponse:
		text, fix = "the provider answered, but with nothing that the definition can read a token from: "+refusalText(failed), "try the definition in its editor"
	case exchange.ClientDead:
		fix = "compare client id and client secret with the provider’s console"
	}
	out.Wrong("", text, fix)
	return out, true
}
