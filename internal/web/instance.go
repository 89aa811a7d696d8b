package web

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/pipelined"
	"latchkey/internal/pipelined/fleet"
)

// Campaign instances, with the daemons that consume their triggers, as these last told of themselves.

const (
	placeInstances = "/instances"
	instanceOne    = placeInstances + "/{instance}"
	// daemonQuiet is after how long a daemon that told nothing is taken for gone; they tell every five seconds.
	daemonQuiet = time.Minute
)

func (p *Pages) instanceRoutes() map[string]func(*visit) error {
	return map[string]func(*visit) error{
		"GET " + placeInstances:             (*visit).instanceList,
		"GET " + instanceOne:                (*visit).instanceItem,
		"POST " + instanceOne + "/forget":   (*visit).instanceForget,
		"GET " + instanceOne + "/migration": (*visit).instanceMigration,
		"POST " + instanceOne + "/order":    (*visit).instanceOrder,
		"GET " + instanceOne + "/progress":  (*visit).instanceProgress,
		"GET " + instanceOne + "/letters":   (*visit).letterList,
		"POST " + instanceOne + "/letters":  (*visit).letterAct,
		"GET " + instanceOne + "/drop":      (*visit).letterDrop,
		"POST " + instanceOne + "/drop":     (*visit).letterDrop,
		"GET " + instanceOne + "/answers":   (*visit).letterProgress,
	}
}

// daemonReport is what a daemon tells of its last migration.
type daemonReport = pipelined.Report

// daemonRow is a daemon as pages show it.
type daemonRow struct {
	fleet.Daemon
	Tone, Says string
	Quiet      bool
	// Report is nil before a migration, and after one that was finished; Came says what came of it.
	Report *daemonReport
	Came   string
	Forget *form
	// Lanes are the partitions that it reads, Letters how many dead letters it keeps.
	Lanes   []fleet.Lane
	Letters int64
	// Trouble is why it consumes nothing, "" when it does.
	Trouble string
}

func (v *visit) daemonRow(d fleet.Daemon) daemonRow {
	row := daemonRow{Daemon: d, Tone: "good", Says: "runs", Quiet: v.Clock.Now().Sub(d.SeenAt) > daemonQuiet}
	state := d.Told()
	row.Lanes, row.Letters = state.Lanes, state.Letters.Count
	if len(d.Report) > 0 {
		var report daemonReport
		if json.Unmarshal(d.Report, &report) == nil {
			row.Report = &report
			row.Came = fmt.Sprintf("%s received, %s duplicates suppressed", grouped(report.Received), grouped(report.Suppressed))
		}
	}
	switch {
	case row.Quiet:
		row.Tone, row.Says = "bad", "tells nothing since "+ago(d.SeenAt, v.Clock.Now())
		if v.may(access.RegistryWrite) {
			row.Forget = v.form(placeInstances+"/"+url.PathEscape(d.Instance)+"/forget", "Take it off the list").hide("host", d.Host)
			row.Forget.Cancel = placeInstances
		}
	case state.Trouble != "":
		row.Tone, row.Says, row.Trouble = "bad", "consumes nothing", state.Trouble
	case d.Failure != "":
		row.Tone, row.Says = "bad", "could not do what it was told"
	case row.Report != nil && row.Report.RolledBack:
		row.Tone, row.Says = "warn", "went back to the credential before"
	case row.Report != nil:
		row.Tone, row.Says = "warn", "migrated, and not finished"
	case row.Letters > 0:
		row.Tone, row.Says = "warn", "keeps "+plural(int(row.Letters), "dead letter")
	}
	return row
}

// instanceRow is an instance with its daemons.
type instanceRow struct {
	Name, Path string
	Daemons    []daemonRow
	Tone, Says string
	// Alike tells that all that run hold the same credential.
	Alike bool
	// Lost counts the offsets that came to none of them after a migration. What one lacks, another may have got: partitions move.
	Lost int64
}

// lost counts the offsets that came to none of an instance's daemons.
func lost(daemons []daemonRow) int64 {
	var reports []*daemonReport
	var came []pipelined.PartitionReport
	for _, d := range daemons {
		if d.Report != nil {
			reports = append(reports, d.Report)
		}
		state := d.Told()
		for _, one := range state.Came {
			came = append(came, pipelined.Came(one.Topic, one.Consumer, one.Partition, one.Offsets))
		}
	}
	if all := pipelined.Together(reports, came); all != nil {
		return all.Lost
	}
	return 0
}

func (v *visit) instanceRow(name string, daemons []fleet.Daemon) instanceRow {
	row := instanceRow{Name: name, Path: placeInstances + "/" + url.PathEscape(name), Alike: true, Tone: "good"}
	rank := func(tone string) int { return slices.Index([]string{"good", "", "warn", "bad"}, tone) }
	fingerprint := ""
	for _, d := range daemons {
		one := v.daemonRow(d)
		row.Daemons = append(row.Daemons, one)
		if !one.Quiet {
			row.Alike = row.Alike && (fingerprint == "" || d.Fingerprint == fingerprint)
			fingerprint = d.Fingerprint
		}
		if rank(one.Tone) > rank(row.Tone) {
			row.Tone, row.Says = one.Tone, d.Host+" "+one.Says
		}
	}
	if row.Lost = lost(row.Daemons); row.Lost > 0 {
		row.Tone, row.Says = "bad", "a gap was found after the migration: "+grouped(row.Lost)+" lost"
	}
	slices.SortStableFunc(row.Daemons, func(a, b daemonRow) int { return cmp.Compare(rank(b.Tone), rank(a.Tone)) })
	if !row.Alike && row.Tone != "bad" {
		row.Tone, row.Says = "warn", "its daemons hold different credentials"
	}
	if row.Says == "" {
		row.Says = plural(len(daemons), "daemon") + " told of itself within the minute"
		if len(daemons) != 1 {
			row.Says = plural(len(daemons), "daemon") + " told of themselves within the minute"
		}
	}
	return row
}

func (v *visit) instanceList() error {
	all, err := v.Fleet.Daemons(v.r.Context(), v.caller, "")
	if err != nil {
		return err
	}
	by := map[string][]fleet.Daemon{}
	var names []string
	for _, d := range all {
		if by[d.Instance] == nil {
			names = append(names, d.Instance)
		}
		by[d.Instance] = append(by[d.Instance], d)
	}
	slices.Sort(names)
	view := struct {
		Rows            []instanceRow
		Search, Program string
		All             int
	}{Search: v.r.URL.Query().Get("q"), Program: v.Program, All: len(names)}
	for _, name := range names {
		if contains(view.Search, name) {
			view.Rows = append(view.Rows, v.instanceRow(name, by[name]))
		}
	}
	return v.show(http.StatusOK, "instance_list", "Campaign instances", &view)
}

// instanceView is the page of one.
type instanceView struct {
	instanceRow
	May     bool
	Role    string
	Program string
	// Told is what its daemons were told last, zero for nothing.
	Told fleet.Order
}

// instance finds the one that the address names.
func (v *visit) instance() (instanceView, error) {
	daemons, err := v.Fleet.Daemons(v.r.Context(), v.caller, v.r.PathValue("instance"))
	if err != nil {
		return instanceView{}, err
	}
	if len(daemons) == 0 {
		return instanceView{}, fleet.ErrNotFound
	}
	view := instanceView{instanceRow: v.instanceRow(v.r.PathValue("instance"), daemons), May: v.may(access.RegistryWrite), Role: v.lacks(access.RegistryWrite, "tell its daemons what to do"), Program: v.Program}
	view.Told, err = v.Fleet.Order(v.r.Context(), v.caller, view.Name)
	return view, err
}

func (v *visit) instanceItem() error {
	view, err := v.instance()
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "instance_item", "Instance "+view.Name, &view)
}

func (v *visit) instanceForget() error {
	if err := v.caller.Require(access.RegistryWrite); err != nil {
		return err
	}
	host := v.value("host")
	if err := v.Fleet.Forget(v.r.Context(), v.caller, v.r.PathValue("instance"), host); err != nil {
		return err
	}
	return v.done(placeInstances, "The daemon on "+host+" is off the list. It comes back by itself when it runs.")
}
