package provider

import "time"

// learn takes in what the store keeps: what an earlier process or another node has seen.
func (h *Health) learn(kept Kept) {
	now := h.config.Clock.Now()
	for _, known := range kept.Known {
		if now.Sub(known.At) >= forgetAfter {
			continue
		}
		s := h.site(known.Host)
		if s.tenants[known.Organization] == nil {
			s.tenants[known.Organization] = &tenant{seen: known.At, noted: known.At}
		}
		s.lastCall = later(s.lastCall, known.At)
		s.mu.Unlock()
	}
	for host, standing := range kept.Standings {
		s := h.site(host)
		switch {
		case !standing.Down:
			s.breaker.revoke(standing.Since)
		case s.breaker.phase == closed && s.lastGood.Before(standing.Since) && s.last.At.IsZero():
			// Only where this process has not tried itself: its own eyes are better.
			s.breaker.recall(now, standing.Since)
			s.sick = standing.Last
		}
		s.mu.Unlock()
	}
	h.agree(kept.Open)
}

// agree makes the open incidents those that the store keeps. What waits to be written is newer: then nothing happens.
func (h *Health) agree(kept []Incident) {
	open := map[string]bool{}
	for _, incident := range kept {
		open[incident.ID] = true
		s := h.site(incident.Host)
		if !h.scribe.behind() && s.troubles[incident.Mark] == nil {
			s.troubles[incident.Mark] = &trouble{Incident: incident, asked: h.config.Clock.Now(), stored: true}
		}
		s.mu.Unlock()
	}
	h.all(func(s *site) {
		for mark, t := range s.troubles {
			if t.stored && !open[t.ID] { // another node has ended it
				delete(s.troubles, mark)
			}
		}
	})
}

// confirm notes that an incident is stored, under the id that another node may have given it.
func (h *Health) confirm(mark Mark, kept Incident) {
	s := h.site(kept.Host)
	defer s.mu.Unlock()
	if t := s.troubles[mark]; t != nil {
		t.ID, t.OpenedAt, t.stored = kept.ID, kept.OpenedAt, true
	}
}

// tidy ends incidents that nobody asks under, and forgets providers that nobody calls.
func (h *Health) tidy(now time.Time) {
	h.all(func(s *site) {
		for _, t := range s.troubles {
			if now.Sub(t.asked) >= incidentIdle {
				s.end(now, t, Idle)
			}
		}
		idle := s.queue.len() == 0 && s.pace.inFlight == 0 && len(s.troubles) == 0 && s.breaker.phase == closed
		if idle && !s.lastCall.IsZero() && now.Sub(s.lastCall) >= forgetAfter {
			s.gone = true
			h.sites.Delete(s.name)
		}
	})
}
