package web

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/pipelined/fleet"
	"latchkey/internal/project"
	"latchkey/internal/secret"
)

// The migration of an instance's daemons to another credential, step by step: the new one is handed over to them, or the file
// of each host gets it and all are told to take it up; each proves it before it switches, and says what came of it; then it is
// finished, or taken back.

// migrationView is the page of it.
type migrationView struct {
	instanceView
	// Step is at which of the steps it stands: "prepare", "running" or "decide".
	Step                    string
	Order, Finish, Rollback *form
	// Hand hands a credential over; nil where that can't be done, and HandNot says why not.
	Hand    *form
	HandNot string
	// Waiting are those that have not carried out the last order; Failed those that could not.
	Waiting, Failed []string
	// Sum is what came of it at all hosts together.
	Sum string
	// Says is the state in a sentence.
	Says, Tone string
	Live       bool
}

func (v *visit) migrationView() (migrationView, error) {
	found, err := v.instance()
	if err != nil {
		return migrationView{}, err
	}
	view := migrationView{instanceView: found, Step: "prepare"}
	var received, suppressed int64
	reports := 0
	for _, d := range view.Daemons {
		if d.Report != nil {
			reports++
			received, suppressed = received+d.Report.Received, suppressed+d.Report.Suppressed
		}
		if d.Quiet || d.CarriedOut >= view.Told.Number {
			continue
		}
		view.Waiting = append(view.Waiting, d.Host)
	}
	for _, d := range view.Daemons {
		if d.Failure != "" && !d.Quiet {
			view.Failed = append(view.Failed, d.Host+": "+abridged(d.Failure, 600))
		}
	}
	view.Sum = fmt.Sprintf("%s received, %s lost, %s duplicates suppressed", grouped(received), grouped(view.Lost), grouped(suppressed))
	view.stand(v, reports)
	if view.May {
		act := func(name, submit string) *form {
			return v.form(view.Path+"/order", submit).hide("do", name)
		}
		view.Order = v.form(view.Path+"/order", "Tell them to move", text("fingerprint", "Fingerprint of the new credential", v.text("fingerprint"),
			"Daemons whose file holds another one wait until it holds this one. Blank takes whatever each file holds.").maybe()).hide("do", string(fleet.Migrate))
		view.Finish, view.Rollback = act(string(fleet.Finish), "Finish: let go of the old credential"), act(string(fleet.Rollback), "Go back to the old credential")
		view.Rollback.Cancel = view.Path
		return view, v.handForm(&view)
	}
	return view, nil
}

// handForm makes the form that hands a credential over.
func (v *visit) handForm(view *migrationView) error {
	all, err := v.Credentials.List(v.r.Context(), v.caller, project.Selection{Page: project.Page{Limit: listLimit}})
	if err != nil {
		return err
	}
	choice := []choiceOption{{Value: "", Label: "Choose a credential"}}
	for _, c := range all {
		if c.Kind.Enterprise() && c.Enabled {
			choice = append(choice, choiceOption{Value: c.ID, Label: c.Name + ", client id " + c.ClientID})
		}
	}
	var to []string
	for _, d := range view.Daemons {
		switch {
		case d.Quiet:
		case !d.Runs:
			view.HandNot = "The daemon on " + d.Host + " tells with a key that can be handed nothing: " + d.ToldBy + " lacks the scope pipeline:run."
		default:
			to = append(to, d.Host)
		}
	}
	switch {
	case len(choice) == 1:
		view.HandNot = "There is no credential of a service account or of OAuth server-to-server to hand over."
	case len(to) == 0 && view.HandNot == "":
		view.HandNot = "No daemon has told of itself within the minute, so that nobody would take it."
	}
	if view.HandNot != "" {
		return nil
	}
	view.Hand = v.form(view.Path+"/order", "Hand it over to "+strings.Join(to, ", "),
		options("credential", "New credential", "Its client secret goes with it. It lies here, sealed, until every host has it, for an hour at most.", v.text("credential"), choice...).needed(),
		text("private_key", "Private key", "", "Of a service account (JWT): the key of one of its certificates. Blank for OAuth server-to-server.").of(keyInput).maybe(),
	).hide("do", string(fleet.Migrate)).hide("way", "hand")
	return nil
}

// orderFor is how long an order is waited for before a page says that something is wrong.
const orderFor = 3 * time.Minute

// stand says at which step it stands.
func (view *migrationView) stand(v *visit, reports int) {
	late := !view.Told.At.IsZero() && v.Clock.Now().Sub(view.Told.At) > orderFor
	switch {
	case len(view.Waiting) > 0 && !late:
		view.Step, view.Live = "running", true
		view.Says = "Under way: " + strings.Join(view.Waiting, ", ") + " " + has(len(view.Waiting)) + " not carried it out yet."
	case len(view.Waiting) > 0:
		view.Step, view.Tone = "running", "bad"
		view.Says = strings.Join(view.Waiting, ", ") + " " + has(len(view.Waiting)) + " not carried out what was told " + ago(view.Told.At, v.Clock.Now()) + "."
	case reports > 0:
		view.Step, view.Tone = "decide", "good"
		view.Says = "All have moved: " + view.Sum + "."
		if view.Lost > 0 {
			view.Tone, view.Says = "bad", "All have moved, and a gap was found: "+view.Sum+"."
		}
	default:
		view.Says = "No migration is under way."
		if view.Told.Action == fleet.Finish {
			view.Says = "The last migration was finished " + ago(view.Told.At, v.Clock.Now()) + "."
		}
	}
}

func has(n int) string {
	if n == 1 {
		return "has"
	}
	return "have"
}

func (v *visit) instanceMigration() error {
	view, err := v.migrationView()
	if err != nil {
		return err
	}
	withStreams(v.w.Header())
	return v.show(http.StatusOK, "instance_migration", "Migration of "+view.Name, &view)
}

// instanceOrder tells the daemons to move, to go back, or to finish.
func (v *visit) instanceOrder() error {
	if err := v.caller.Require(access.RegistryWrite); err != nil {
		return err
	}
	view, err := v.migrationView()
	if err != nil {
		return err
	}
	action := fleet.Action(v.value("do"))
	at, offer := view.Order, fleet.Offer{}
	switch by := v.value("way") == "hand"; {
	case by && view.Hand == nil:
		err = &fleet.InvalidError{Message: view.HandNot, Fix: "or put the credential into the files"}
	case by && v.value("credential") == "":
		at, err = view.Hand, &fleet.InvalidError{Pointer: "/credential", Message: "no credential is chosen", Fix: "choose the one to hand over"}
	case by:
		at, offer = view.Hand, fleet.Offer{Credential: v.value("credential"), PrivateKey: secret.New(v.value("private_key"))}
		fallthrough
	default:
		_, err = v.Fleet.Give(v.r.Context(), v.caller, fleet.Order{Instance: view.Name, Action: action, Fingerprint: v.value("fingerprint")}, offer)
	}
	if problems, ok := told(err); ok {
		at.put(problems)
		withStreams(v.w.Header())
		return v.show(http.StatusUnprocessableEntity, "instance_migration", "Migration of "+view.Name, &view)
	}
	if err != nil {
		return err
	}
	said := map[fleet.Action]string{
		fleet.Migrate:  "The daemons are told to take up the credential of their files. Each proves it first.",
		fleet.Rollback: "The daemons are told to go back to the credential before.",
		fleet.Finish:   "The daemons are told to let go of the credential before.",
	}
	if offer.Credential != "" {
		said[action] = "The credential is handed over. Each daemon proves it first, and writes it into its file once it serves."
	}
	return v.done(view.Path+"/migration", said[action])
}

// instanceProgress streams how it goes, until nobody is waited for.
func (v *visit) instanceProgress() error {
	if _, err := v.instance(); err != nil {
		return err
	}
	return v.stream(func(l *live) error {
		before := ""
		for {
			view, err := v.migrationView()
			if err != nil {
				return err
			}
			if !view.Live {
				return l.send("done", nil)
			}
			if view.Says != before {
				if err := l.send("state", map[string]any{"says": view.Says}); err != nil {
					return err
				}
			}
			before = view.Says
			if !l.wait(nil, progressEvery) {
				return nil
			}
		}
	})
}
