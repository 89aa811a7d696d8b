package authority

import (
	"context"
	"errors"
	"net/http"
	"time"

	"latchkey/internal/access"
)

// Person is who consents: a user of an organization.
type Person struct {
	// ID is the user's, as tokens name it.
	ID           string
	Organization string
	Email        string
	FirstName    string
	LastName     string
	// Name is what to call the person.
	Name string
	// Rights are the person's at our own APIs.
	Rights access.Caller
	// SignedInAt is when the person last proved who it is, at this browser; zero where there is none.
	SignedInAt time.Time
}

// ErrNoPerson says that there is no such person, or not any more.
var ErrNoPerson = errors.New("there is no such person")

// People tells of a person by id: [ErrNoPerson] for one who was disabled or deleted.
type People func(ctx context.Context, id string) (Person, error)

// Show hands the pages over, once and before anything is served: they are made after the server, of which they know
// nothing. Without them nobody can be asked.
func (s *Server) Show(pages Browser) { s.browser = pages }

// Browser is the side of the server that a person sees: its pages and its session. It belongs to the console, which is
// handed over by [Server.Show].
type Browser interface {
	// Person tells who is signed in at the browser; false for nobody.
	Person(r *http.Request) (Person, bool)
	// SignIn answers with the sign-in page. It MUST ask for a proof whoever is signed in, and lead the browser to back
	// afterwards: a path of this server with its query.
	SignIn(w http.ResponseWriter, r *http.Request, back string)
	// Consent answers with the page that asks. Its form MUST post every one of the fields to the action, with `decision`
	// as allow or deny, and what [Browser.OwnForm] looks for.
	Consent(w http.ResponseWriter, r *http.Request, question Consent)
	// OwnForm tells whether a POST comes from a page that this session was shown.
	OwnForm(r *http.Request) bool
	// SignOut ends the browser's session.
	SignOut(w http.ResponseWriter, r *http.Request)
	// SignedOut answers with a page that says that nobody is signed in any more.
	SignedOut(w http.ResponseWriter, r *http.Request)
	// Refuse answers with a page about what can't be told to a client, because it is not known where that is.
	Refuse(w http.ResponseWriter, r *http.Request, refusal Refusal)
}

// Consent is what a person is asked: may this client have these scopes, in my name?
type Consent struct {
	Person Person
	// Client and Organization are names, for the person to read.
	Client, Organization string
	Scopes               []string
	// Redirect is where the browser goes with the answer; pages MUST allow a form to end there.
	Redirect string
	Action   string
	// Fields are the parameters of the request, by name. Pages MUST leave `decision` and `csrf` out: a link would bring the
	// answer along.
	Fields map[string]string
}

// Refusal is an error for a person's eyes.
type Refusal struct {
	Status     int
	Code, Says string
	DebugID    string
}
