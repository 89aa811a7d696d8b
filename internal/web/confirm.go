package web

import (
	"cmp"
	"net/http"
	"strings"

	"latchkey/internal/finding"
)

// confirmation is the page before something is destroyed: it says what goes with it, and asks for the name.
type confirmation struct {
	// What is the thing: "the IMS configuration"; Name is what has to be typed.
	What, Name string
	// Verb and Past are what is done to it, when that is not Delete and deleted.
	Verb, Past string
	// Goes says what will not be there afterwards, Stays what will.
	Goes, Stays string
	Form        *form
}

// confirm shows the page; a name that was typed wrong is a problem on it.
func (v *visit) confirm(c confirmation, action, cancel string) error {
	c.Verb, c.Past = cmp.Or(c.Verb, "Delete"), cmp.Or(c.Past, "deleted")
	name := text("confirm", "Type "+c.Name+" to "+strings.ToLower(c.Verb)+" it", "", "").needed()
	name.Focus = true
	c.Form = v.form(action, c.Verb+" "+c.Name, name).orElse(cancel)
	c.Form.Danger = true
	status := http.StatusOK
	if v.r.Method == http.MethodPost {
		var problems finding.Problems
		problems.Wrong("/confirm", "this is not its name, and nothing was "+c.Past, "type "+c.Name)
		c.Form.put(problems)
		status = http.StatusUnprocessableEntity
	}
	return v.show(status, "confirm", c.Verb+" "+c.Name, c)
}

// confirmed tells whether the name was typed.
func (v *visit) confirmed(name string) bool {
	return v.r.Method == http.MethodPost && v.value("confirm") == name
}
