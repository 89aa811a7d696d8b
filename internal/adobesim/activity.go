package adobesim

import (
	"fmt"
	"net/http"
	"slices"
	"time"
)

var activityTypes = []string{"ab", "xt", "abt", "auto_allocate"}

func newActivities() *collection { return newCollection("activities", 3_000_000, 4, sampleActivity) }

func sampleActivity(n int) object {
	at := begun.Add(time.Duration(n) * time.Hour)
	return object{
		"name": fmt.Sprintf("Activity %d", n+1), "thirdPartyId": fmt.Sprintf("activity-%d", n+1), "type": activityTypes[n%len(activityTypes)],
		"state": []string{"approved", "saved"}[n%2], "startsAt": stamp(at), "endsAt": stamp(at.AddDate(1, 0, 0)), "priority": 5 * n,
		"lifetime": object{"start": stamp(at), "end": stamp(at.AddDate(1, 0, 0))}, "reportingSource": "target", "propertyIds": []int64{5_000_000},
		"modifiedAt": stamp(at), "createdAt": stamp(at), "modifiedByName": "Ada Sample",
		"options": []object{{"optionLocalId": 0, "name": "Offer 1", "offerTemplates": []object{}}},
	}
}

func activityResources() []resource {
	out := []resource{
		{"GET", "activities", 3, (*Sim).listActivities},
		{"GET", "activities/*/changelog", 1, (*Sim).changelog},
	}
	for _, member := range []string{"name", "state", "priority", "schedule"} {
		out = append(out, resource{"PUT", "activities/*/" + member, 1, (*Sim).setActivity})
	}
	for path, versions := range map[string]int{"ab": 3, "xt": 3, "abt": 2, "autoallocate": 1} {
		out = append(out,
			resource{"POST", "activities/" + path, versions, (*Sim).createActivity},
			resource{"GET", "activities/" + path + "/*", versions, (*Sim).showActivity},
			resource{"PUT", "activities/" + path + "/*", versions, (*Sim).editActivity},
			resource{"DELETE", "activities/" + path + "/*", versions, (*Sim).deleteActivity},
			// Adobe's own client asks for reports in version 3, and the specification has 1.
			resource{"GET", "activities/" + path + "/*/report/performance", 3, (*Sim).performance},
			resource{"GET", "activities/" + path + "/*/report/orders", 3, (*Sim).orders},
		)
	}
	return out
}

func (s *Sim) listActivities(c *targetCall) answer {
	return c.list(c.of.activities, "id name endsAt thirdPartyId state type priority", func(o object) object { return o.without("options", "locations", "experiences", "metrics") })
}

// activity gives the one of an id, if it is of the type that the path names.
func (c *targetCall) activity(id int64) object {
	o := c.visible(c.of.activities, id)
	if o == nil || o.text("type") != activityType(c.rest[1]) {
		return nil
	}
	return o
}

func activityType(path string) string {
	if path == "autoallocate" {
		return "auto_allocate"
	}
	return path
}

func (s *Sim) showActivity(c *targetCall) answer {
	if o := c.activity(c.id(0)); o != nil {
		return jsonAnswer(http.StatusOK, o)
	}
	return c.absent()
}

func (s *Sim) createActivity(c *targetCall) answer {
	o, refused, ok := c.written(nil, "name")
	if !ok {
		return refused
	}
	o.fallback("state", "saved")
	o.fallback("priority", 0)
	o["type"] = activityType(c.rest[1])
	return jsonAnswer(http.StatusCreated, c.of.activities.put(0, c.stamped(o, nil)))
}

func (s *Sim) editActivity(c *targetCall) answer {
	have := c.activity(c.id(0))
	if have == nil {
		return c.absent()
	}
	o, refused, ok := c.written(have, "name")
	if !ok {
		return refused
	}
	for _, name := range []string{"state", "priority"} {
		o.fallback(name, have[name])
	}
	o["type"] = have["type"]
	return jsonAnswer(http.StatusOK, c.of.activities.put(c.id(0), c.stamped(o, have)))
}

func (s *Sim) deleteActivity(c *targetCall) answer {
	if c.activity(c.id(0)) == nil {
		return c.absent()
	}
	return c.delete(c.of.activities)
}

// setActivity sets the one member that the path names.
func (s *Sim) setActivity(c *targetCall) answer {
	have := c.visible(c.of.activities, c.id(1))
	if have == nil {
		return c.absent()
	}
	member := c.rest[2]
	o, refused, ok := c.written(have, member)
	if !ok {
		return refused
	}
	switch value := o[member]; member {
	case "state":
		if text, _ := value.(string); !slices.Contains([]string{"approved", "saved", "deactivated", "deleted"}, text) {
			return c.invalid(member, "state is one of approved, saved, deactivated, deleted")
		}
	case "priority":
		if n, ok := value.(float64); !ok || n < 0 || n > 999 {
			return c.invalid(member, "priority is a number from 0 to 999")
		}
	}
	next := have.without()
	next[member] = o[member]
	return jsonAnswer(http.StatusOK, object{"id": c.of.activities.put(c.id(1), c.stamped(next, have))["id"], member: o[member]})
}

func (s *Sim) changelog(c *targetCall) answer {
	have := c.visible(c.of.activities, c.id(1))
	if have == nil {
		return c.absent()
	}
	return jsonAnswer(http.StatusOK, object{"total": 1, "offset": 0, "limit": 2147483647, "activityChangelogs": []object{
		{"modifiedAt": have["modifiedAt"], "activityParameters": []object{{"parameter": "name", "changedValue": have["name"]}}},
	}})
}

func (s *Sim) performance(c *targetCall) answer {
	have := c.activity(c.id(2))
	if have == nil {
		return c.absent()
	}
	return jsonAnswer(http.StatusOK, object{
		"reportParameters": object{"activityId": have["id"], "environmentId": 6_000_000, "reportInterval": stamp(begun) + "/" + stamp(begun.AddDate(0, 1, 0))},
		"activity":         object{"id": have["id"], "name": have["name"], "type": have["type"], "state": have["state"]},
		"report":           object{"statistics": object{"totals": object{"visitor": object{"totals": object{"entries": 1000}}}}},
	})
}

func (s *Sim) orders(c *targetCall) answer {
	have := c.activity(c.id(2))
	if have == nil {
		return c.absent()
	}
	return jsonAnswer(http.StatusOK, object{
		"reportParameters": object{"activityId": have["id"], "environmentId": 6_000_000},
		"activity":         object{"id": have["id"], "name": have["name"], "type": have["type"], "state": have["state"]},
		"report":           object{"orders": []object{{"orderId": "1", "total": 10.5, "time": stamp(begun)}}},
	})
}
