package web

import "net/http"

// message is a page that says one thing: what happened, and what to do.
type message struct {
	Status int
	// Tone is good, warn or bad.
	Tone  string
	Title string
	Text  []string
	Facts []fact
	// Link is where to go on, "" for nowhere.
	Link, LinkText string
	// Here is the place of the navigation that it belongs to, "" for none.
	Here string
}

// fact is a row of what is known beside the text.
type fact struct {
	Name, Value string
	// Code sets it in the typewriter's face, with a button that copies it.
	Code bool
}

func (m message) as(status int) message {
	m.Status = status
	return m
}

var (
	messageMissing = message{
		Status: http.StatusNotFound, Tone: "warn", Title: "There is no such page",
		Text: []string{"The address is not one of this server's. Programs find the API under /api/v1."},
		Link: "/", LinkText: "To the start",
	}
	messageMethod = message{
		Status: http.StatusMethodNotAllowed, Tone: "warn", Title: "This page can't be asked that way",
		Text: []string{"The address exists, but not with this HTTP method."}, Link: "/", LinkText: "To the start",
	}
	messageForeign = message{
		Status: http.StatusForbidden, Tone: "bad", Title: "This form did not come from here",
		Text: []string{"The request came from another site, or from a page that was open when you signed out. Nothing was changed.", "Go back to the start and try again from there."},
		Link: "/", LinkText: "To the start",
	}
	messageTicket = message{
		Status: http.StatusGone, Tone: "warn", Title: "This link has signed somebody in already",
		Text: []string{"A sign-in link works once, and for a day. This one was used, or is too old.", "Sign in with your password. On a workstation, start the server again for a new link: it is printed, and it is in dev.json in the data directory."},
		Link: "/sign-in", LinkText: "Sign in with a password",
	}
	messageInvitation = message{
		Status: http.StatusGone, Tone: "warn", Title: "This link sets no password any more",
		Text: []string{"A link to set a password works once, and for seven days. This one was used, is too old, was cut off when it was copied, or a newer one was made.", "If you have set your password, sign in with it. Otherwise ask an administrator of your organization for a new link."},
		Link: "/sign-in", LinkText: "Sign in",
	}
	messageSignedOut = message{
		Status: http.StatusOK, Tone: "good", Title: "You are signed out",
		Text: []string{"Nobody is signed in at this browser any more. Applications that you gave access to keep it until it ends or is revoked."},
		Link: "/sign-in", LinkText: "Sign in again",
	}
	messageUnknown = message{
		Status: http.StatusNotFound, Tone: "warn", Title: "This link is not known",
		Text: []string{"No consent is under way under it. It may have been cut off when it was copied, or its connection may have been deleted meanwhile. Nothing was stored.", "Ask whoever sent it to you for a new one."},
	}
	messageUsed = message{
		Status: http.StatusGone, Tone: "warn", Title: "This link has been used",
		Text: []string{"The consent that it was for has ended, one way or the other: a link is good for one. Going back and forward in the browser leads here too.", "If the account works, there is nothing to do. Otherwise ask for a new link."},
	}
	messageExpired = message{
		Status: http.StatusGone, Tone: "warn", Title: "This link is too old",
		Text: []string{"A consent has to be finished within ten minutes. Nothing was stored.", "Ask for a new link."},
	}
	messageOtherBrowser = message{
		Status: http.StatusBadRequest, Tone: "bad", Title: "The consent was begun in another browser",
		Text: []string{"The browser that comes back from the provider has to be the one that opened the link; this one did not, or it does not keep cookies. Nothing was stored: this keeps somebody else's account from being connected in your name.", "Open the link that you were given in this browser, and go through to the end in the same window."},
	}
	messageDeclined = message{
		Status: http.StatusBadRequest, Tone: "warn", Title: "You did not agree",
		Text: []string{"The provider says that the consent was declined. Nothing was stored, and nothing has changed.", "If that was a slip, ask for a new link and press Allow."},
	}
	messageBroken = message{
		Status: http.StatusInternalServerError, Tone: "bad", Title: "Something broke here",
		Text: []string{"The fault is this server's. What happened is in its log, under the id below.", "Try again; when it stays, give the id to whoever runs the server."},
	}
)

// on puts it at a place of the navigation.
func (m message) on(here string) message {
	m.Here = here
	return m
}
