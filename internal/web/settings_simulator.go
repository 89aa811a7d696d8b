package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/adobesim"
	"latchkey/internal/finding"
	"latchkey/internal/simulator"
)

// What stands in for the outside on a workstation: a provider, and the vendor's products. In production there are none.

func (v *visit) simulatorRow() settingRow {
	row := settingRow{Name: "Simulators", Path: placeSettings + "/simulators", About: "Providers that this machine stands in for, and the faults that they are told to have.", Says: "no fault set"}
	n := 0
	if v.Simulator != nil {
		n += len(v.Simulator.Rules())
	}
	if v.Stage != nil {
		n += len(v.Stage.Rules())
	}
	if n > 0 {
		row.Says, row.Tone = countWords(n, "fault set", "faults set"), "warn"
	}
	return row
}

// standIn is one of the two, as its part of the page shows it.
type standIn struct {
	Key, Title, About string
	Hosts             []string
	// Faults are all that there are, with what each does.
	Faults  []choiceOption
	Rules   []ruleRow
	Journal []journalRow
	Set     *form
	Clear   *form
}

// ruleRow is a fault in force.
type ruleRow struct {
	Fault, Where string
	Times        int
	Clear        *form
}

// journalRow is a request that was answered.
type journalRow struct {
	At                    time.Time
	Method, Address, Note string
	Status                int
	Faults                string
	Dropped               bool
}

// journalShown is how many requests the page shows, the newest first.
const journalShown = 25

func (v *visit) simulatorPage() error {
	if v.Simulator == nil && v.Stage == nil {
		v.message(v.w, v.r, messageMissing.on(placeSettings))
		return nil
	}
	return v.simulatorShow(http.StatusOK, "", nil)
}

func (v *visit) simulatorShow(status int, at string, problems finding.Problems) error {
	view := struct {
		Parts []*standIn
		Role  string
	}{Role: v.lacksAdmin("set faults")}
	may := v.administers()
	if v.Simulator != nil {
		view.Parts = append(view.Parts, v.moviestar(may))
	}
	if v.Stage != nil {
		view.Parts = append(view.Parts, v.products(may))
	}
	for _, part := range view.Parts {
		if part.Key == at && part.Set != nil {
			v.refill(part.Set.Inputs)
			part.Set.put(problems)
		}
	}
	return v.show(status, "settings_simulators", "Simulators", &view)
}

const simulatorsPath = placeSettings + "/simulators"

func (v *visit) faultForm(key string, faults, hosts []choiceOption) *form {
	return v.form(simulatorsPath, "Set fault", options("fault", "Fault", "", "", faults...).needed(),
		text("value", "Value", "", "What stands behind the fault’s name in the list, where it has a value.").maybe(),
		options("host", "Host", "", "", append([]choiceOption{{Value: "", Label: "Every host"}}, hosts...)...), text("path", "Path", "", "Only requests for this path.").maybe(),
		text("times", "Times", "", "For so many requests; empty: until it is cleared.").maybe()).hide("of", key).hide("do", "set")
}

func (v *visit) moviestar(may bool) *standIn {
	part := &standIn{Key: "moviestar", Title: "Moviestar, a provider", About: "The provider of Destination SDK’s published examples.", Hosts: simulator.Hosts()}
	var faults []choiceOption
	for _, f := range simulator.Faults() {
		faults = append(faults, choiceOption{Value: f.Name, Label: faultLabel(f.Name, f.Value), Hint: f.Does})
	}
	part.Faults = faults
	if may {
		part.Set = v.faultForm(part.Key, faults, []choiceOption{{Value: "api.moviestar.com", Label: "api.moviestar.com"}, {Value: "www.moviestar.com", Label: "www.moviestar.com"}})
		part.Clear = v.form(simulatorsPath, "Clear all faults").hide("of", part.Key).hide("do", "clear").orElse(simulatorsPath)
	}
	for _, r := range v.Simulator.Rules() {
		row := ruleRow{Fault: r.Fault, Where: strings.TrimSpace(r.Host + r.Path + " " + r.Grant), Times: r.Times}
		if may {
			row.Clear = v.form(simulatorsPath, "Clear").hide("of", part.Key).hide("do", "clear").hide("host", r.Host).hide("path", r.Path).hide("grant", r.Grant).orElse(simulatorsPath)
		}
		part.Rules = append(part.Rules, row)
	}
	requests := v.Simulator.Requests()
	slices.Reverse(requests)
	for _, r := range requests[:min(len(requests), journalShown)] {
		part.Journal = append(part.Journal, journalRow{r.Time, r.Method, r.Host + r.Path, r.Grant, r.Status, strings.Join(r.Faults, ", "), r.Dropped})
	}
	return part
}

func (v *visit) products(may bool) *standIn {
	part := &standIn{Key: "products", Title: "Adobe’s products", About: "Target and Analytics, with the gateway before them.", Hosts: adobesim.Hosts()}
	var faults, hosts []choiceOption
	for _, f := range adobesim.Faults() {
		faults = append(faults, choiceOption{Value: f.Name, Label: faultLabel(f.Name, f.Value), Hint: f.Does})
	}
	for _, h := range append(adobesim.Hosts(), adobesim.AuthorityHost) {
		hosts = append(hosts, choiceOption{Value: h, Label: h})
	}
	part.Faults = faults
	if may {
		part.Set = v.faultForm(part.Key, faults, hosts)
		part.Clear = v.form(simulatorsPath, "Clear all faults").hide("of", part.Key).hide("do", "clear").orElse(simulatorsPath)
	}
	for _, r := range v.Stage.Rules() {
		row := ruleRow{Fault: r.Fault, Where: strings.TrimSpace(r.Host + r.Path + " " + r.ClientID), Times: r.Times}
		if may {
			row.Clear = v.form(simulatorsPath, "Clear").hide("of", part.Key).hide("do", "clear").hide("host", r.Host).hide("path", r.Path).hide("client", r.ClientID).orElse(simulatorsPath)
		}
		part.Rules = append(part.Rules, row)
	}
	requests := v.Stage.Requests()
	slices.Reverse(requests)
	for _, r := range requests[:min(len(requests), journalShown)] {
		part.Journal = append(part.Journal, journalRow{r.Time, r.Method, r.Host + r.Path, r.Method14, r.Status, strings.Join(r.Faults, ", "), r.Dropped})
	}
	return part
}

func faultLabel(name, value string) string {
	if value != "" {
		name += " = " + value
	}
	return name
}

// simulatorAct sets and clears faults. They are the machine's, and so an administrator's.
func (v *visit) simulatorAct() error {
	if err := v.caller.RequireRole(access.SystemAdministrator); err != nil {
		return err
	}
	of := v.value("of")
	if of == "moviestar" && v.Simulator == nil || of == "products" && v.Stage == nil || of != "moviestar" && of != "products" {
		v.message(v.w, v.r, messageMissing.on(placeSettings))
		return nil
	}
	if v.value("do") == "clear" {
		n := 0
		if of == "moviestar" {
			n = v.Simulator.ClearFaults(simulator.Rule{Host: v.value("host"), Path: v.value("path"), Grant: v.value("grant")})
		} else {
			n = v.Stage.ClearFaults(adobesim.Rule{Host: v.value("host"), Path: v.value("path"), ClientID: v.value("client")})
		}
		return v.done(simulatorsPath, countWords(n, "fault was", "faults were")+" cleared.")
	}
	fault, times := v.value("fault"), 0
	if value := v.value("value"); value != "" {
		fault += "=" + value
	}
	var problems finding.Problems
	if n := v.value("times"); n != "" {
		var err error
		if times, err = strconv.Atoi(n); err != nil {
			problems.Wrong("/times", "this is no whole number", "leave it empty for every request")
		}
	}
	if problems == nil {
		var err error
		if of == "moviestar" {
			err = v.Simulator.SetFault(simulator.Rule{Host: v.value("host"), Path: v.value("path"), Fault: fault, Times: times})
		} else {
			err = v.Stage.SetFault(adobesim.Rule{Host: v.value("host"), Path: v.value("path"), Fault: fault, Times: times})
		}
		if err != nil {
			problems.Wrong("/value", strings.TrimPrefix(err.Error(), "setting a fault: "), "")
		}
	}
	if problems != nil {
		return v.simulatorShow(http.StatusUnprocessableEntity, of, problems)
	}
	return v.done(simulatorsPath, "The fault "+fault+" is in force.")
}
