package adobesim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"latchkey/internal/project"
)

// Analytics 2.0: /discovery/me and /api/{company}/… (spec/aem-target-analytics.md §3.3).

const companyHeader = "X-Proxy-Global-Company-Id"

// service is a path below /api/{company}, and what answers there; * stands for one segment.
type service struct {
	method, path string
	// permitted says that the product profile must have report suites, metrics and dimensions.
	permitted bool
	serve     func(*Sim, *analyticsCall) answer
}

// analyticsCall is a call within a company.
type analyticsCall struct {
	*call
	of   *customer
	rest []string // behind /api/{company}
}

func services() []service {
	return []service{
		{"GET", "users/me", false, (*Sim).me},
		{"GET", "users", false, (*Sim).users},
		{"GET", "collections/suites", false, (*Sim).suites},
		{"GET", "collections/suites/*", false, (*Sim).suite},
		{"GET", "reportsuites/collections/suites", false, (*Sim).plainSuites},
		{"GET", "reportsuites/collections/suites/*", false, (*Sim).suite},
		{"GET", "reportsuites", false, (*Sim).plainSuites},
		{"GET", "segments", false, (*Sim).listSegments},
		{"POST", "segments", true, (*Sim).createSegment},
		{"POST", "segments/validate", true, (*Sim).validateSegment},
		{"GET", "segments/*", false, (*Sim).showSegment},
		{"PUT", "segments/*", true, (*Sim).editSegment},
		{"DELETE", "segments/*", true, (*Sim).deleteSegment},
		{"GET", "metrics", true, listComponents(sampleMetrics())},
		{"GET", "metrics/*", true, showComponent("metrics", sampleMetrics())},
		{"GET", "dimensions", true, listComponents(sampleDimensions())},
		{"GET", "dimensions/*", true, showComponent("variables", sampleDimensions())},
		{"GET", "calculatedmetrics", false, pageOf(sampleCalculated())},
		{"GET", "calculatedmetrics/*", false, oneOf(sampleCalculated())},
		{"GET", "dateranges", false, pageOf(sampleDateRanges())},
		{"GET", "dateranges/*", false, oneOf(sampleDateRanges())},
		{"POST", "reports", true, (*Sim).report},
		{"GET", "reports/topItems", true, (*Sim).topItems},
		{"GET", "auditlogs/usage", true, (*Sim).usage},
	}
}

func (s *Sim) analytics(c *call) answer {
	discovers := slices.Equal(c.path, []string{"discovery", "me"})
	if !discovers && (len(c.path) < 3 || c.path[0] != "api") {
		return lost()
	}
	if a, ok := s.enter(c, project.Analytics); !ok {
		return a
	}
	if c.faults.serverError {
		return c.fail(http.StatusInternalServerError, "internal_error", "An unexpected error occurred")
	}
	if discovers {
		return s.discover(c)
	}
	of := s.find(func(of *Customer) bool { return of.Company == c.path[1] && of.Organization == c.account.Organization })
	switch header := c.header.Get(companyHeader); {
	case header == "" && c.faults.wantsCompany, header != "" && header != c.path[1]:
		return c.fail(http.StatusBadRequest, "bad_request", "Cannot find proper global company ID")
	case of == nil, c.faults.unknownCompany:
		return c.noUser()
	}
	return s.inCompany(&analyticsCall{call: c, of: of, rest: c.path[2:]})
}

func (s *Sim) inCompany(c *analyticsCall) answer {
	allowed := false
	for _, known := range s.services {
		if !fits(known.path, c.rest) {
			continue
		}
		if known.method != c.method {
			allowed = true
			continue
		}
		if known.permitted && c.faults.noPermissions {
			return c.fail(http.StatusForbidden, "insufficient_permissions", "The user does not have the permissions for the report suite, its metrics or its dimensions")
		}
		return known.serve(s, c)
	}
	if allowed {
		return c.fail(http.StatusMethodNotAllowed, "method_not_allowed", "The method is not allowed")
	}
	return c.fail(http.StatusNotFound, "resource_not_found", "There is no such resource")
}

// fail is the product's own form of a refusal.
func (c *call) fail(status int, code, description string) answer {
	return jsonAnswer(status, map[string]string{"errorCode": code, "errorDescription": description, "errorId": newID()})
}

func (c *call) noUser() answer {
	return c.fail(http.StatusNotFound, "resource_not_found",
		fmt.Sprintf("Could not find analytics user for globalCompanyId=%.64s and imsUserId=%s", c.path[1], c.account.User))
}

func (s *Sim) discover(c *call) answer {
	companies := []map[string]any{}
	for _, of := range s.customers {
		if of.Organization == c.account.Organization && !c.faults.unknownCompany {
			companies = append(companies, map[string]any{"globalCompanyId": of.Company, "companyName": of.CompanyName, "apiRateLimitPolicy": "aa_api_tier10_tp"})
		}
	}
	return jsonAnswer(http.StatusOK, map[string]any{
		"imsUserId": c.account.User, "imsOrgs": []map[string]any{{"imsOrgId": c.account.Organization, "companies": companies}},
	})
}

// user is the caller as Analytics shows it: a technical account has the vendor's domain for its last name.
func (c *analyticsCall) user() map[string]any {
	return map[string]any{
		"companyid": 1001, "loginId": 200_001, "login": c.account.User, "changePassword": false, "createDate": stamp(begun), "disabled": false, "email": c.account.Email,
		"firstName": c.account.Name, "lastName": "techacct.adobe.com", "fullName": c.account.Name + " techacct.adobe.com", "imsUserId": c.account.User, "lastAccess": stamp(c.now),
	}
}

func (s *Sim) me(c *analyticsCall) answer {
	if c.faults.noUser {
		return c.noUser()
	}
	return jsonAnswer(http.StatusOK, c.user())
}

func (s *Sim) users(c *analyticsCall) answer {
	return c.page([]any{c.user(), map[string]any{
		"companyid": 1001, "loginId": 200_002, "login": "ada", "email": "ada@example.com", "firstName": "Ada", "lastName": "Sample", "fullName": "Ada Sample",
		"createDate": stamp(begun), "disabled": false,
	}})
}

// page answers the page of items that limit and page ask for.
func (c *analyticsCall) page(items []any) answer {
	limit, err := number(c.query.Get("limit"), 10)
	page, err2 := number(c.query.Get("page"), 0)
	if err != nil || err2 != nil || limit < 1 || limit > 1000 {
		return c.fail(http.StatusBadRequest, "invalid_parameter", "limit is a number from 1 to 1000, page one from 0")
	}
	first, total := min(page*limit, len(items)), len(items)
	content := items[first:min(first+limit, total)]
	pages := (total + limit - 1) / limit
	return jsonAnswer(http.StatusOK, map[string]any{
		"content": content, "totalElements": total, "totalPages": pages, "numberOfElements": len(content), "number": page,
		"firstPage": page == 0, "lastPage": page >= pages-1, "sort": nil, "size": limit,
	})
}

// pageOf answers pages of a list that never changes.
func pageOf(items []map[string]any) func(*Sim, *analyticsCall) answer {
	list := make([]any, len(items))
	for i, item := range items {
		list[i] = item
	}
	return func(_ *Sim, c *analyticsCall) answer { return c.page(list) }
}

func oneOf(items []map[string]any) func(*Sim, *analyticsCall) answer {
	return func(_ *Sim, c *analyticsCall) answer {
		for _, item := range items {
			if item["id"] == c.rest[1] {
				return jsonAnswer(http.StatusOK, item)
			}
		}
		return c.fail(http.StatusNotFound, "resource_not_found", "There is no such resource")
	}
}

// suiteIDs are the report suites of a company.
func suiteIDs(of *customer) []string {
	return []string{of.Company + ".prod", of.Company + ".dev", "vrs_" + of.Company + "_mobile"}
}

func (s *Sim) suiteItems(c *analyticsCall) []map[string]any {
	items := []map[string]any{}
	if c.faults.noPermissions {
		return items
	}
	wanted := list(c.query, "rsids", "rsid")
	for i, id := range suiteIDs(c.of) {
		if len(wanted) > 0 && !slices.Contains(wanted, id) || !strings.Contains(id, c.query.Get("rsidContains")) {
			continue
		}
		items = append(items, suiteItem(i, id))
	}
	return items
}

func suiteItem(i int, id string) map[string]any {
	item := map[string]any{
		"collectionItemType": "reportsuite", "id": id, "rsid": id, "name": []string{"Production", "Development", "Mobile"}[i], "type": "base",
		"timezoneZoneinfo": "UTC", "currency": "USD", "parentRsid": id,
	}
	if strings.HasPrefix(id, "vrs_") {
		item["type"], item["collectionItemType"] = "virtual", "virtual"
	}
	return item
}

func (s *Sim) suites(c *analyticsCall) answer {
	items := s.suiteItems(c)
	list := make([]any, len(items))
	for i, item := range items {
		list[i] = item
	}
	return c.page(list)
}

func (s *Sim) plainSuites(c *analyticsCall) answer {
	return jsonAnswer(http.StatusOK, s.suiteItems(c))
}

func (s *Sim) suite(c *analyticsCall) answer {
	id := c.rest[len(c.rest)-1]
	if i := slices.Index(suiteIDs(c.of), id); i >= 0 && !c.faults.noPermissions {
		return jsonAnswer(http.StatusOK, suiteItem(i, id))
	}
	return c.noSuite()
}

func (c *call) noSuite() answer {
	return c.fail(http.StatusForbidden, "report_suite_forbidden", "The report suite is not there, or may not be seen")
}

// list reads a parameter that holds several, joined by commas; the first name that is there counts.
func list(query map[string][]string, names ...string) []string {
	for _, name := range names {
		if values := query[name]; len(values) > 0 && values[0] != "" {
			return strings.Split(strings.Join(values, ","), ",")
		}
	}
	return nil
}

func (s *Sim) usage(c *analyticsCall) answer {
	if c.query.Get("startDate") == "" || c.query.Get("endDate") == "" {
		return c.fail(http.StatusBadRequest, "invalid_parameter", "startDate and endDate are missing")
	}
	return c.page([]any{map[string]any{
		"dateCreated": stamp(begun), "eventDescription": "API Method: sample", "ipAddress": "127.0.0.1", "rsid": suiteIDs(c.of)[0], "eventType": strconv.Itoa(39), "login": "ada",
	}})
}

func (c *call) decode(into any) bool { return json.Unmarshal(c.body, into) == nil }
