package adobesim

import (
	"fmt"
	"net/http"
	"time"
)

func newOffers() *collection { return newCollection("offers", 2_000_000, 4, sampleOffer) }

func sampleOffer(n int) object {
	o := object{"name": fmt.Sprintf("Offer %d", n+1), "type": "content", "modifiedAt": stamp(begun.Add(time.Duration(n) * time.Minute)), "content": fmt.Sprintf("<p>Offer %d</p>", n+1)}
	if n%2 == 1 {
		o["type"], o["content"] = "json", object{"offer": n + 1}
	}
	return o
}

func offerResources() []resource {
	return []resource{
		{"GET", "offers", 2, (*Sim).listOffers},
		{"POST", "offers/*", 2, (*Sim).createOffer},
		{"GET", "offers/*/*", 2, (*Sim).showOffer},
		{"PUT", "offers/*/*", 2, (*Sim).editOffer},
		{"DELETE", "offers/*/*", 2, (*Sim).deleteOffer},
	}
}

func (s *Sim) listOffers(c *targetCall) answer {
	return c.list(c.of.offers, "id name modifiedAt type workspace", func(o object) object { return o.without("content", "createdAt") })
}

// offer gives the one that the path names, if it is of the kind that the path names.
func (c *targetCall) offer() object {
	o := c.visible(c.of.offers, c.id(0))
	if o == nil || o.text("type") != c.rest[1] {
		return nil
	}
	return o
}

func (s *Sim) showOffer(c *targetCall) answer {
	if o := c.offer(); o != nil {
		return jsonAnswer(http.StatusOK, o.without("type", "createdAt"))
	}
	return c.absent()
}

func (s *Sim) createOffer(c *targetCall) answer {
	if c.rest[1] != "content" && c.rest[1] != "json" {
		return c.absent()
	}
	return c.keepOffer(nil, http.StatusCreated)
}

func (s *Sim) editOffer(c *targetCall) answer {
	have := c.offer()
	if have == nil {
		return c.absent()
	}
	return c.keepOffer(have, http.StatusOK)
}

func (c *targetCall) keepOffer(have object, status int) answer {
	o, refused, ok := c.written(have, "name", "content")
	if !ok {
		return refused
	}
	if _, isText := o["content"].(string); !isText && c.rest[1] == "content" {
		return c.invalid("content", "content is a text")
	}
	o["type"] = c.rest[1]
	var id int64
	if have != nil {
		id = c.id(0)
	}
	return jsonAnswer(status, c.of.offers.put(id, c.stamped(o, have)).without("type", "createdAt"))
}

func (s *Sim) deleteOffer(c *targetCall) answer {
	if c.offer() == nil {
		return c.absent()
	}
	return c.delete(c.of.offers)
}
