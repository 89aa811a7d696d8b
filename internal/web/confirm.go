package web

import (
	"net/http"

	"latchkey/internal/finding"
)

// confirmation is the page before something is destroyed: it says what goes with it, and asks for the name.
type confirmation struct {
	// What is the thing: "the IMS configuration"; Name is what has to be typed.
	What, Name string
	// Goes says what will not be there afterwards, Stays what will.
	Goes, Stays string
	Form        *form
}

// confirm shows the page; a name that was typed wrong is a problem on it.
func (v *visit) confirm(c confirmation, action, cancel string) error {
	name := text("confirm", "Type "+c.Name+" to delete it", "", "").needed()
	name.Focus = true
	c.Form = v.form(action, "Delete "+c.Name, name).orElse(cancel)
	c.Form.Danger = true
	status := http.StatusOK
	if v.r.Method == http.MethodPost {
		var problems finding.Problems
		problems.Wrong("/confirm", "this is not its name, and nothing was deleted", "type "+c.Name)
		c.Form.put(problems)
		status = http.StatusUnprocessableEntity
	}
	return v.show(status, "confirm", "Delete "+c.Name, c)
}

// confirmed tells whether the name was typed.
func (v *visit) confirmed(name string) bool {
	return v.r.Method == http.MethodPost && v.value("confirm") == name
}
