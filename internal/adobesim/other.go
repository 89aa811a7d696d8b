package adobesim

import (
	"net/http"
	"slices"
)

var mboxNames = []string{"target-global-mbox", "homepage-hero", "cart-recommendation"}

func newProperties() *collection {
	return newCollection("properties", 5_000_000, 2, func(n int) object {
		return object{
			"name": []string{"Web", "Mobile app"}[n], "channel": []string{"web", "mobile"}[n], "description": "A sample.", "workspaces": []string{},
			"token": []string{"6b1f7c3e-0001-4c7b-9a3d-2f0e5a8d1c01", "6b1f7c3e-0002-4c7b-9a3d-2f0e5a8d1c02"}[n], "modifiedAt": stamp(begun), "createdAt": stamp(begun),
		}
	})
}

// otherResources are those that are read more than written.
func otherResources() []resource {
	return []resource{
		{"GET", "mboxes", 1, (*Sim).listMboxes},
		{"GET", "mbox/*", 1, (*Sim).showMbox},
		{"GET", "profileattributes/mbox", 1, fixed("mboxProfileAttributes", []object{{"name": "memberLevel"}, {"name": "favoriteColor"}})},
		{"GET", "properties", 1, (*Sim).listProperties},
		{"POST", "properties", 1, (*Sim).createProperty},
		{"GET", "properties/*", 1, (*Sim).showProperty},
		{"PUT", "properties/*", 1, (*Sim).editProperty},
		{"DELETE", "properties/*", 1, (*Sim).deleteProperty},
		{"GET", "environments", 1, fixed("environments", []object{{"id": 6_000_000, "name": "Production", "default": true}, {"id": 6_000_001, "name": "Staging", "default": false}})},
		{"GET", "hosts", 1, fixed("hosts", []object{{"id": 7_000_000, "name": "www.example.com", "environmentId": 6_000_000, "status": "active"}})},
		{"GET", "revisions", 1, fixed("revisions", []object{})},
		{"GET", "responsetokens", 1, fixed("responseTokens", []object{{"name": "activity.id", "status": "active"}})},
		{"GET", "clients/settings", 1, (*Sim).clientSettings},
		{"GET", "atjs/settings", 1, (*Sim).atjsSettings},
		{"GET", "atjs/versions", 1, fixed("versions", []object{{"version": "2.11.8"}, {"version": "1.8.3"}})},
	}
}

// fixed answers with a list that never changes.
func fixed(plural string, items []object) func(*Sim, *targetCall) answer {
	return func(*Sim, *targetCall) answer {
		return jsonAnswer(http.StatusOK, map[string]any{"total": len(items), "offset": 0, "limit": 2147483647, plural: items})
	}
}

func (s *Sim) listMboxes(*targetCall) answer {
	items := []object{}
	for _, name := range mboxNames {
		items = append(items, mbox(name))
	}
	return jsonAnswer(http.StatusOK, object{"total": len(items), "offset": 0, "limit": 2147483647, "mboxes": items})
}

func mbox(name string) object {
	return object{"name": name, "status": "active", "lastRequestedAt": stamp(begun)}
}

func (s *Sim) showMbox(c *targetCall) answer {
	if !slices.Contains(mboxNames, c.rest[1]) {
		return c.absent()
	}
	o := mbox(c.rest[1])
	o["mboxParameters"] = []object{{"name": "entity.id", "parameterType": "string"}}
	return jsonAnswer(http.StatusOK, o)
}

func (s *Sim) listProperties(c *targetCall) answer {
	return c.list(c.of.properties, "id name", func(o object) object { return o })
}

func (s *Sim) showProperty(c *targetCall) answer {
	if o := c.visible(c.of.properties, c.id(0)); o != nil {
		return jsonAnswer(http.StatusOK, o)
	}
	return c.absent()
}

func (s *Sim) createProperty(c *targetCall) answer { return c.keepProperty(0, nil, http.StatusCreated) }

func (s *Sim) editProperty(c *targetCall) answer {
	have := c.visible(c.of.properties, c.id(0))
	if have == nil {
		return c.absent()
	}
	return c.keepProperty(c.id(0), have, http.StatusOK)
}

func (c *targetCall) keepProperty(id int64, have object, status int) answer {
	o, refused, ok := c.written(have, "name", "channel")
	if !ok {
		return refused
	}
	if !slices.Contains([]string{"web", "mobile", "email", "other"}, o.text("channel")) {
		return c.invalid("channel", "channel is one of web, mobile, email, other")
	}
	if have != nil {
		o["token"] = have["token"]
	} else {
		o["token"] = newID()
	}
	o.fallback("workspaces", []string{})
	return jsonAnswer(status, c.of.properties.put(id, c.stamped(o, have)))
}

func (s *Sim) deleteProperty(c *targetCall) answer { return c.delete(c.of.properties) }

func (s *Sim) clientSettings(c *targetCall) answer {
	return jsonAnswer(http.StatusOK, object{"clientCode": c.of.ClientCode, "adminNumber": 1, "timeZone": "UTC"})
}

func (s *Sim) atjsSettings(c *targetCall) answer {
	return jsonAnswer(http.StatusOK, object{
		"clientCode": c.of.ClientCode, "imsOrgId": c.of.Organization, "serverDomain": c.of.ClientCode + ".tt.omtrdc.net", "globalMboxName": mboxNames[0], "timeout": 5000,
	})
}
