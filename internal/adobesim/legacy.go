package adobesim

import (
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Analytics 1.4, which the vendor has retired: POST /admin/1.4/rest/?method=… (spec/aem-target-analytics.md §3.4), signed by WSSE, or
// with a token and the company's name beside.

// queued is a report that was asked for.
type queued struct {
	suite, element string
	metrics        []component
	top            int
}

// legacyCall is a call within a company.
type legacyCall struct {
	*call
	of  *customer
	ask legacyAsk
}

// legacyAsk is the members of bodies that count here; each method has some of them.
type legacyAsk struct {
	RSID          string
	RSIDs         []string `json:"rsid_list"`
	Types         []string
	Search        string
	ReportSuiteID string
	ReportID      json.Number
	Report        struct {
		ReportSuiteID string
		Metrics       []struct{ ID string }
		Elements      []struct {
			ID  string
			Top int
		}
	} `json:"reportDescription"`
	// Of GetLoginKey.
	Company, Login, Password string
}

var legacyMethods = map[string]func(*Sim, *legacyCall) answer{
	"Company.GetReportSuites":   (*Sim).legacySuites,
	"Company.GetTrackingServer": (*Sim).legacyTrackingServer,
	"ReportSuite.GetProps":      legacyVariables("props", sampleDimensions(), "prop"),
	"ReportSuite.GetEvars":      legacyVariables("evars", sampleDimensions(), "evar"),
	"ReportSuite.GetEvents":     legacyVariables("events", sampleMetrics(), "event"),
	"Segments.Get":              (*Sim).legacySegments,
	"Report.GetMetrics":         (*Sim).legacyMetrics,
	"Report.Queue":              (*Sim).legacyQueue,
	"Report.Get":                (*Sim).legacyReport,
}

// legacyRefuses is the API's form of a refusal.
func legacyRefuses(code, description string) answer {
	return jsonAnswer(http.StatusBadRequest, map[string]any{"error": code, "error_description": description, "error_uri": nil})
}

func (s *Sim) legacy(c *call) answer {
	if !slices.Equal(c.path, []string{"admin", "1.4", "rest"}) {
		return answer{status: http.StatusNotFound, header: http.Header{"Content-Type": {"text/plain"}}, body: []byte("Not Found\n")}
	}
	var ask legacyAsk
	if c.method != http.MethodPost || len(c.body) > 0 && !c.decode(&ask) {
		return legacyRefuses("Bad Request", "Invalid JSON")
	}
	method := c.query.Get("method")
	if method == "Company.GetLoginKey" {
		return s.loginKey(ask)
	}
	of, refused, ok := s.legacyUser(c)
	if !ok {
		return refused
	}
	serve := legacyMethods[method]
	if serve == nil {
		return legacyRefuses("Bad Request", fmt.Sprintf("There is no method %.64s.", method))
	}
	return serve(s, &legacyCall{c, of, ask})
}

// legacyUser tells in whose name a call is made.
func (s *Sim) legacyUser(c *call) (*customer, answer, bool) {
	var of *customer
	if token, bearer := strings.CutPrefix(c.header.Get("Authorization"), "Bearer "); bearer {
		company := c.header.Get("X-Adobe-Dma-Company") + c.header.Get("X-Proxy-Company")
		if s.verify != nil {
			if account, err := s.verify(c.ctx, token); err == nil {
				of = s.find(func(of *Customer) bool { return of.CompanyName == company && of.Organization == account.Organization })
			}
		}
		if of == nil {
			return nil, legacyRefuses("invalid_grant", "The access token provided is invalid"), false
		}
	} else {
		var why string
		if of, why = s.wsse(c); of == nil {
			return nil, legacyRefuses("Bad Request", why), false
		}
	}
	if c.faults.noWebServices {
		return nil, legacyRefuses("Bad Request", noPrivileges), false
	}
	return of, answer{}, true
}

// loginKey trades a password for the shared secret; nobody has signed yet.
func (s *Sim) loginKey(ask legacyAsk) answer {
	of := s.find(func(of *Customer) bool { return of.CompanyName == ask.Company && of.Username == ask.Login })
	if of == nil {
		return legacyRefuses("Bad Request", noSuchUser)
	}
	if of.LoginPassword == "" || subtle.ConstantTimeCompare([]byte(of.LoginPassword), []byte(ask.Password)) == 0 {
		return legacyRefuses("Bad Request", notValidated)
	}
	return jsonAnswer(http.StatusOK, of.Secret)
}

func (s *Sim) legacySuites(c *legacyCall) answer {
	out := []map[string]any{}
	for i, id := range suiteIDs(c.of) {
		virtual := strings.HasPrefix(id, "vrs_")
		kind := "standard"
		if virtual {
			kind = "virtual"
		}
		if !strings.Contains(id, c.ask.Search) || len(c.ask.Types) > 0 && !slices.Contains(c.ask.Types, kind) {
			continue
		}
		suite := map[string]any{"rsid": id, "site_title": suiteItem(i, id)["name"]}
		if virtual {
			suite["virtual"] = true
		}
		out = append(out, suite)
	}
	return jsonAnswer(http.StatusOK, map[string]any{"report_suites": out})
}

func noLegacySuite() answer {
	return legacyRefuses("report_suite_invalid", "The report suite is not valid.")
}

func (s *Sim) legacyTrackingServer(c *legacyCall) answer {
	if c.ask.RSID != "" && !slices.Contains(suiteIDs(c.of), c.ask.RSID) {
		return noLegacySuite()
	}
	return jsonAnswer(http.StatusOK, map[string]string{"tracking_server": c.of.Company + ".d1.sc.omtrdc.net", "namespace": c.of.Company})
}

// legacyVariables answers with the props, eVars or events of each suite that is named.
func legacyVariables(plural string, from []component, prefix string) func(*Sim, *legacyCall) answer {
	return func(_ *Sim, c *legacyCall) answer {
		if len(c.ask.RSIDs) == 0 {
			return legacyRefuses("Bad Request", "rsid_list is missing.")
		}
		out := []map[string]any{}
		for _, id := range c.ask.RSIDs {
			i := slices.Index(suiteIDs(c.of), id)
			if i < 0 {
				return noLegacySuite()
			}
			variables := []map[string]any{}
			for _, one := range from {
				if strings.HasPrefix(one.variable, prefix) {
					variables = append(variables, map[string]any{"id": one.variable, "name": one.name, "description": "A sample.", "enabled": true, "type": "text_string"})
				}
			}
			out = append(out, map[string]any{"rsid": id, "site_title": suiteItem(i, id)["name"], plural: variables})
		}
		return jsonAnswer(http.StatusOK, out)
	}
}

func (s *Sim) legacySegments(c *legacyCall) answer {
	out := []map[string]any{}
	for _, g := range c.of.segments {
		out = append(out, map[string]any{"id": g.id, "name": g.name, "description": g.description, "reportSuiteID": g.rsid, "modified": stamp(g.modified)})
	}
	return jsonAnswer(http.StatusOK, out)
}

// legacyID is what 1.4 calls a metric or a dimension: without what stands before the slash.
func legacyID(one component) string {
	_, id, _ := strings.Cut(one.id, "/")
	return id
}

func (s *Sim) legacyMetrics(c *legacyCall) answer {
	if !slices.Contains(suiteIDs(c.of), c.ask.ReportSuiteID) {
		return noLegacySuite()
	}
	out := []map[string]any{}
	for _, one := range sampleMetrics() {
		out = append(out, map[string]any{"id": legacyID(one), "name": one.name, "type": one.kind, "decimals": 0})
	}
	return jsonAnswer(http.StatusOK, out)
}

func (s *Sim) legacyQueue(c *legacyCall) answer {
	about := c.ask.Report
	if !slices.Contains(suiteIDs(c.of), about.ReportSuiteID) {
		return noLegacySuite()
	}
	q := &queued{suite: about.ReportSuiteID, top: 10}
	for _, wanted := range about.Metrics {
		i := slices.IndexFunc(sampleMetrics(), func(one component) bool { return legacyID(one) == wanted.ID })
		if i < 0 {
			return legacyRefuses("metric_id_invalid", "The metric is not valid.")
		}
		q.metrics = append(q.metrics, sampleMetrics()[i])
	}
	if len(about.Elements) > 0 {
		q.element, q.top = about.Elements[0].ID, max(1, min(about.Elements[0].Top, reportItems))
		if !slices.ContainsFunc(sampleDimensions(), func(one component) bool { return legacyID(one) == q.element }) {
			return legacyRefuses("element_id_invalid", "The element is not valid.")
		}
	}
	if len(q.metrics) == 0 {
		return legacyRefuses("metric_id_invalid", "A metric is needed.")
	}
	id := int64(len(c.of.reports) + 1)
	c.of.reports[id] = q
	return jsonAnswer(http.StatusOK, map[string]int64{"reportID": id})
}

func (s *Sim) legacyReport(c *legacyCall) answer {
	id, err := c.ask.ReportID.Int64()
	q := c.of.reports[id]
	switch {
	case err != nil, q == nil:
		return legacyRefuses("report_id_invalid", "The report is not valid.")
	case c.faults.notReady:
		return legacyRefuses("report_not_ready", "Report not ready")
	}
	return jsonAnswer(http.StatusOK, map[string]any{"report": q.shown(), "waitSeconds": 0, "runSeconds": 0})
}

func (q *queued) shown() map[string]any {
	counts := func(seed string) (out []string) {
		for _, one := range q.metrics {
			out = append(out, fmt.Sprint(int(figure(q.suite+one.id+seed))))
		}
		return out
	}
	metrics, data := []map[string]any{}, []map[string]any{}
	for _, one := range q.metrics {
		metrics = append(metrics, map[string]any{"id": legacyID(one), "name": one.name, "type": "number", "decimals": 0})
	}
	if q.element != "" {
		for n := range q.top {
			data = append(data, map[string]any{"name": item("variables/"+q.element, n), "url": "", "counts": counts(fmt.Sprint(n))})
		}
	}
	return map[string]any{
		"type": "ranked", "reportSuite": map[string]string{"id": q.suite, "name": q.suite}, "metrics": metrics, "data": data, "totals": counts("total"), "version": "1.4.18.10",
	}
}
