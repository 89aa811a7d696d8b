package web

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"latchkey/internal/access"
	"latchkey/internal/analytics"
	"latchkey/internal/cloudservice"
	"latchkey/internal/finding"
)

// What is synced of Analytics, and reports.

func (p *Pages) analyticsRoutes() map[string]func(*visit) error {
	return map[string]func(*visit) error{
		"GET " + serviceOne + "/lists":        (*visit).analyticsLists,
		"POST " + serviceOne + "/lists":       (*visit).analyticsSync,
		"GET " + serviceOne + "/lists/{list}": (*visit).analyticsItems,
		"GET " + serviceOne + "/report":       (*visit).analyticsReport,
		"POST " + serviceOne + "/report":      (*visit).analyticsReport,
	}
}

// listTitles name the lists.
var listTitles = map[cloudservice.ListKind]string{
	cloudservice.ReportSuites: "Report suites", cloudservice.Segments: "Segments", cloudservice.Metrics: "Metrics", cloudservice.Dimensions: "Dimensions",
}

// listRow is a list as the page of lists shows it.
type listRow struct {
	cloudservice.Synced
	Title, Path string
	// Known tells whether it was synced.
	Known bool
	Sync  *form
}

// listsView is the page of lists.
type listsView struct {
	serviceHead
	Rows []listRow
	Form *form
	Rate *standing
}

func (v *visit) analyticsLists() error {
	view, err := v.listsView()
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "service_lists", "Lists of "+view.Title, view)
}

func (v *visit) listsView() (*listsView, error) {
	head, err := v.serviceHead(cloudservice.Analytics, partLists, "sync lists")
	if err != nil {
		return nil, err
	}
	view := &listsView{serviceHead: head}
	if view.Rate, err = v.rateOf(&head.Service); err != nil {
		return nil, err
	}
	known, err := v.CloudServices.Lists(v.r.Context(), v.caller, v.serviceRef())
	if err != nil {
		return nil, err
	}
	for _, kind := range []cloudservice.ListKind{cloudservice.ReportSuites, cloudservice.Segments} {
		if !slices.ContainsFunc(known, func(s cloudservice.Synced) bool { return s.Kind == kind }) {
			view.add(v, cloudservice.Synced{SyncList: cloudservice.SyncList{Kind: kind}}, false)
		}
	}
	for _, s := range known {
		view.add(v, s, true)
	}
	if head.May && head.Unready == "" {
		kinds := []choiceOption{{Value: string(cloudservice.Metrics), Label: "Metrics"}, {Value: string(cloudservice.Dimensions), Label: "Dimensions"}}
		suite := text("suite", "Report suite", "", "By its id.").needed()
		if len(head.Analytics.ReportSuites) > 0 {
			suite.Value = head.Analytics.ReportSuites[0]
		}
		view.Form = v.form(head.Path+"/lists", "Sync", options("list", "List", "", string(cloudservice.Metrics), kinds...), suite)
	}
	return view, nil
}

func (view *listsView) add(v *visit, s cloudservice.Synced, known bool) {
	path := view.Path + "/lists/" + string(s.Kind)
	if s.Suite != "" {
		path += "?suite=" + url.QueryEscape(s.Suite)
	}
	row := listRow{Synced: s, Title: listTitles[s.Kind], Path: path, Known: known}
	if view.May && view.Unready == "" {
		row.Sync = v.form(view.Path+"/lists", "Sync "+strings.ToLower(row.Title)).hide("list", string(s.Kind)).hide("suite", s.Suite)
		row.Sync.Cancel = view.Path
	}
	view.Rows = append(view.Rows, row)
}

func (v *visit) analyticsSync() error {
	if err := v.caller.Require(access.ConnectionsWrite); err != nil {
		return err
	}
	list := cloudservice.SyncList{Kind: cloudservice.ListKind(v.value("list")), Suite: v.value("suite")}
	synced, err := v.CloudServices.SyncAnalytics(v.r.Context(), v.caller, v.serviceRef(), list)
	if problems, ok := told(err); ok {
		view, err := v.listsView()
		if err != nil {
			return err
		}
		if view.Form == nil {
			view.Form = v.form(view.Path+"/lists", "Sync")
		}
		v.refill(view.Form.Inputs)
		view.Form.put(problems)
		return v.show(http.StatusUnprocessableEntity, "service_lists", "Lists of "+view.Title, view)
	}
	if err != nil {
		return err
	}
	head, err := v.serviceHead(cloudservice.Analytics, partLists, "")
	if err != nil {
		return err
	}
	return v.done(head.Path+"/lists", fmt.Sprintf("%s of %s: %s, %s gone since the last time.", listTitles[synced.Kind], synced.Company, plural(synced.Items, "item"), grouped(int64(synced.Removed))))
}

// analyticsItems lists what was synced.
func (v *visit) analyticsItems() error {
	head, err := v.serviceHead(cloudservice.Analytics, partLists, "sync lists")
	if err != nil {
		return err
	}
	query := v.r.URL.Query()
	list := cloudservice.SyncList{Kind: cloudservice.ListKind(v.r.PathValue("list")), Suite: query.Get("suite")}
	title, ok := listTitles[list.Kind]
	if !ok {
		return errNoList
	}
	view := struct {
		serviceHead
		ListTitle, Suite, Search string
		Rows                     []cloudservice.Item
		Pager                    pager
	}{serviceHead: head, ListTitle: title, Suite: list.Suite, Search: query.Get("q")}
	const perPage = 100
	view.Rows, err = v.CloudServices.Items(v.r.Context(), v.caller, v.serviceRef(), list, cloudservice.ItemQuery{After: v.cursor(), Limit: perPage + 1, Search: view.Search})
	if err != nil {
		return err
	}
	next := ""
	if len(view.Rows) > perPage {
		view.Rows = view.Rows[:perPage]
		next = view.Rows[perPage-1].ID
	}
	view.Pager = v.pager(next)
	return v.show(http.StatusOK, "service_items", title+" of "+head.Title, &view)
}

// reportView is the page of a report.
type reportView struct {
	serviceHead
	Form   *form
	Report *analytics.Page
	// First is the number of the first row; Chart is of the first metric.
	Chart  *bars
	Layers []finding.Layer
	// Dimension heads the first column.
	Dimension string
	Next      *form
}

// reportRanges are spans that people ask for.
var reportRanges = []choiceOption{
	{Value: "td-7d/td", Label: "The last 7 days"}, {Value: "td-30d/td", Label: "The last 30 days"}, {Value: "td-90d/td", Label: "The last 90 days"}, {Value: "", Label: "As written below"},
}

func (v *visit) analyticsReport() error {
	head, err := v.serviceHead(cloudservice.Analytics, partReport, "ask for reports")
	if err != nil {
		return err
	}
	view := &reportView{serviceHead: head}
	if head.Unready == "" && head.May {
		view.Form = v.reportForm(&head)
	}
	if v.r.Method != http.MethodPost {
		return v.show(http.StatusOK, "service_report", "Report of "+head.Title, view)
	}
	if err := v.caller.Require(access.ConnectionsWrite); err != nil {
		return err
	}
	if view.Form == nil {
		return v.show(http.StatusOK, "service_report", "Report of "+head.Title, view)
	}
	v.refill(view.Form.Inputs)
	query, problems := v.reportQuery()
	if err = problems.Errors(); err == nil {
		err = v.runReport(view, query)
	}
	if view.Layers, err = refusedLayers(err); err == nil {
		return v.show(http.StatusOK, "service_report", "Report of "+head.Title, view)
	}
	problems, ok := told(err)
	if !ok {
		return err
	}
	view.Form.put(problems)
	return v.show(http.StatusUnprocessableEntity, "service_report", "Report of "+head.Title, view)
}

func (v *visit) reportForm(head *serviceHead) *form {
	suite, segment := "", head.Analytics.Segment
	if len(head.Analytics.ReportSuites) > 0 {
		suite = head.Analytics.ReportSuites[0]
	}
	return v.form(head.Path+"/report", "Run the report",
		text("suite", "Report suite", suite, "By its id.").needed(),
		text("metrics", "Metrics", "visits", "By their ids, with commas: visits, pageviews.").needed(),
		text("dimension", "Dimension", "daterangeday", "By its id. Blank gives the sums alone.").maybe(),
		options("span", "Over", "", "td-7d/td", reportRanges...),
		text("range", "From/to", "", "Two moments, 2026-01-01T00:00:00/2026-02-01T00:00:00, or a formula, td-7d/td. Goes before what is chosen above.").maybe(),
		text("segment", "Segment", segment, "By its id. Blank is what the service is set to.").maybe(),
		options("limit", "Rows", "", "25", choiceOption{Value: "10", Label: "10"}, choiceOption{Value: "25", Label: "25"}, choiceOption{Value: "100", Label: "100"}, choiceOption{Value: "400", Label: "400"}),
		text("page", "Page", "1", "Of the report’s rows.").maybe(),
	)
}

func (v *visit) reportQuery() (analytics.Query, finding.Problems) {
	var problems finding.Problems
	q := analytics.Query{Suite: v.value("suite"), Range: v.value("range"), Dimension: v.value("dimension")}
	if q.Range == "" {
		q.Range = v.value("span")
	}
	q.Metrics = strings.FieldsFunc(v.value("metrics"), func(r rune) bool { return r == ',' || r == ' ' })
	if segment := v.value("segment"); segment != "" {
		q.Segments = []string{segment}
	}
	q.Limit, _ = strconv.Atoi(v.value("limit"))
	q.Limit = max(1, min(q.Limit, 400)) // a page of ours has no more
	page, err := strconv.Atoi(v.value("page"))
	if v.value("page") != "" && (err != nil || page < 1) {
		problems.Wrong("/page", "this is no page", "pages count from 1")
	}
	q.Page = max(0, page-1)
	return q, problems
}

func (v *visit) runReport(view *reportView, query analytics.Query) error {
	page, err := v.CloudServices.ReportPage(v.r.Context(), v.caller, v.serviceRef(), query)
	if err != nil {
		return err
	}
	view.Report, view.Dimension = &page, query.Dimension
	var all []bar
	for _, row := range page.Rows {
		if len(row.Values) == 0 || len(all) == 31 {
			break
		}
		value, err := strconv.ParseFloat(string(row.Values[0]), 64)
		if err != nil || value < 0 || value > 1e15 {
			value = 0
		}
		all = append(all, bar{Value: value, Title: finding.Bounded(row.Name, 60) + ": " + string(row.Values[0])})
	}
	if len(all) > 1 && len(page.Columns) > 0 {
		view.Chart = drawBars(page.Columns[0]+" by "+query.Dimension+", the first "+plural(len(all), "row"), all)
	}
	if !page.Last {
		view.Next = v.form(view.Path+"/report", "Next page").orElse(view.Path)
		for _, name := range []string{"suite", "metrics", "dimension", "span", "range", "segment", "limit"} {
			view.Next.hide(name, v.value(name))
		}
		view.Next.hide("page", strconv.Itoa(query.Page+2))
	}
	return nil
}
