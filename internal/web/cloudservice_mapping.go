package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"latchkey/internal/access"
	"latchkey/internal/cloudservice"
	"latchkey/internal/finding"
)

// The forms of frameworks: the settings, whose lists are areas with one thing a line; and the mappings, as rows.

// frameworkInputs are the settings.
func frameworkInputs(kind cloudservice.Kind, f *cloudservice.Framework) []*input {
	s := &f.Settings
	inputs := []*input{
		text("title", "Title", f.Title, "What people read.").needed(),
		text("pages", "Pages", strings.Join(f.Pages, "\n"), "The paths that name it, one a line: /content/site. Pages below inherit it.").of(areaInput).maybe(),
	}
	if kind == cloudservice.Target {
		var shared, held []string
		for _, p := range s.Parameters {
			if p.Share {
				shared = append(shared, p.Name)
			} else {
				held = append(held, p.Name)
			}
		}
		return append(inputs,
			text("parameters", "Parameters that Target gets", strings.Join(shared, "\n"), "Of the page’s context, one a line: profile/gender. Texts alone are sent.").of(areaInput).maybe(),
			text("held", "Parameters that are held back", strings.Join(held, "\n"), "Named here, and not sent.").of(areaInput).maybe())
	}
	var suites []string
	for _, suite := range s.ReportSuites {
		line := suite.ID
		if suite.RunMode != cloudservice.AnyMode {
			line += " " + string(suite.RunMode)
		}
		suites = append(suites, line)
	}
	return append(inputs,
		text("report_suites", "Report suites", strings.Join(suites, "\n"), "Where pages send to, one a line. Behind the id, author or publish where it is for one of these alone: acmeprod publish.").of(areaInput).maybe(),
		text("tracking_server", "Tracking server", s.TrackingServer, "The host alone: acme.d1.sc.omtrdc.net.").maybe(),
		text("secure_tracking_server", "Secure tracking server", s.SecureTrackingServer, "For pages by https. Mostly the same.").maybe(),
		text("visitor_namespace", "Visitor namespace", s.VisitorNamespace, "").maybe())
}

// frameworkValues reads them.
func (v *visit) frameworkValues(kind cloudservice.Kind) cloudservice.FrameworkValues {
	pages := linesOf(v.text("pages"))
	out := cloudservice.FrameworkValues{Title: v.given("title"), Pages: &pages}
	if kind == cloudservice.Target {
		all := []cloudservice.Parameter{}
		for _, name := range linesOf(v.text("parameters")) {
			all = append(all, cloudservice.Parameter{Name: name, Share: true})
		}
		for _, name := range linesOf(v.text("held")) {
			all = append(all, cloudservice.Parameter{Name: name})
		}
		out.Parameters = &all
		return out
	}
	suites := []cloudservice.SuiteUse{}
	for _, line := range linesOf(v.text("report_suites")) {
		id, mode, _ := strings.Cut(line, " ")
		suites = append(suites, cloudservice.SuiteUse{ID: id, RunMode: cloudservice.RunMode(strings.TrimSpace(mode))})
	}
	out.ReportSuites = &suites
	out.TrackingServer, out.SecureTrackingServer, out.VisitorNamespace = v.given("tracking_server"), v.given("secure_tracking_server"), v.given("visitor_namespace")
	return out
}

// byLine names the line for problems in lists that areas have, one thing a line. shared is how many parameters the first of the
// two areas has.
func byLine(problems finding.Problems, shared int) finding.Problems {
	for i, p := range problems {
		list, rest, ok := strings.Cut(strings.TrimPrefix(p.Pointer, "/"), "/")
		number, _, _ := strings.Cut(rest, "/")
		n, err := strconv.Atoi(number)
		if !ok || err != nil || list == "mappings" {
			continue
		}
		if list == "parameters" && n >= shared {
			list, n = "held", n-shared
		}
		problems[i].Pointer, problems[i].Message = "/"+list, "line "+strconv.Itoa(n+1)+": "+p.Message
	}
	return problems
}

func (v *visit) frameworkNew() error {
	head, err := v.serviceHead("", partFrameworks, "")
	if err != nil {
		return err
	}
	if err := v.caller.Require(access.ConnectionsWrite); err != nil {
		return err
	}
	inputs := frameworkInputs(head.Kind, &cloudservice.Framework{})
	inputs = slices.Insert(inputs, 1, text("name", "Name", "", "Made of the title when it is left blank.").maybe())
	view := &serviceFormView{Heading: "Create a framework of " + head.Title, Lead: "What pages send to " + head.Kind.Title() + "."}
	if head.Kind == cloudservice.Analytics {
		view.Lead += " The mappings come next."
	}
	view.Form = v.form(head.Path+"/new-framework", "Create", inputs...).orElse(head.Path + "/frameworks")
	if v.r.Method != http.MethodPost {
		return v.show(http.StatusOK, "service_form", view.Heading, view)
	}
	v.refill(inputs)
	saved, err := v.CloudServices.CreateFramework(v.r.Context(), v.caller, v.serviceRef(), cloudservice.NewFramework{Name: v.value("name"), FrameworkValues: v.frameworkValues(head.Kind)})
	if problems, ok := told(err); ok {
		view.Form.put(byLine(problems, len(linesOf(v.text("parameters")))))
		return v.show(http.StatusUnprocessableEntity, "service_form", view.Heading, view)
	}
	if err != nil {
		return err
	}
	to := frameworkPath(&head, &saved.Framework)
	if head.Kind == cloudservice.Analytics {
		to += "/mappings"
	}
	return v.done(to, "The framework "+saved.Framework.Name+" was created."+doubts(saved.Problems))
}

func (v *visit) frameworkEdit() error {
	found, err := v.framework("")
	if err != nil {
		return err
	}
	if err := v.caller.Require(access.ConnectionsWrite); err != nil {
		return err
	}
	f := &found.Framework
	view := &serviceFormView{Heading: "Settings of " + f.Title, Lead: "Pages on publish have what was published before, until it is published anew."}
	view.Form = v.form(f.Path+"/edit", "Save", frameworkInputs(f.Kind, &f.Framework)...).orElse(f.Path)
	if v.r.Method != http.MethodPost {
		return v.show(http.StatusOK, "service_form", view.Heading, view)
	}
	v.refill(view.Form.Inputs)
	saved, err := v.CloudServices.EditFramework(v.r.Context(), v.caller, v.serviceRef(), f.ID, v.frameworkValues(f.Kind))
	if problems, ok := told(err); ok {
		view.Form.put(byLine(problems, len(linesOf(v.text("parameters")))))
		return v.show(http.StatusUnprocessableEntity, "service_form", view.Heading, view)
	}
	if err != nil {
		return err
	}
	return v.done(f.Path, "The framework "+f.Name+" was saved."+doubts(saved.Problems))
}

const (
	// mappingsPerPage is how many rows a page has, mappingsBlank how many empty ones follow the last.
	mappingsPerPage = 25
	mappingsBlank   = 4
)

// mappingRow is a mapping as the form has it.
type mappingRow struct {
	Number                  int
	Component, Variable, To *input
}

// mappingView is the page of a framework's mappings.
type mappingView struct {
	frameworkView
	Form  *form
	Rows  []mappingRow
	Pager pager
}

// mappingEdit edits some of the mappings of Analytics. A row that is emptied is taken out.
func (v *visit) mappingEdit() error {
	found, err := v.framework("")
	if err != nil {
		return err
	}
	if err := v.caller.Require(access.ConnectionsWrite); err != nil {
		return err
	}
	if found.Kind != cloudservice.Analytics {
		return cloudservice.ErrNoFramework
	}
	all := found.Framework.Settings.Mappings
	from, _ := strconv.Atoi(v.cursor()) // what is no number is the beginning
	from = max(0, min(from, len(all)))
	to := min(from+mappingsPerPage, len(all))
	view := &mappingView{frameworkView: found}
	action := found.Framework.Path + "/mappings"
	if from > 0 {
		action += "?after=" + strconv.Itoa(from)
	}
	view.Form = v.form(action, "Save the mappings").hide("version", strconv.FormatInt(found.Framework.Version, 10)).orElse(found.Framework.Path)
	view.rows(all[from:to], from, to == len(all))
	next := ""
	if to < len(all) {
		next = strconv.Itoa(to)
	}
	view.Pager = v.pager(next)
	title := "Mappings of " + found.Framework.Title
	if v.r.Method != http.MethodPost {
		return v.show(http.StatusOK, "service_mappings", title, view)
	}
	v.refill(view.Form.Inputs)
	kept, numbers := view.read(v)
	before := len(all[:from])
	var saved cloudservice.SavedFramework
	if err = cloudservice.ErrConflict; v.version() == found.Framework.Version {
		after := slices.Concat(all[:from], kept, all[to:])
		saved, err = v.CloudServices.EditFramework(v.r.Context(), v.caller, v.serviceRef(), found.Framework.ID, cloudservice.FrameworkValues{Mappings: &after})
	}
	if problems, ok := told(err); ok {
		view.Form.put(atRows(problems, before, numbers))
		return v.show(http.StatusUnprocessableEntity, "service_mappings", title, view)
	}
	if err != nil {
		return err
	}
	return v.done(found.Framework.Path, "The mappings of "+found.Framework.Name+" were saved."+doubts(saved.Problems))
}

// rows makes the form's rows, and empty ones behind the last.
func (view *mappingView) rows(all []cloudservice.Mapping, from int, last bool) {
	all = slices.Clone(all)
	if last {
		all = append(all, make([]cloudservice.Mapping, mappingsBlank)...)
	}
	for i, m := range all {
		name := "mappings/" + strconv.Itoa(from+i) + "/"
		row := mappingRow{from + i + 1, text(name+"component", "Component", m.Component, ""), text(name+"variable", "Variable", m.Variable, ""), text(name+"to", "To", strings.Join(m.To, ", "), "")}
		if from+i == 0 || view.Rows == nil {
			row.Component.Placeholder, row.Variable.Placeholder, row.To.Placeholder = "foundation/components/page", "pagedata.title", "prop1, eVar3"
		}
		view.Rows = append(view.Rows, row)
		view.Form.Inputs = append(view.Form.Inputs, row.Component, row.Variable, row.To)
	}
}

// read gives the rows that have something in them, and the number of each in the form.
func (view *mappingView) read(v *visit) (kept []cloudservice.Mapping, numbers []int) {
	for _, row := range view.Rows {
		m := cloudservice.Mapping{Component: v.value(row.Component.Name), Variable: v.value(row.Variable.Name)}
		m.To = strings.FieldsFunc(v.value(row.To.Name), func(r rune) bool { return r == ',' || r == ' ' })
		if m.Component != "" || m.Variable != "" || len(m.To) > 0 {
			kept, numbers = append(kept, m), append(numbers, row.Number-1)
		}
	}
	return kept, numbers
}

// atRows lays problems at the rows of the form: rows that were emptied are not among those that were checked.
func atRows(problems finding.Problems, before int, numbers []int) finding.Problems {
	for i, p := range problems {
		rest, ok := strings.CutPrefix(p.Pointer, "/mappings/")
		number, member, _ := strings.Cut(rest, "/")
		n, err := strconv.Atoi(number)
		if !ok || err != nil || n < before || n-before >= len(numbers) {
			continue
		}
		if member == "" {
			member = "to"
		}
		problems[i].Pointer = "/mappings/" + strconv.Itoa(numbers[n-before]) + "/" + member
	}
	return problems
}
