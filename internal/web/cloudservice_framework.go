package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"latchkey/internal/access"
	"latchkey/internal/cloudservice"
	"latchkey/internal/finding"
)

// Frameworks: what pages send to a product. Their forms are in cloudservice_mapping.go.

func (p *Pages) frameworkRoutes() map[string]func(*visit) error {
	const one = serviceOne + "/frameworks/{framework}"
	return map[string]func(*visit) error{
		"GET " + serviceOne + "/frameworks":     (*visit).frameworkList,
		"GET " + serviceOne + "/new-framework":  (*visit).frameworkNew,
		"POST " + serviceOne + "/new-framework": (*visit).frameworkNew,
		"GET " + one:                            (*visit).frameworkItem,
		"GET " + one + "/edit":                  (*visit).frameworkEdit,
		"POST " + one + "/edit":                 (*visit).frameworkEdit,
		"GET " + one + "/mappings":              (*visit).mappingEdit,
		"POST " + one + "/mappings":             (*visit).mappingEdit,
		"POST " + one + "/publish":              (*visit).frameworkPublish,
		"GET " + one + "/export":                (*visit).frameworkExport,
		"GET " + one + "/preview":               (*visit).frameworkPreview,
		"POST " + one + "/preview":              (*visit).frameworkPreview,
		"GET " + one + "/delete":                (*visit).frameworkDelete,
		"POST " + one + "/delete":               (*visit).frameworkDelete,
	}
}

// frameworkRow is a framework as the list shows it.
type frameworkRow struct {
	cloudservice.Framework
	Path, Says, Tone, Sends string
}

func frameworkPath(head *serviceHead, f *cloudservice.Framework) string {
	return head.Path + "/frameworks/" + url.PathEscape(f.Name)
}

func (h *serviceHead) framework(f cloudservice.Framework) frameworkRow {
	row := frameworkRow{Framework: f, Path: frameworkPath(h, &f)}
	switch {
	case f.Published == nil:
		row.Says, row.Tone = "not published", "warn"
	case f.Changed():
		row.Says, row.Tone = "changed since", "warn"
	default:
		row.Says, row.Tone = "published", "good"
	}
	if f.Kind == cloudservice.Target {
		row.Sends = plural(len(f.Settings.Parameters), "parameter")
	} else {
		row.Sends = plural(len(f.Settings.Mappings), "mapping") + ", " + plural(len(f.Settings.ReportSuites), "report suite")
	}
	return row
}

func (v *visit) frameworkList() error {
	head, err := v.serviceHead("", partFrameworks, "make and change frameworks")
	if err != nil {
		return err
	}
	all, err := v.CloudServices.Frameworks(v.r.Context(), v.caller, v.serviceRef())
	if err != nil {
		return err
	}
	query := v.r.URL.Query()
	view := struct {
		serviceHead
		Rows         []frameworkRow
		Search, Page string
		All          int
		// Of is the framework that the page has; Wrong says why none is named.
		Of    *frameworkRow
		Wrong string
	}{serviceHead: head, Search: query.Get("q"), Page: strings.TrimSpace(query.Get("page")), All: len(all)}
	for _, f := range all {
		if contains(view.Search, f.Name, f.Title, f.ID, strings.Join(f.Pages, " ")) {
			view.Rows = append(view.Rows, head.framework(f))
		}
	}
	if view.Page != "" {
		f, err := v.CloudServices.FrameworkOf(v.r.Context(), v.caller, v.serviceRef(), view.Page)
		problems, ok := told(err)
		switch {
		case err == nil:
			row := head.framework(f)
			view.Of = &row
		case ok:
			view.Wrong = sentence(problems[0].Message) + " " + sentence(problems[0].Fix)
		default:
			view.Wrong = "No framework of this cloud service is on that page, or on one above it."
		}
	}
	return v.show(http.StatusOK, "service_frameworks", "Frameworks of "+head.Title, &view)
}

// frameworkView is the page of one.
type frameworkView struct {
	serviceHead
	Framework frameworkRow
	Publish   *form
}

// framework finds the one that the address names.
func (v *visit) framework(toDo string) (frameworkView, error) {
	head, err := v.serviceHead("", partFrameworks, toDo)
	if err != nil {
		return frameworkView{}, err
	}
	f, err := v.CloudServices.Framework(v.r.Context(), v.caller, v.serviceRef(), v.r.PathValue("framework"))
	return frameworkView{serviceHead: head, Framework: head.framework(f)}, err
}

func (v *visit) frameworkItem() error {
	view, err := v.framework("change or publish it")
	if err != nil {
		return err
	}
	if view.May && view.Framework.Changed() {
		view.Publish = v.form(view.Framework.Path+"/publish", "Publish")
	}
	return v.show(http.StatusOK, "service_framework", view.Framework.Title, &view)
}

func (v *visit) frameworkPublish() error {
	view, err := v.framework("")
	if err != nil {
		return err
	}
	saved, err := v.CloudServices.PublishFramework(v.r.Context(), v.caller, v.serviceRef(), view.Framework.ID)
	if err != nil {
		return err
	}
	return v.done(view.Framework.Path, "The framework "+saved.Framework.Name+" was published."+doubts(saved.Problems))
}

// doubts says what is doubtful of what was kept.
func doubts(problems finding.Problems) string {
	out := ""
	for n, p := range problems {
		if n == 5 {
			return out + fmt.Sprintf(" And %d more like that.", len(problems)-n)
		}
		out += " " + sentence(p.Message) + " " + sentence(p.Fix)
	}
	return out
}

func (v *visit) frameworkDelete() error {
	view, err := v.framework("")
	if err != nil {
		return err
	}
	if err := v.caller.Require(access.ConnectionsWrite); err != nil {
		return err
	}
	f := &view.Framework
	if !v.confirmed(f.Name) {
		return v.confirm(confirmation{What: "the framework", Name: f.Name, Goes: "its mappings and what was published of it. Pages that name it inherit from those above.",
			Stays: "what Target and Analytics have."}, f.Path+"/delete", f.Path)
	}
	if err := v.CloudServices.DeleteFramework(v.r.Context(), v.caller, v.serviceRef(), f.ID); err != nil {
		return err
	}
	return v.done(view.Path+"/frameworks", "The framework "+f.Name+" was deleted.")
}

// frameworkExport gives it as a page takes it.
func (v *visit) frameworkExport() error {
	mode := cloudservice.RunMode(v.r.URL.Query().Get("run_mode"))
	exported, err := v.CloudServices.ExportFramework(v.r.Context(), v.caller, v.serviceRef(), v.r.PathValue("framework"), mode)
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(exported, "", "  ")
	if err != nil {
		return err
	}
	return v.attach(exported.Framework+"-"+string(mode)+".json", "application/json", string(text)+"\n")
}

// sentRow is what became of a parameter.
type sentRow struct{ Name, Value, Why string }

// frameworkPreview says what Target gets of a page's context.
func (v *visit) frameworkPreview() error {
	found, err := v.framework("")
	if err != nil {
		return err
	}
	if found.Kind != cloudservice.Target {
		return cloudservice.ErrNoFramework
	}
	view := struct {
		frameworkView
		Form *form
		Rows []sentRow
		Done bool
	}{frameworkView: found}
	area := text("context", "A page’s context", "{\n  \"profile\": {\"gender\": \"female\"}\n}", "JSON, by store, as a page has it. It is kept nowhere.").of(codeInput).needed()
	view.Form = v.form(found.Framework.Path+"/preview", "Show what is sent", area, options("run_mode", "For pages on", "", string(cloudservice.Author),
		choiceOption{Value: string(cloudservice.Author), Label: "author: as it is now"}, choiceOption{Value: string(cloudservice.Publish), Label: "publish: as it was published"})).orElse(found.Framework.Path)
	if v.r.Method != http.MethodPost {
		return v.show(http.StatusOK, "service_preview", "Preview of "+found.Framework.Title, &view)
	}
	v.refill(view.Form.Inputs)
	var problems finding.Problems
	var context map[string]any
	if err := json.Unmarshal([]byte(v.text("context")), &context); err != nil {
		problems.Wrong("/context", "this is no JSON object", "write it as {\"profile\": {…}}")
	}
	var exported cloudservice.FrameworkExport
	if err = problems.Errors(); err == nil {
		exported, err = v.CloudServices.ExportFramework(v.r.Context(), v.caller, v.serviceRef(), found.Framework.ID, cloudservice.RunMode(v.value("run_mode")))
	}
	if problems, ok := told(err); ok {
		view.Form.put(problems)
		return v.show(http.StatusUnprocessableEntity, "service_preview", "Preview of "+found.Framework.Title, &view)
	}
	if err != nil {
		return err
	}
	sent := exported.Target.Send(context)
	for _, name := range exported.Target.Parameters {
		view.Rows = append(view.Rows, sentRow{name, abridged(sent.Parameters[name], 1000), sent.LeftOut[name]})
	}
	view.Done = true
	return v.show(http.StatusOK, "service_preview", "Preview of "+found.Framework.Title, &view)
}

// linesOf splits a text into those of its lines that have something in them.
func linesOf(text string) []string {
	var out []string
	for line := range strings.SplitSeq(text, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}

var errNoList = fmt.Errorf("there is no such list: %w", cloudservice.ErrNotFound)

// version reads the version that a form was made of.
func (v *visit) version() int64 {
	n, _ := strconv.ParseInt(v.value("version"), 10, 64) // what is no number is no version
	return n
}
