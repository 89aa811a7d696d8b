package trial

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"latchkey/internal/destination"
	"latchkey/internal/exchange"
	"latchkey/internal/secret"
)

// words say what went wrong, and what a connection does then.
func words(err error) (says, means string) {
	failure, ok := errors.AsType[*exchange.Failure](err)
	if !ok {
		return err.Error(), ""
	}
	says = cmp.Or(failure.Description, failure.Code)
	if failure.Code != "" && failure.Code != exchange.CannotSend && says != failure.Code {
		says = failure.Code + ": " + says
	}
	if failure.Status != 0 {
		says = fmt.Sprintf("The provider answered %d. %s", failure.Status, says)
	}
	if failure.Step != "" {
		says = "In the step " + failure.Step + ": " + says
	}
	return says, meaning(failure)
}

func meaning(failure *exchange.Failure) string {
	switch {
	case failure.Code == exchange.CannotSend:
		return "Nothing can be sent: mend the definition, or what was entered."
	case failure.Kind == exchange.GrantDead:
		return "The grant is over. A connection needs a new consent, or new values; it says so, and tells those who are told of it. It does not try again by itself."
	case failure.Kind == exchange.ClientDead:
		return "The client itself is refused: look at the client id, the secret and how they are sent (useBasicAuth). Every connection of the client is affected; none loses its grant."
	case failure.Kind == exchange.ProviderDown && failure.RetryAfter > 0:
		return "The last token is given while it lives, and it is tried again in " + failure.RetryAfter.String() + ", as the provider asks."
	case failure.Kind == exchange.ProviderDown && failure.Unanswered:
		return "Nobody knows whether the provider has done it. The last token is given while it lives; the same refresh token is presented again, as options.refresh allows."
	case failure.Kind == exchange.ProviderDown:
		return "The last token is given while it lives, and it is tried again, later each time. The grant is left alone."
	case failure.Kind.Final(failure.Code):
		return "The provider says no for good: the customer has to consent anew."
	case failure.Kind == exchange.Denied:
		return "The provider says no to this request. The grant is left alone, and it is tried again later."
	}
	return "The answer can't be used: compare it with what the definition reads (accessTokenResponsePath, responseFields, validations). It is tried again later."
}

// hide remembers what must not be told.
func (r *run) hide(secrets ...secret.String) {
	for _, s := range secrets {
		if !s.Empty() {
			r.hidden = append(r.hidden, s.Reveal())
		}
	}
}

var (
	hiddenParams = regexp.MustCompile(`((?:^|[&?])(?:client_secret|password|code|refresh_token|access_token|assertion|client_assertion|code_verifier|jwt_token|state)=)[^&\s]+`)
	hiddenValues = regexp.MustCompile(`("(?:access_token|refresh_token|id_token|accessToken|refreshToken|client_secret|password|code|secret)"\s*:\s*")[^"]+`)
	hiddenAuth   = regexp.MustCompile(`^(\S+ ).+`)
)

// told gives the steps with everything secret masked.
func (r *run) told() []Step {
	for _, name := range r.in.Fields.Names() {
		value, _ := r.in.Fields.Value(name)
		if s, ok := value.(secret.String); ok {
			r.hide(s)
		}
	}
	for i := range r.steps {
		for n := range r.steps[i].Exchanges {
			e := &r.steps[i].Exchanges[n]
			e.URL, e.Body, e.Answer = r.masked(e.URL), r.masked(e.Body), r.masked(e.Answer)
			for h := range e.Headers {
				if e.Headers[h].Name == "Authorization" {
					e.Headers[h].Value = hiddenAuth.ReplaceAllString(e.Headers[h].Value, "${1}"+destination.Mask)
				}
			}
		}
	}
	return r.steps
}

func (r *run) masked(text string) string {
	for _, hidden := range r.hidden {
		text = strings.ReplaceAll(text, hidden, destination.Mask)
		text = strings.ReplaceAll(text, url.QueryEscape(hidden), destination.Mask)
	}
	text = hiddenParams.ReplaceAllString(text, "${1}"+destination.Mask)
	return hiddenValues.ReplaceAllString(text, "${1}"+destination.Mask)
}
