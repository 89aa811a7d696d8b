package web

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/pipelined/fleet"
)

// The migration of an instance's daemons to another credential, step by step: the file of each host gets the new one, then all
// are told to take it up, each proves it before it switches, and says what came of it; then it is finished, or taken back.

// migrationView is the page of it.
type migrationView struct {
	instanceView
	// Step is at which of the steps it stands: "prepare", "running" or "decide".
	Step                    string
	Order, Finish, Rollback *form
	// Waiting are those that have not carried out the last order; Failed those that could not.
	Waiting, Failed []string
	// Sum is what came of it at all hosts together; Lost tells that there is a gap.
	Sum  string
	Lost bool
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
	var received, lost, suppressed int64
	reports := 0
	for _, d := range view.Daemons {
		if d.Report != nil {
			reports++
			received, lost, suppressed = received+d.Report.Received, lost+d.Report.Lost, suppressed+d.Report.Suppressed
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
	view.Sum = fmt.Sprintf("%s received, %s lost, %s duplicates suppressed", grouped(received), grouped(lost), grouped(suppressed))
	view.Lost = lost > 0
	view.stand(v, reports)
	if view.May {
		act := func(name, submit string) *form {
			return v.form(view.Path+"/order", submit).hide("do", name)
		}
		view.Order = v.form(view.Path+"/order", "Tell them to move", text("fingerprint", "Fingerprint of the new credential", v.text("fingerprint"),
			"Daemons whose file holds another one wait until it holds this one. Blank takes whatever each file holds.").maybe()).hide("do", string(fleet.Migrate))
		view.Finish, view.Rollback = act(string(fleet.Finish), "Finish: let go of the old credential"), act(string(fleet.Rollback), "Go back to the old credential")
		view.Rollback.Cancel = view.Path
	}
	return view, nil
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
		if view.Lost {
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
	_, err = v.Fleet.Give(v.r.Context(), v.caller, fleet.Order{Instance: view.Name, Action: action, Fingerprint: v.value("fingerprint")})
	if problems, ok := told(err); ok {
		view.Order.put(problems)
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
