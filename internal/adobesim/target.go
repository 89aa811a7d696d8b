package adobesim

import (
	"encoding/json"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"latchkey/internal/project"
)

// Target's Admin API: /{tenant}/target/… (spec/aem-target-analytics.md §2.5). Which version of the media type a request wants stands
// in Content-Type when it writes, and in Accept when it reads.

// resource is a path below /{tenant}/target, and what answers there; * stands for one segment.
type resource struct {
	methods string
	path    string
	// versions is the newest of the media type.
	versions int
	serve    func(*Sim, *targetCall) answer
}

// targetCall is a call within a tenant.
type targetCall struct {
	*call
	of      *customer
	rest    []string // behind /{tenant}/target
	version int
}

func resources() []resource {
	return slices.Concat(audienceResources(), offerResources(), activityResources(), otherResources(), []resource{
		{"POST", "batch", 3, (*Sim).batch},
	})
}

const targetMedia = "application/vnd.adobe.target.v"

func (s *Sim) target(c *call) answer {
	if len(c.path) < 3 || c.path[1] != "target" {
		return lost()
	}
	if a, ok := s.enter(c, project.Target); !ok {
		return a
	}
	of := s.find(func(of *Customer) bool { return of.Tenant == c.path[0] && of.Organization == c.account.Organization })
	if of == nil || c.faults.wrongTenant {
		return c.refuse(http.StatusForbidden, "Forbidden", "The client has no access to the tenant")
	}
	return s.within(&targetCall{call: c, of: of, rest: c.path[2:]})
}

// within answers below a tenant, of which the caller is sure.
func (s *Sim) within(c *targetCall) answer {
	allowed := ""
	for _, r := range s.resources {
		if !fits(r.path, c.rest) {
			continue
		}
		if !slices.Contains(strings.Fields(r.methods), c.method) {
			allowed += " " + r.methods
			continue
		}
		version, ok := c.negotiate(r.versions)
		if !ok {
			return c.refuse(http.StatusNotAcceptable, "Unsupported.Feature", "Unsupported features detected")
		}
		c.version = version
		if c.method != http.MethodGet && !c.account.writes("") {
			return c.refuse(http.StatusForbidden, "Forbidden", "The role does not allow this: it takes Editor or Approver")
		}
		a := r.serve(s, c)
		if a.status < 300 && a.header.Get("Content-Type") == "application/json" && r.path != "batch" {
			a.header.Set("Content-Type", targetMedia+strconv.Itoa(version)+"+json;charset=UTF-8")
		}
		return a
	}
	if allowed != "" {
		return c.refuse(http.StatusMethodNotAllowed, "Method.NotAllowed", "The method is not allowed").with("Allow", strings.Join(strings.Fields(allowed), ", "))
	}
	return c.refuse(http.StatusNotFound, "Not.Found", "There is no such resource")
}

func fits(pattern string, path []string) bool {
	want := split(pattern)
	if len(want) != len(path) {
		return false
	}
	for i, segment := range want {
		if segment != "*" && segment != path[i] {
			return false
		}
	}
	return true
}

// negotiate reads the version that is wanted; not ok for one that is not there. No version is the first.
func (c *targetCall) negotiate(newest int) (int, bool) {
	name := "Accept"
	if c.method != http.MethodGet && c.method != http.MethodDelete {
		name = "Content-Type"
	}
	text := c.header.Get(name)
	if text == "" {
		return 1, true
	}
	for part := range strings.SplitSeq(text, ",") {
		kind, _, err := mime.ParseMediaType(part)
		if err != nil {
			continue
		}
		if kind == "application/json" || kind == "*/*" || kind == "application/*" {
			return 1, true
		}
		version, ok := strings.CutPrefix(kind, targetMedia)
		if version, plus := strings.CutSuffix(version, "+json"); ok && plus {
			n, err := strconv.Atoi(version)
			return n, err == nil && n >= 1 && n <= newest
		}
	}
	return 0, false
}

// refuse is the product's own form of a refusal.
func (c *call) refuse(status int, code, message string) answer {
	return c.refuseWith(status, map[string]any{"errorCode": code, "message": message, "meta": object{}})
}

func (c *call) refuseWith(status int, errors ...map[string]any) answer {
	return jsonAnswer(status, map[string]any{
		"httpStatus": status, "requestId": newID(), "requestTime": c.now.UTC().Format("2006-01-02T15:04:05.000Z"), "errors": errors,
	})
}

// invalid refuses a body, with what is wrong by member.
func (c *call) invalid(member, message string) answer {
	return c.refuseWith(http.StatusBadRequest, map[string]any{"errorCode": "Invalid." + member, "message": message, "meta": object{"field": member}})
}

func (c *call) absent() answer {
	return c.refuse(http.StatusNotFound, "Not.Found", "There is no such resource")
}

// object reads the body.
func (c *targetCall) object() (object, bool) {
	var o object
	return o, json.Unmarshal(c.body, &o) == nil && o != nil
}

// id reads the last segment of the path, or the one that stands that many before it.
func (c *targetCall) id(before int) int64 {
	id, _ := strconv.ParseInt(c.rest[len(c.rest)-1-before], 10, 64)
	return id
}

// visible gives an object that the account may see; nil otherwise.
func (c *targetCall) visible(of *collection, id int64) object {
	o := of.get(id)
	if o == nil || !c.account.sees(o.text("workspace")) {
		return nil
	}
	return o
}

// list answers a page: limit, offset and sortBy. shown makes an item of an object.
func (c *targetCall) list(of *collection, sortable string, shown func(object) object) answer {
	limit, err := number(c.query.Get("limit"), 2147483647)
	offset, err2 := number(c.query.Get("offset"), 0)
	if err != nil || err2 != nil {
		return c.invalid("limit", "limit and offset are numbers from 0")
	}
	sortBy := c.query.Get("sortBy")
	if sortBy == "" {
		sortBy = "id"
	}
	if !slices.Contains(strings.Fields(sortable), strings.TrimPrefix(sortBy, "-")) {
		return c.invalid("sortBy", "sortBy is one of "+strings.Join(strings.Fields(sortable), ", "))
	}
	total, items := 0, []object{}
	for _, id := range of.by(sortBy) {
		if o := of.changed[id]; o != nil && !c.account.sees(o.text("workspace")) {
			continue
		}
		if total >= offset && len(items) < limit {
			items = append(items, shown(of.get(id)))
		}
		total++
	}
	return jsonAnswer(http.StatusOK, map[string]any{"total": total, "offset": offset, "limit": limit, of.plural: items})
}

func number(text string, otherwise int) (int, error) {
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.ParseUint(text, 10, 31)
	return int(n), err
}
