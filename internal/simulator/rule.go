package simulator

import (
	"fmt"
	"slices"
	"strings"
	"sync"
)

const ruleLimit = 100

// Rule puts faults on requests. An empty Host, Path or Grant means any; Times 0 means until the rule is cleared.
type Rule struct {
	Host  string `json:"host,omitempty"`
	Path  string `json:"path,omitempty"`
	Grant string `json:"grant_type,omitempty"`
	Fault string `json:"fault"`
	Times int    `json:"times,omitempty"` // how many requests it still applies to
}

func (r Rule) matches(host, path, grant string) bool {
	return (r.Host == "" || r.Host == host) && (r.Path == "" || r.Path == path) && (r.Grant == "" || r.Grant == grant)
}

// at names the place of a rule: there is one rule a place.
func (r Rule) at() countKey { return countKey{r.Host, r.Path, r.Grant} }

type rules struct {
	mu   sync.Mutex
	list []activeRule
}

type activeRule struct {
	Rule
	settings []setting
}

// SetFault puts a rule in force, in place of one with the same host, path and grant.
func (s *Simulator) SetFault(rule Rule) error {
	settings, err := parseFaults(rule.Fault)
	if err != nil {
		return fmt.Errorf("setting a fault: %w", err)
	}
	if len(settings) == 0 || rule.Times < 0 {
		return fmt.Errorf("setting a fault: it wants a fault, and times of 0 (for ever) or more; the faults are: %s", faultNames(Faults()))
	}
	rule.Host = strings.ToLower(rule.Host)
	if _, ok := locate(rule.Host); rule.Host != "" && !ok {
		return fmt.Errorf("setting a fault: the host is none of *.%s", strings.Join(Hosts(), ", *."))
	}
	return s.rules.set(activeRule{Rule: rule, settings: settings})
}

// Rules lists the rules in force.
func (s *Simulator) Rules() []Rule {
	s.rules.mu.Lock()
	defer s.rules.mu.Unlock()
	out := make([]Rule, len(s.rules.list))
	for i, r := range s.rules.list {
		out[i] = r.Rule
	}
	return out
}

// ClearFaults takes the rules away that are within a rule's host, path and grant; the zero Rule clears all.
func (s *Simulator) ClearFaults(within Rule) int { return s.rules.clear(within) }

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
	r.list = slices.DeleteFunc(r.list, func(have activeRule) bool { return within.matches(have.Host, have.Path, have.Grant) })
	return before - len(r.list)
}

// take gives the settings of the rules that a request falls under, and counts it against them.
func (r *rules) take(host, path, grant string) []setting {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []setting
	kept := r.list[:0]
	for _, rule := range r.list {
		if !rule.matches(host, path, grant) {
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
