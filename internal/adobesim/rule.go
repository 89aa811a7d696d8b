package adobesim

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
)

const ruleLimit = 100

// Rule puts faults on requests. What is empty matches everything; Times 0 means until the rule is cleared.
type Rule struct {
	// Host is one of [Hosts], or [AuthorityHost].
	Host string `json:"host,omitempty"`
	// Path is the beginning of a path.
	Path string `json:"path,omitempty"`
	// ClientID is an API key.
	ClientID string `json:"client_id,omitempty"`
	Fault    string `json:"fault"`
	Times    int    `json:"times,omitempty"` // how many requests it still applies to
}

// place is where a request is, or a credential is read.
type place struct{ host, path, client string }

func (r Rule) matches(p place) bool {
	return (r.Host == "" || r.Host == p.host) && strings.HasPrefix(p.path, r.Path) && (r.ClientID == "" || r.ClientID == p.client)
}

// at names the place of a rule: there is one rule a place.
func (r Rule) at() place { return place{r.Host, r.Path, r.ClientID} }

type rules struct {
	mu   sync.Mutex
	list []activeRule
}

type activeRule struct {
	Rule
	settings []setting
}

// SetFault puts a rule in force, in place of one with the same host, path and client.
func (s *Sim) SetFault(rule Rule) error {
	settings, err := parseFaults(rule.Fault)
	if err != nil {
		return fmt.Errorf("setting a fault: %w", err)
	}
	if len(settings) == 0 || rule.Times < 0 {
		return fmt.Errorf("setting a fault: it wants a fault, and times of 0 (for ever) or more; the faults are: %s", faultNames(Faults()))
	}
	if rule.Times > 0 && slices.ContainsFunc(settings, func(s setting) bool { return s.fault.Where == ofCredential }) {
		return errors.New("setting a fault: a credential is read more than once a request, so its faults have no times; clear the rule instead")
	}
	rule.Host = strings.ToLower(rule.Host)
	if rule.Host != "" && rule.Host != AuthorityHost && !Serves(rule.Host) {
		return fmt.Errorf("setting a fault: the host is none of %s, %s", AuthorityHost, strings.Join(Hosts(), ", "))
	}
	return s.rules.set(activeRule{Rule: rule, settings: settings})
}

// Rules lists the rules in force.
func (s *Sim) Rules() []Rule {
	s.rules.mu.Lock()
	defer s.rules.mu.Unlock()
	out := make([]Rule, len(s.rules.list))
	for i, r := range s.rules.list {
		out[i] = r.Rule
	}
	return out
}

// ClearFaults takes the rules away that are at a rule's host, path and client; the zero Rule clears all.
func (s *Sim) ClearFaults(within Rule) int { return s.rules.clear(within) }

func (r *rules) set(rule activeRule) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = slices.DeleteFunc(r.list, func(have activeRule) bool { return have.at() == rule.at() })
	if len(r.list) >= ruleLimit {
		return fmt.Errorf("setting a fault: there are %d rules already", ruleLimit)
	}
	r.list = append(r.list, rule)
	return nil
}

func (r *rules) clear(within Rule) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	before := len(r.list)
	r.list = slices.DeleteFunc(r.list, func(have activeRule) bool { return within.matches(have.at()) })
	return before - len(r.list)
}

// take gives the settings of the rules that a request falls under, and counts it against them.
func (r *rules) take(p place) []setting {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []setting
	kept := r.list[:0]
	for _, rule := range r.list {
		if !rule.matches(p) {
			kept = append(kept, rule)
			continue
		}
		out = append(out, rule.settings...)
		if rule.Times != 1 {
			rule.Times = max(0, rule.Times-1)
			kept = append(kept, rule)
		}
	}
	clear(r.list[len(kept):])
	r.list = kept
	return out
}

// see gives the settings of the rules at a place, and counts nothing.
func (r *rules) see(p place) (out []setting) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, rule := range r.list {
		if rule.matches(p) {
			out = append(out, rule.settings...)
		}
	}
	return out
}
