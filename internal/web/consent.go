package web

import (
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"latchkey/internal/connection"
	"latchkey/internal/exchange"
)

// cookiePath is where the browser sends the cookie that binds it to an attempt: the callback, and nothing else.
const cookiePath = "/data/core/activation/oauth/"

// connect is where a customer's browser begins: it is bound by a cookie and sent to the provider.
func (p *Pages) connect(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet {
		return // a preview's HEAD must not take the attempt over
	}
	begun, err := p.Consents.Begin(r.Context(), r.PathValue("attempt"))
	if err != nil {
		p.consentError(w, r, err, http.StatusNotFound)
		return
	}
	withOpener(w.Header())
	life := max(time.Second, begun.ExpiresAt.Sub(p.Clock.Now()))
	setCookie(w, r, cookie{begun.CookieName, begun.CookieValue, cookiePath, life})
	http.Redirect(w, r, p.BrowserURL(begun.RedirectURL), http.StatusFound)
}

// callback is where the provider sends the browser back.
func (p *Pages) callback(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet {
		return
	}
	result, err := p.Consents.Callback(r.Context(), connection.CallbackRequest{
		Query: r.URL.Query(), RedirectURI: p.redirectURI(r),
		Cookie: func(name string) string { return cookieValue(r, name) },
	})
	if err != nil {
		p.consentError(w, r, err, http.StatusBadRequest)
		return
	}
	withOpener(w.Header())
	if (result.Failure != nil || result.ReturnURL == "") && p.linkEnded(w, r, result) {
		return
	}
	if result.Failure != nil {
		p.consentFailed(w, r, result)
		return
	}
	if result.ReturnURL != "" {
		http.Redirect(w, r, result.ReturnURL, http.StatusSeeOther)
		return
	}
	p.message(w, r, connected(result.Connection))
}

// redirectURI is the address that was called, as the provider was told it; "" when a proxy changed the host, and it
// can't be known.
func (p *Pages) redirectURI(r *http.Request) string {
	scheme := "http://"
	if r.TLS != nil {
		scheme = "https://"
	}
	for _, base := range p.PublicURLs {
		base = strings.TrimRight(base, "/")
		if strings.EqualFold(base, scheme+r.Host) {
			return base + connection.CallbackPath
		}
	}
	return ""
}

// consentError answers for a consent that could not begin or go on. unknown is the status of a link or a state that
// was never made.
func (p *Pages) consentError(w http.ResponseWriter, r *http.Request, err error, unknown int) {
	for _, row := range []struct {
		err error
		m   message
	}{
		{connection.ErrAttemptUnknown, messageUnknown.as(unknown)},
		{connection.ErrAttemptUsed, messageUsed},
		{connection.ErrAttemptExpired, messageExpired},
		{connection.ErrOtherBrowser, messageOtherBrowser},
	} {
		if errors.Is(err, row.err) {
			p.message(w, r, row.m)
			return
		}
	}
	if failed, ok := errors.AsType[*connection.ProviderError](err); ok {
		p.message(w, r, failure(failed.Failure, ""))
		return
	}
	p.Log.ErrorContext(r.Context(), "a consent failed for a reason that nobody planned for", slog.Any("error", err))
	p.message(w, r, messageBroken)
}

func (p *Pages) consentFailed(w http.ResponseWriter, r *http.Request, result connection.CallbackResult) {
	p.Log.InfoContext(r.Context(), "a consent ended without a token", slog.String("connection", result.Connection.ID),
		slog.String("kind", result.Failure.Kind.String()), slog.String("code", result.Failure.Code))
	p.message(w, r, failure(result.Failure, result.ReturnURL))
}

// connected is the page after a consent that worked.
func connected(c connection.Connection) message {
	name := c.Label
	if name == "" {
		name = c.ID
	}
	return message{
		Status: http.StatusOK, Tone: "good", Title: "Connected",
		Text: []string{
			"The account at " + c.DefinitionName + " is connected as “" + name + "”. Its token is kept fresh from now on.",
			"You can close this window.",
		},
		Facts: []fact{{"Connection", c.ID, true}, {"Sandbox", c.Sandbox, false}},
	}
}

// failure is the page after a consent that did not work: what happened, whose move it is, the provider's own words.
func failure(f *exchange.Failure, returnURL string) message {
	m := failures[f.Kind]
	m.Tone = "bad"
	if f.Kind == exchange.Denied && f.Code == "access_denied" {
		m = messageDeclined
	}
	for _, row := range []fact{
		{"Error", f.Code, true}, {"The provider says", f.Description, false}, {"Check that failed", f.Validation, false}, {"Asked", f.Endpoint, true},
	} {
		if row.Value != "" {
			m.Facts = append(m.Facts, row)
		}
	}
	if returnURL != "" {
		m.Link, m.LinkText = returnURL, "Go back"
	}
	return m
}

// failures say what each class of failure means for who is in front of the browser.
var failures = map[exchange.Kind]message{
	exchange.GrantDead: {
		Status: http.StatusBadRequest, Title: "The provider did not accept the consent",
		Text: []string{"You agreed, but the code that came back was refused: codes are good once and for a short time.", "Open the link that you were given once more. If this page comes again, the client's registration at the provider does not fit the definition."},
	},
	exchange.ClientDead: {
		Status: http.StatusBadGateway, Title: "The provider does not know this client",
		Text: []string{"Your consent was given, but the provider refused the client itself. There is nothing that you can do here.", "Whoever runs this service has to check the definition's client id and client secret, and that this address is registered as a redirect URI."},
	},
	exchange.ProviderDown: {
		Status: http.StatusBadGateway, Title: "The provider did not answer",
		Text: []string{"Your consent was given, but the provider could not be reached to turn it into a token. Nothing was stored.", "Wait a little, and open the link that you were given once more."},
	},
	exchange.BadResponse: {
		Status: http.StatusBadGateway, Title: "The provider's answer can't be used",
		Text: []string{"The provider answered, but not with a token that the definition can read. Nothing was stored.", "Whoever runs this service has to compare the definition with what the provider sends."},
	},
	exchange.Denied: {
		Status: http.StatusBadRequest, Title: "The provider said no",
		Text: []string{"The provider understood the request and refused it; its reason stands below. Nothing was stored.", "Open the link that you were given once more, perhaps with another account."},
	},
}
