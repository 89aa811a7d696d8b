package adobesim

import (
	"crypto/subtle"
	"encoding/xml"
	"net/http"
	"slices"
)

// Target Classic, which the vendor switched off in 2017: the call by which AEM checks e-mail and password, the discovery of
// endpoints, and segments (spec/aem-target-analytics.md §2.2). The forms of its answers are this stand-in's own.

type campaigns struct {
	XMLName   xml.Name   `xml:"campaigns"`
	Campaigns []campaign `xml:"campaign"`
}

type campaign struct {
	ID    int64  `xml:"id"`
	Name  string `xml:"name"`
	State string `xml:"state"`
}

type hostGroups struct {
	XMLName xml.Name `xml:"hostGroups"`
	Names   []string `xml:"hostGroup"`
}

type classicError struct {
	XMLName xml.Name `xml:"error"`
	Message string   `xml:"message"`
}

func classicRefuses(status int, message string) answer {
	return xmlAnswer(status, classicError{Message: message})
}

// login finds whose client code, e-mail and password a call has; nil for nobody's.
func (s *Sim) login(c *call) *customer {
	of := s.find(func(of *Customer) bool { return of.ClientCode != "" && of.ClientCode == c.query.Get("client") })
	if of == nil || of.Email != c.query.Get("email") || subtle.ConstantTimeCompare([]byte(of.Password), []byte(c.query.Get("password"))) == 0 {
		return nil
	}
	return of
}

func (s *Sim) classic(c *call) answer {
	if !slices.Equal(c.path, []string{"api"}) {
		return classicRefuses(http.StatusNotFound, "There is no such page")
	}
	of := s.login(c)
	if of == nil {
		return classicRefuses(http.StatusUnauthorized, "The client, e-mail or password is wrong")
	}
	switch c.query.Get("operation") {
	case "campaignList":
		out := campaigns{}
		for _, id := range of.activities.by("id") {
			o := of.activities.get(id)
			out.Campaigns = append(out.Campaigns, campaign{id, o.text("name"), o.text("state")})
		}
		return xmlAnswer(http.StatusOK, out)
	case "getHostGroups":
		return xmlAnswer(http.StatusOK, hostGroups{Names: []string{"Production", "Staging"}})
	}
	return classicRefuses(http.StatusBadRequest, "There is no such operation")
}

// classicAdmin tells where a client's admin API is, and is that API too.
func (s *Sim) classicAdmin(c *call) answer {
	if len(c.path) == 4 && slices.Equal(c.path[:3], []string{"rest", "v1", "endpoint"}) {
		if s.find(func(of *Customer) bool { return of.ClientCode == c.path[3] }) == nil {
			return jsonAnswer(http.StatusNotFound, map[string]string{"error": "There is no such client"})
		}
		return jsonAnswer(http.StatusOK, map[string]string{"api": "https://" + ClassicAdmin1Host + "/admin/rest/v1"})
	}
	known := []string{"admin/rest/v1/segments/1.json", "admin/rest/v5/segments", "rest/v5/segments"}
	if !slices.ContainsFunc(known, func(path string) bool { return slices.Equal(split(path), c.path) }) {
		return jsonAnswer(http.StatusNotFound, map[string]string{"error": "There is no such page"})
	}
	of := s.login(c)
	if of == nil {
		return jsonAnswer(http.StatusUnauthorized, map[string]string{"error": "The client, e-mail or password is wrong"})
	}
	segments := []object{}
	for _, id := range of.audiences.by("id") {
		o := of.audiences.get(id)
		segments = append(segments, object{"id": id, "name": o.text("name"), "description": o.text("description"), "modifiedAt": o.text("modifiedAt")})
	}
	return jsonAnswer(http.StatusOK, object{"total": len(segments), "segments": segments})
}
