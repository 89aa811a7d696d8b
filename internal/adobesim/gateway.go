package adobesim

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"latchkey/internal/gateway"
	"latchkey/internal/project"
)

// The gateway's words; those of 401010, 401013 and 403000 are not documented.
var gatewaySays = map[string]string{
	gateway.TokenMissing: "Oauth token is missing", gateway.TokenNotValid: "Oauth token is not valid",
	gateway.KeyRequired: "Api Key is required", gateway.KeyInvalid: "Api Key is invalid",
	gateway.ProfileAbsent: "Profile is not valid", gateway.ProfileInvalid: "Profile is not valid",
	gateway.TooManyRequests: "Too many requests",
}

// The rate of Analytics, by user.
const (
	rateCalls  = 12
	rateWindow = 6 * time.Second
)

func gatewayRefuses(code string) answer {
	status, _ := strconv.Atoi(code[:3])
	return jsonAnswer(status, map[string]string{"error_code": code, "message": gatewaySays[code]})
}

// lost is what the gateway says to a path that leads nowhere.
func lost() answer {
	return jsonAnswer(http.StatusInternalServerError, map[string]any{
		"code": http.StatusInternalServerError, "message": "Oops. Something went wrong. Check your URI and try again.",
	})
}

// enter is the gateway in front of a service: it lets a request in, or gives its refusal.
func (s *Sim) enter(c *call, service string) (answer, bool) {
	if c.faults.rateLimit >= 0 {
		return gatewayRefuses(gateway.TooManyRequests).with("Retry-After", strconv.Itoa(c.faults.rateLimit)), false
	}
	code := c.faults.refusal
	if code == "" {
		code = s.admit(c, service)
	}
	if code != "" {
		return gatewayRefuses(code), false
	}
	if service == project.Analytics {
		if wait := s.ask(c.account.User, c.now); wait > 0 {
			seconds := int((wait + time.Second - 1) / time.Second)
			return gatewayRefuses(gateway.TooManyRequests).with("Retry-After", strconv.Itoa(seconds)), false
		}
	}
	return answer{}, true
}

// admit gives the code of a refusal; "" lets the request in.
func (s *Sim) admit(c *call, service string) string {
	token, ok := strings.CutPrefix(c.header.Get("Authorization"), "Bearer ")
	if !ok || strings.TrimSpace(token) == "" {
		return gateway.TokenMissing
	}
	if s.verify == nil {
		return gateway.TokenNotValid
	}
	account, err := s.verify(c.ctx, strings.TrimSpace(token))
	if err != nil {
		return gateway.TokenNotValid
	}
	account.Services = c.faults.credential.services(account.Services)
	c.account = account
	switch key := c.header.Get("X-Api-Key"); {
	case key == "":
		return gateway.KeyRequired
	case key != account.ClientID:
		return gateway.KeyInvalid
	}
	subscription := account.service(service)
	switch {
	case subscription == nil:
		return gateway.KeyInvalid
	case len(subscription.Profiles) == 0:
		return gateway.ProfileInvalid
	}
	return ""
}

// ask counts a call of a user's within the window; it gives how long to wait where there were too many.
func (s *Sim) ask(user string, now time.Time) time.Duration {
	recent := slices.DeleteFunc(s.asked[user], func(at time.Time) bool { return now.Sub(at) >= rateWindow })
	if len(recent) >= rateCalls {
		s.asked[user] = recent
		return recent[0].Add(rateWindow).Sub(now)
	}
	s.asked[user] = append(recent, now)
	return 0
}
