package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/finding"
	"latchkey/internal/pipelined/fleet"
)

// Dead letters: triggers that a daemon gave up, and keeps. The server knows of the newest without their message; a daemon that is
// asked to show, replay or drop some does so when it tells of itself next, and says what came of it.

// letterRow is a dead letter.
type letterRow struct {
	fleet.Letter
	// Event is the page of the event.
	Event string
	Show  *form
}

// hostLetters are those of a host.
type hostLetters struct {
	Host  string
	Count int64
	Rows  []letterRow
	Form  *form
	Quiet bool
}

// actRow is what a daemon was asked to do with dead letters.
type actRow struct {
	fleet.Act
	What, Came, Tone string
	Waits            bool
}

// lettersView is the page of an instance's dead letters.
type lettersView struct {
	instanceView
	Hosts []hostLetters
	Acts  []actRow
	Count int64
	Live  bool
	Shown []actRow
	Read  bool
}

func (v *visit) lettersView() (lettersView, error) {
	found, err := v.instance()
	if err != nil {
		return lettersView{}, err
	}
	view := lettersView{instanceView: found, Read: v.may(access.PipelineConsume)}
	for _, d := range view.Daemons {
		told := d.Told().Letters
		view.Count += told.Count
		if told.Count > 0 || len(told.Newest) > 0 {
			view.Hosts = append(view.Hosts, v.hostLetters(&view, &d, told))
		}
	}
	acts, err := v.Fleet.Acts(v.r.Context(), v.caller, view.Name)
	if err != nil {
		return view, err
	}
	for _, a := range acts {
		row := actRowOf(a)
		view.Live = view.Live || row.Waits && v.Clock.Now().Sub(a.At) < time.Minute
		if row.Shown != "" && view.Read && len(view.Shown) < 3 {
			row.Shown = abridged(prettyJSON([]byte(a.Shown)), prettyShown)
			view.Shown = append(view.Shown, row)
		}
		if len(view.Acts) < 20 {
			view.Acts = append(view.Acts, row)
		}
	}
	return view, nil
}

func (v *visit) hostLetters(view *lettersView, d *daemonRow, told fleet.Letters) hostLetters {
	out := hostLetters{Host: d.Host, Count: told.Count, Quiet: d.Quiet}
	for _, l := range told.Newest {
		row := letterRow{Letter: l, Event: placePipeline + "/" + url.PathEscape(l.Topic) + "/events/" + strconv.Itoa(int(l.Partition)) + "/" + strconv.FormatInt(l.Offset, 10)}
		row.Error, row.Trigger = finding.Bounded(l.Error, 300), finding.Bounded(l.Trigger, 100)
		if view.Read {
			row.Show = v.form(view.Path+"/letters", "Show its message").hide("do", string(fleet.Show)).hide("host", d.Host).hide("letter", strconv.FormatInt(l.ID, 10))
			row.Show.Cancel = view.Path
		}
		out.Rows = append(out.Rows, row)
	}
	if view.May {
		out.Form = v.form(view.Path+"/letters", "Replay").hide("host", d.Host)
	}
	return out
}

func actRowOf(a fleet.Act) actRow {
	verb := map[fleet.Deed]string{fleet.Show: "Show", fleet.Replay: "Replay", fleet.Drop: "Drop"}[a.Action]
	row := actRow{Act: a, What: verb + " all on " + a.Host, Waits: a.DoneAt.IsZero()}
	if len(a.Letters) > 0 {
		row.What = verb + " " + plural(len(a.Letters), "dead letter") + " on " + a.Host
	}
	switch {
	case row.Waits:
		row.Tone, row.Came = "warn", "waits for the daemon"
	case a.Failed > 0:
		row.Tone, row.Came = "bad", grouped(a.Done)+" done, "+grouped(a.Failed)+" not: "+abridged(a.Why, 400)
	case a.Why != "":
		row.Tone, row.Came = "bad", abridged(a.Why, 400)
	default:
		row.Tone, row.Came = "good", grouped(a.Done)+" done"
	}
	return row
}

func (v *visit) letterList() error {
	view, err := v.lettersView()
	if err != nil {
		return err
	}
	withStreams(v.w.Header())
	return v.show(http.StatusOK, "instance_letters", "Dead letters of "+view.Name, &view)
}

// lettersChosen are those that were ticked; all when nothing was, and all were asked for.
func (v *visit) lettersChosen() (letters []int64, problems finding.Problems) {
	for _, text := range v.r.Form["letter"] {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			problems.Wrong("/letter", "this is no dead letter", "choose some of the list")
		}
		letters = append(letters, n)
	}
	if len(letters) == 0 && v.r.Form.Get("all") == "" {
		problems.Wrong("/letter", "no dead letter is chosen", "tick some, or take all")
	}
	return letters, problems
}

// letterAct asks a daemon to show or to replay; what is dropped is asked for once more.
func (v *visit) letterAct() error {
	deed := fleet.Deed(v.value("do"))
	scope := access.RegistryWrite
	if deed == fleet.Show {
		scope = access.PipelineConsume
	}
	if err := v.caller.Require(scope); err != nil {
		return err
	}
	found, err := v.instance()
	if err != nil {
		return err
	}
	letters, problems := v.lettersChosen()
	if err := problems.Errors(); err != nil {
		return err
	}
	if deed == fleet.Drop {
		query := url.Values{"host": {v.value("host")}, "letter": v.r.PostForm["letter"]}
		if len(letters) == 0 {
			query.Set("all", "1")
		}
		return v.to(found.Path + "/drop?" + query.Encode())
	}
	if _, err := v.Fleet.Ask(v.r.Context(), v.caller, fleet.Act{Instance: found.Name, Host: v.value("host"), Action: deed, Letters: letters}); err != nil {
		return err
	}
	return v.done(found.Path+"/letters", "The daemon is asked. It answers when it tells of itself next, within seconds.")
}

// letterDrop removes dead letters for good, when the instance's name is typed.
func (v *visit) letterDrop() error {
	if err := v.caller.Require(access.RegistryWrite); err != nil {
		return err
	}
	found, err := v.instance()
	if err != nil {
		return err
	}
	_ = v.r.ParseForm() // it was read before
	host := v.r.URL.Query().Get("host")
	letters, problems := v.lettersChosen()
	if err := problems.Errors(); err != nil {
		return err
	}
	which := "all dead letters on " + host
	if len(letters) > 0 {
		which = plural(len(letters), "dead letter") + " on " + host
	}
	if !v.confirmed(found.Name) {
		return v.confirm(confirmation{What: which + " of the instance", Name: found.Name, Goes: which + ". Nobody gets these triggers any more.", Stays: "the events, as long as their topic keeps them."},
			found.Path+"/drop?"+v.r.URL.RawQuery, found.Path+"/letters")
	}
	if _, err := v.Fleet.Ask(v.r.Context(), v.caller, fleet.Act{Instance: found.Name, Host: host, Action: fleet.Drop, Letters: letters}); err != nil {
		return err
	}
	return v.done(found.Path+"/letters", "The daemon is asked to drop "+which+".")
}

// letterProgress streams until no daemon is waited for.
func (v *visit) letterProgress() error {
	if _, err := v.instance(); err != nil {
		return err
	}
	return v.stream(func(l *live) error {
		for {
			view, err := v.lettersView()
			if err != nil {
				return err
			}
			if !view.Live {
				return l.send("done", nil)
			}
			if !l.wait(nil, progressEvery) {
				return nil
			}
		}
	})
}

// lettersAt names the hosts that keep an event as a dead letter.
func (v *visit) lettersAt(topic string, partition int, offset int64) ([]letterRow, error) {
	daemons, err := v.Fleet.Daemons(v.r.Context(), v.caller, "")
	var out []letterRow
	for i := range daemons {
		d := &daemons[i]
		for _, l := range d.Told().Letters.Newest {
			if l.Topic == topic && int(l.Partition) == partition && l.Offset == offset {
				l.Error = finding.Bounded(l.Error, 300)
				out = append(out, letterRow{Letter: l, Event: placeInstances + "/" + url.PathEscape(d.Instance) + "/letters"})
			}
		}
	}
	return slices.Clip(out), err
}
