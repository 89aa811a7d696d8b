package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"

	"latchkey/client"
	"latchkey/internal/pipelined"
	"latchkey/internal/pipelined/connector"
)

// fleetReport is a migration as it stands on all hosts.
type fleetReport struct {
	*pipelined.Report
	Daemons []hostView `json:"daemons,omitempty"`
	// Waiting are the hosts whose daemon runs with another credential.
	Waiting []string `json:"waiting,omitempty"`
}

// hostView is one host in it.
type hostView struct {
	Host        string `json:"host"`
	Credential  string `json:"credential"`
	Fingerprint string `json:"fingerprint"`
	State       string `json:"state"`
}

// reportMigration tells what came since a migration, to all daemons of the instance.
func (p *program) reportMigration(ctx context.Context, o PipelinedOptions, wait bool) error {
	end := p.Clock.Now().Add(orderTime)
	for {
		r, err := p.lookAtMigration(ctx, o)
		if err != nil {
			return err
		}
		if wait && len(r.Waiting) > 0 && p.Clock.Now().Before(end) {
			if err := p.rest(ctx); err != nil {
				return err
			}
			continue
		}
		if err := p.sayFleetReport(r); err != nil {
			return err
		}
		if wait && len(r.Waiting) > 0 {
			return fmt.Errorf("not within %s the same credential on %s", orderTime, strings.Join(r.Waiting, ", "))
		}
		return nil
	}
}

// lookAtMigration asks the daemon of this machine, and the server for all others.
func (p *program) lookAtMigration(ctx context.Context, o PipelinedOptions) (*fleetReport, error) {
	var local *pipelined.Report
	localErr := p.control(ctx, o, http.MethodGet, "/migration", &local)
	c, err := p.fleetClient(o)
	if err != nil {
		if local != nil {
			p.tell("of the daemon on this machine alone: there is no server to ask for others (%v)", err)
		}
		return &fleetReport{Report: local}, localErr
	}
	all, err := client.Collect(c.Daemons(ctx, o.Instance))
	if err != nil {
		if local != nil {
			p.tell("of the daemon on this machine alone: the server could not be asked for others: %v", err)
		}
		return &fleetReport{Report: local}, localErr
	}
	all = slices.DeleteFunc(all, func(d client.Daemon) bool {
		gone := p.Clock.Now().Sub(d.SeenAt) > goneAfter
		if gone {
			p.tell("%s has said nothing for %s, and is left out", d.Host, p.Clock.Now().Sub(d.SeenAt).Round(1e9))
		}
		return gone
	})
	r := together(local, all)
	if r.Report == nil {
		return nil, cmp.Or(localErr, error(pipelined.ErrNoMigration))
	}
	return r, nil
}

// fleetClient reaches the server that knows the daemons: the one that is named, else that of the daemon's own settings.
func (p *program) fleetClient(o PipelinedOptions) (*client.Client, error) {
	if p.flagOrEnv(p.remote.server, "LATCHKEY_URL") != "" || o.Instance == "" {
		return p.client()
	}
	settings, err := connector.ReadSettings(filepath.Join(o.Conf, "pipelined-"+o.Instance+".yaml"))
	if err == nil && settings.Server != nil {
		return client.New(client.Config{URL: settings.Server.URL, Key: settings.Server.Key, UserAgent: "latchkey-cli/" + p.Version})
	}
	return p.client()
}

// together puts the reports of all daemons into one: the newest migration, what came to all of them, and who is not there yet.
// What a daemon tells itself on this machine is newer than what the server has of it.
func together(local *pipelined.Report, all []client.Daemon) *fleetReport {
	out := &fleetReport{}
	var reports []*pipelined.Report
	var came []pipelined.PartitionReport
	if local != nil {
		reports = append(reports, local)
	}
	for _, d := range all {
		view := hostView{d.Host, d.Credential, d.Fingerprint, "not moved"}
		var r *pipelined.Report
		switch {
		case local != nil && local.Host == d.Host:
			view = hostView{d.Host, local.To, local.ToFingerprint, migrationState(local)}
			if local.RolledBack {
				view.Credential, view.Fingerprint = local.From, local.FromFingerprint
			}
		case json.Unmarshal(d.Report, &r) == nil && r != nil:
			view.State = migrationState(r)
			reports = append(reports, r)
		}
		if d.State != nil {
			for _, one := range d.State.Came {
				came = append(came, pipelined.Came(one.Topic, one.Consumer, one.Partition, one.Offsets))
			}
		}
		out.Daemons = append(out.Daemons, view)
	}
	if out.Report = pipelined.Together(reports, came); out.Report == nil {
		return out
	}
	wanted := out.ToFingerprint
	if out.RolledBack {
		wanted = out.FromFingerprint
	}
	for _, d := range out.Daemons {
		if d.Fingerprint != wanted {
			out.Waiting = append(out.Waiting, d.Host)
		}
	}
	return out
}

// migrationState says in words how far a migration is.
func migrationState(r *pipelined.Report) string {
	switch {
	case r.RolledBack:
		return "rolled back: " + r.Why
	case r.SwitchedAt == nil:
		return "under way"
	}
	return "switched"
}

func (p *program) sayFleetReport(r *fleetReport) error {
	if r.Report == nil {
		return errors.New("there is no report")
	}
	if p.json {
		return p.sayJSON(r)
	}
	if len(r.Daemons) > 0 {
		rows := [][]string{{"HOST", "CREDENTIAL", "FINGERPRINT", "STATE"}}
		for _, d := range r.Daemons {
			rows = append(rows, []string{d.Host, d.Credential, d.Fingerprint, d.State})
		}
		p.table(rows)
	}
	if err := p.sayReport(r.Report); err != nil {
		return err
	}
	for _, host := range r.Waiting {
		p.tell("%s runs with another credential", host)
	}
	return nil
}
