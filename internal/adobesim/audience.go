package adobesim

import (
	"fmt"
	"net/http"
	"time"
)

// sampleAudiences is how many audiences there are at first.
const sampleAudiences = 12

var audienceNames = []string{
	"New Visitors", "Returning Visitors", "Mobile Visitors", "Tablet Visitors", "Visitors from Search", "Visitors from Social",
	"Gold Members", "Silver Members", "Cart Abandoners", "California", "Weekend Visitors", "Newsletter Readers",
}

func newAudiences(n int) *collection { return newCollection("audiences", 1_000_000, n, sampleAudience) }

// sampleAudience makes the audience of a number. Every tenth is anonymous: it belongs to an activity, and pickers leave it out.
func sampleAudience(n int) object {
	name, kind := fmt.Sprintf("Audience %06d", n), "reusable"
	if n < len(audienceNames) {
		name = audienceNames[n]
	}
	if n%10 == 9 {
		kind = "anonymous"
	}
	at := stamp(begun.Add(time.Duration(n) * time.Second))
	return object{
		"name": name, "description": "A sample: " + name, "origin": "target", "type": kind, "status": "saved",
		"createdAt": at, "modifiedAt": at, "targetRule": object{"and": []object{{"profile": "memberLevel", "equals": []string{fmt.Sprintf("level%d", n)}}}},
	}
}

func audienceResources() []resource {
	return []resource{
		{"GET", "audiences", 3, (*Sim).listAudiences},
		{"POST", "audiences", 3, (*Sim).createAudience},
		{"GET", "audiences/*", 3, (*Sim).showAudience},
		{"PUT PATCH", "audiences/*", 3, (*Sim).editAudience},
		{"DELETE", "audiences/*", 3, (*Sim).deleteAudience},
	}
}

func (s *Sim) listAudiences(c *targetCall) answer {
	return c.list(c.of.audiences, "id name modifiedAt origin workspace", func(o object) object { return o.without("targetRule", "audienceRule") })
}

func (s *Sim) showAudience(c *targetCall) answer {
	if o := c.visible(c.of.audiences, c.id(0)); o != nil {
		return jsonAnswer(http.StatusOK, o)
	}
	return c.absent()
}

func (s *Sim) createAudience(c *targetCall) answer {
	o, refused, ok := c.written(nil, "name")
	if !ok {
		return refused
	}
	_, target := o["targetRule"]
	_, audience := o["audienceRule"]
	if target == audience {
		return c.invalid("targetRule", "An audience has a targetRule or an audienceRule, and not both")
	}
	o.fallback("origin", "target")
	o.fallback("type", "reusable")
	o.fallback("status", "saved")
	return jsonAnswer(http.StatusCreated, c.of.audiences.put(0, c.stamped(o, nil)))
}

func (s *Sim) editAudience(c *targetCall) answer {
	have := c.visible(c.of.audiences, c.id(0))
	if have == nil {
		return c.absent()
	}
	needed := []string{"name"}
	if c.method == http.MethodPatch {
		needed = nil
	}
	o, refused, ok := c.written(have, needed...)
	if !ok {
		return refused
	}
	if c.method == http.MethodPatch {
		for name, value := range have {
			o.fallback(name, value)
		}
	}
	for _, name := range []string{"origin", "type", "status"} {
		o.fallback(name, have[name])
	}
	return jsonAnswer(http.StatusOK, c.of.audiences.put(c.id(0), c.stamped(o, have)))
}

func (s *Sim) deleteAudience(c *targetCall) answer { return c.delete(c.of.audiences) }

// delete answers with what was deleted, as Target does.
func (c *targetCall) delete(of *collection) answer {
	o := c.visible(of, c.id(0))
	if o == nil {
		return c.absent()
	}
	if !c.account.writes(o.text("workspace")) {
		return c.refuse(http.StatusForbidden, "Forbidden", "The role does not allow this: it takes Editor or Approver")
	}
	of.remove(c.id(0))
	return jsonAnswer(http.StatusOK, o)
}

// fallback sets a member that is not there.
func (o object) fallback(name string, value any) {
	if _, ok := o[name]; !ok {
		o[name] = value
	}
}

// written reads a body that is to be kept: the members that must be there, texts up to 250 characters, and a workspace that the
// account may write to, as must be that of what was there.
func (c *targetCall) written(have object, needed ...string) (object, answer, bool) {
	o, ok := c.object()
	if !ok {
		return nil, c.refuse(http.StatusBadRequest, "Invalid.JSON", "The body is no JSON object"), false
	}
	for _, name := range needed {
		if value, ok := o[name]; !ok || value == "" || value == nil {
			return nil, c.invalid(name, name+" is missing"), false
		}
	}
	for _, name := range []string{"name", "workspace"} {
		if value, there := o[name]; there {
			if text, ok := value.(string); !ok || len(text) > 250 {
				return nil, c.invalid(name, name+" is a text of 250 characters at most"), false
			}
		}
	}
	if have != nil && have.text("workspace") != "" {
		o.fallback("workspace", have.text("workspace"))
	}
	for _, workspace := range []string{o.text("workspace"), have.text("workspace")} {
		if !c.account.writes(workspace) {
			return nil, c.refuse(http.StatusForbidden, "Forbidden", "The role does not allow this in the workspace: it takes Editor or Approver"), false
		}
	}
	delete(o, "id")
	return o, answer{}, true
}

// stamped gives an object the times of a change.
func (c *targetCall) stamped(o, have object) object {
	o["modifiedAt"], o["createdAt"] = stamp(c.now), stamp(c.now)
	if have != nil && have["createdAt"] != nil {
		o["createdAt"] = have["createdAt"]
	}
	return o
}

// SetAudiences makes a tenant have that many audiences beside those that were written. They are made when they are asked for, in
// the order of their names, ids and times; what was changed of them is forgotten.
func (s *Sim) SetAudiences(tenant string, n int) error {
	return s.inTenant(tenant, func(of *customer) { of.audiences.generate(n) })
}

// ChangeAudiences marks audiences as changed now: count of them, from the one of a number (0 is the first).
func (s *Sim) ChangeAudiences(tenant string, from, count int) error {
	return s.inTenant(tenant, func(of *customer) {
		for n := from; n < from+count; n++ {
			id := of.audiences.first + int64(n)
			if o := of.audiences.get(id); o != nil {
				o["modifiedAt"] = stamp(s.now())
				of.audiences.put(id, o)
			}
		}
	})
}

// DeleteAudiences deletes audiences: count of them, from the one of a number.
func (s *Sim) DeleteAudiences(tenant string, from, count int) error {
	return s.inTenant(tenant, func(of *customer) {
		for n := from; n < from+count; n++ {
			if id := of.audiences.first + int64(n); of.audiences.get(id) != nil {
				of.audiences.remove(id)
			}
		}
	})
}

func (s *Sim) inTenant(tenant string, do func(*customer)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	of := s.find(func(of *Customer) bool { return of.Tenant == tenant })
	if of == nil {
		return fmt.Errorf("there is no tenant %q", tenant)
	}
	do(of)
	return nil
}
