package chaos

import (
	"cmp"
	"strings"
	"testing"
	"time"
)

type killsAt []time.Duration

var origin = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

func (k killsAt) killed(_ string, from, to time.Time) bool {
	for _, at := range k {
		if t := origin.Add(at); !t.Before(from) && !t.After(to) {
			return true
		}
	}
	return false
}

func (k killsAt) restarted(node string, from, to time.Time) bool { return k.killed(node, from, to) }

func (k killsAt) durable(known time.Time) time.Time { return known.Add(commitTime) }

func sent(at, end time.Duration, a answer, whole bool) presentation {
	return presentation{node: "n", at: origin.Add(at), end: origin.Add(end), answer: a, whole: whole}
}

// What the rule allows and what it forbids, one row each.
func TestBreach(t *testing.T) {
	const ms, s = time.Millisecond, time.Second
	usual := Config{}.rule()
	none, family := Config{Reuse: "none"}.rule(), Config{Reuse: "revokes_family"}.rule()
	lost := sent(0, 10*ms, granted, false)
	for _, test := range []struct {
		name   string
		rule   rule
		list   []presentation
		kills  killsAt
		served time.Duration
		usable time.Duration // 5 s when 0
		repeat bool
		want   string
	}{
		{name: "first", rule: usual, list: []presentation{lost}},
		{name: "after refusals", rule: usual, list: []presentation{sent(0, ms, refused, true), sent(60*s, 61*s, granted, true)}},
		{name: "after a lost reply", rule: usual, list: []presentation{lost, sent(s, s+ms, repeated, true)}, repeat: true},
		{name: "too slow", rule: usual, list: []presentation{lost, sent(2*s, 2*s, repeated, true)}, repeat: true, want: "no restart"},
		{name: "slow, but restarted", rule: usual, list: []presentation{lost, sent(2*s, 2*s, repeated, true)}, kills: killsAt{s}, repeat: true},
		{name: "beyond the grace", rule: usual, list: []presentation{lost, sent(11*s, 11*s, dead, true)}, kills: killsAt{s}, usable: 20 * s, repeat: true, want: "more than 10s"},
		{name: "beyond the grace, nothing left to lose", rule: usual, list: []presentation{lost, sent(11*s, 11*s, dead, true)}, kills: killsAt{s}, repeat: true},
		{name: "that again", rule: usual, list: []presentation{lost, sent(11*s, 11*s, dead, true), sent(14*s, 14*s, dead, true)}, kills: killsAt{s}, repeat: true, want: "whole reply"},
		{name: "that again, killed before it knew", rule: usual, list: []presentation{lost, sent(11*s, 11*s, dead, true), sent(12*s, 12*s, dead, true)}, kills: killsAt{s, 11 * s}, repeat: true},
		{name: "the fifth time, killed before it knew", rule: usual, list: []presentation{lost, lost, lost, lost, sent(6*s, 6*s, repeated, true), sent(7*s, 7*s, repeated, true)}, kills: killsAt{6 * s}, repeat: true},
		{name: "the fifth time, and it knew", rule: usual, list: []presentation{lost, lost, lost, lost, sent(6*s, 6*s, repeated, true), lost, sent(9*s, 9*s, repeated, true)}, kills: killsAt{8500 * ms}, repeat: true, want: "more than 3 ×"},
		{name: "refused in between", rule: usual, list: []presentation{lost, sent(s, s, refused, true), sent(11*s, 11*s, dead, true)}, usable: 20 * s, repeat: true, want: "more than 10s"},
		{name: "refused in between, in time", rule: usual, list: []presentation{lost, sent(s, s, refused, true), sent(4*s, 4*s, repeated, true)}, repeat: true},
		{name: "the fourth time", rule: usual, list: []presentation{lost, lost, lost, lost, sent(20*ms, 21*ms, repeated, true)}, repeat: true, want: "more than 3 ×"},
		{name: "the fourth time, nothing left to lose", rule: usual, list: []presentation{lost, lost, lost, lost, sent(6*s, 6*s, repeated, true)}, repeat: true},
		{name: "at the same time", rule: usual, list: []presentation{sent(0, 2*s, granted, true), sent(s, s, repeated, true)}, repeat: true, want: "under way"},
		{name: "answered", rule: usual, list: []presentation{sent(0, ms, granted, true), sent(s, s, repeated, true)}, repeat: true, want: "whole reply"},
		{name: "answered and killed", rule: usual, list: []presentation{sent(0, ms, granted, true), sent(s, s, repeated, true)}, kills: killsAt{5 * ms}, repeat: true},
		{name: "answered and killed much later", rule: usual, list: []presentation{sent(0, ms, granted, true), sent(6*s, 6*s, repeated, true)}, kills: killsAt{5 * s}, repeat: true, want: "whole reply"},
		{name: "dead, asked once more", rule: usual, list: []presentation{sent(0, ms, dead, true), sent(5*s, 5*s, dead, true)}, repeat: true},
		{name: "dead, asked too soon", rule: usual, list: []presentation{sent(0, ms, dead, true), sent(2*s, 2*s, dead, true)}, repeat: true, want: "whole reply"},
		{name: "dead, asked twice more", rule: usual, list: []presentation{sent(0, ms, dead, true), sent(5*s, 5*s, dead, true), sent(12*s, 12*s, dead, true)}, repeat: true, want: "whole reply"},
		{name: "its successor served", rule: usual, list: []presentation{sent(0, ms, granted, true), sent(s, s, repeated, true)}, kills: killsAt{8 * ms}, served: 6 * ms, repeat: true, want: "served"},
		{name: "none: once", rule: none, list: []presentation{lost, sent(s, s, repeated, true)}, repeat: true},
		{name: "none: twice", rule: none, list: []presentation{lost, lost, sent(s, s, repeated, true)}, repeat: true, want: "more than 1 ×"},
		{name: "family: early", rule: family, list: []presentation{lost, sent(s, s, dead, true)}, repeat: true, want: "had ended"},
		{name: "family: in the end", rule: family, list: []presentation{lost, sent(60*s, 60*s, dead, true)}, repeat: true},
	} {
		h := &history{list: test.list, usable: origin.Add(cmp.Or(test.usable, 5*s))}
		if test.served > 0 {
			h.served = origin.Add(test.served)
		}
		repeat, got := test.rule.breach(h, len(test.list)-1, test.kills)
		if repeat != test.repeat || got == "" != (test.want == "") || !strings.Contains(got, test.want) {
			t.Errorf("%s: breach = %v, %q, want %v, %q", test.name, repeat, got, test.repeat, test.want)
		}
	}
}
