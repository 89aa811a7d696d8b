package destination

import "container/list"

// planKey names a compiled plan. Revisions never change, so that a plan never goes stale.
type planKey struct {
	definition              string
	revision, configuration int
}

// planCache keeps the plans that were used last. Its user holds a lock.
type planCache struct {
	limit int
	used  *list.List                // of planEntry, the last used in front
	at    map[planKey]*list.Element // key → place in used
}

type planEntry struct {
	key  planKey
	plan *Plan
}

func newPlanCache(limit int) planCache {
	return planCache{limit: limit, used: list.New(), at: map[planKey]*list.Element{}}
}

// get gives a plan, nil when it is not there.
func (c *planCache) get(key planKey) *Plan {
	place := c.at[key]
	if place == nil {
		return nil
	}
	c.used.MoveToFront(place)
	return place.Value.(planEntry).plan
}

// put adds a plan, and drops the one that was not used for longest.
func (c *planCache) put(key planKey, plan *Plan) {
	if c.get(key) != nil {
		return
	}
	c.at[key] = c.used.PushFront(planEntry{key, plan})
	if c.used.Len() > c.limit {
		c.drop(c.used.Back())
	}
}

// forget drops all plans of a definition.
func (c *planCache) forget(definition string) {
	for key, place := range c.at {
		if key.definition == definition {
			c.drop(place)
		}
	}
}

func (c *planCache) drop(place *list.Element) {
	delete(c.at, place.Value.(planEntry).key)
	c.used.Remove(place)
}
