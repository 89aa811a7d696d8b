package web

import (
	"strings"

	"latchkey/internal/finding"
)

// form is a form of the console, as parts.html shows it.
type form struct {
	Action, Submit string
	// Danger colours the button of what can't be undone.
	Danger        bool
	Inputs        []*input
	Hidden        []field
	CSRF, Sandbox string
	// Problems are those that belong to no input; Wrong counts those that keep the form from being accepted.
	Problems finding.Problems
	Wrong    int
	// Upload lets files come along.
	Upload bool
	// Cancel is where somebody goes who changes his mind, "" for nowhere.
	Cancel string
	// Alternative is a second button, which sends "do" with its value.
	Alternative, Does string
}

// input is one thing that a form asks for. Its name is the place of the value in the API, so that problems find it:
// "target/tenant_id" for /target/tenant_id.
type input struct {
	Name, Label, Hint, Value string
	// Kind is text, password, email, area, code, select, radio, check, checks, file or link.
	Kind     kind
	Options  []choiceOption
	Required bool
	// Optional says on the page that it can be left out: of what is neither, a draft can lack it.
	Optional    bool
	Checked     bool
	Problems    finding.Problems
	Placeholder string
	Focus       bool
	// Several lets choose more than one file.
	Several bool
}

type kind string

const (
	textInput   kind = "text"
	secretInput kind = "password"
	// emailInput is the address of somebody's own account, which a browser keeps with the password.
	emailInput kind = "email"
	// currentInput is a password that is there already, codeOnceInput a code of an app: browsers fill both in.
	currentInput  kind = "current"
	codeOnceInput kind = "once"
	areaInput     kind = "area"
	codeInput     kind = "code"
	selectInput   kind = "select"
	radioInput    kind = "radio"
	checkInput    kind = "check"
	checksInput   kind = "checks"
	fileInput     kind = "file"
	readonlyInput kind = "readonly"
	// keyInput is a text that never comes back to a page.
	keyInput kind = "key"
	// linkInput is a link, to its value, to something that comes first.
	linkInput kind = "link"
)

// choiceOption is one of those that an input lets choose from.
type choiceOption struct {
	Value, Label, Hint string
	Chosen             bool
	// Barred says why it can't be chosen.
	Barred string
}

// ID is the input's id in the page.
func (i *input) ID() string { return "f-" + strings.ReplaceAll(i.Name, "/", "-") }

// Described gives the ids of what says more about it.
func (i *input) Described() string {
	var ids []string
	if i.Hint != "" {
		ids = append(ids, i.ID()+"-hint")
	}
	if len(i.Problems) > 0 {
		ids = append(ids, i.ID()+"-problem")
	}
	return strings.Join(ids, " ")
}

// Invalid tells whether what it has can't be kept.
func (i *input) Invalid() bool { return i.Problems.Errors() != nil }

// Rows is how high a text area is.
func (i *input) Rows() int { return max(3, min(14, strings.Count(i.Value, "\n")+2)) }

// choose marks the option of a value. One that is not offered any more is offered all the same: saving must not change it.
func (i *input) choose(value string) *input {
	i.Value = value
	found := value == ""
	for n := range i.Options {
		i.Options[n].Chosen = i.Options[n].Value == value
		found = found || i.Options[n].Chosen
	}
	if !found && i.Kind == selectInput {
		i.Options = append(i.Options, choiceOption{Value: value, Label: value, Chosen: true})
	}
	return i
}

// text makes an input of text.
func text(name, label, value, hint string) *input {
	return &input{Name: name, Label: label, Value: value, Hint: hint, Kind: textInput}
}

// of changes an input's kind.
func (i *input) of(k kind) *input {
	i.Kind = k
	return i
}

// needed marks it as one that can't be left out.
func (i *input) needed() *input {
	i.Required = true
	return i
}

// options makes one that lets choose.
func options(name, label, hint string, chosen string, all ...choiceOption) *input {
	return (&input{Name: name, Label: label, Hint: hint, Kind: selectInput, Options: all}).choose(chosen)
}

// check makes a box to tick.
func check(name, label, hint string, ticked bool) *input {
	return &input{Name: name, Label: label, Hint: hint, Kind: checkInput, Checked: ticked, Value: "on"}
}

// put lays problems at the inputs that they are about; the rest stand above the form.
func (f *form) put(problems finding.Problems) {
	for _, one := range problems {
		if one.Severity == finding.Wrong {
			f.Wrong++
		}
		if at := f.at(strings.TrimPrefix(one.Pointer, "/")); at != nil {
			at.Problems = append(at.Problems, one)
		} else {
			f.Problems = append(f.Problems, one)
		}
	}
}

func (f *form) at(place string) *input {
	for place != "" {
		for _, i := range f.Inputs {
			if i.Name == place {
				return i
			}
		}
		cut := strings.LastIndex(place, "/")
		if cut < 0 {
			return nil
		}
		place = place[:cut]
	}
	return nil
}

// hide adds a value that is sent along.
func (f *form) hide(name, value string) *form {
	f.Hidden = append(f.Hidden, field{name, value})
	return f
}

// orElse adds a way out.
func (f *form) orElse(cancel string) *form {
	f.Cancel = cancel
	return f
}

// maybe says on the page that it can be left out.
func (i *input) maybe() *input {
	i.Optional = true
	return i
}
