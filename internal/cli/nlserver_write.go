package cli

import (
	"errors"
	"fmt"
	"strings"

	"latchkey/internal/campaign"
)

// configView is what --json says of a change.
type configView struct {
	Instance string   `json:"instance"`
	File     string   `json:"file"`
	Written  bool     `json:"written"`
	Backup   string   `json:"backup,omitempty"`
	Set      []string `json:"set"`
	Key      string   `json:"private_key,omitempty"`
	Diff     string   `json:"diff,omitempty"`
	Warnings []string `json:"warnings,omitempty"`
	Next     []string `json:"next,omitempty"`
}

// write puts the changes on the disk, or in a dry run shows what that would make of the file.
func (j *configJob) write() error {
	p := j.program
	edit, err := j.instance.Edit(j.changes...)
	if err != nil {
		return err
	}
	view := configView{Instance: j.instance.Name, File: campaign.FileName(j.instance.Name), Key: j.verdict(), Set: []string{}}
	for _, c := range j.changes {
		view.Set = append(view.Set, c.String())
	}
	if j.order.dryRun {
		view.Diff = edit.Diff()
		if p.json {
			return p.sayJSON(view)
		}
		if view.Key != "" {
			p.tell("private key: %s", view.Key)
		}
		if edit.Empty() {
			p.tell("%s is already so: nothing would be written", view.File)
		}
		_, _ = fmt.Fprint(p.Out, view.Diff)
		return nil
	}
	done, err := edit.Write(p.Clock.Now())
	if errors.Is(err, campaign.ErrChanged) {
		return withHint(err, "the same command again reads the file anew")
	}
	if err != nil {
		return err
	}
	view.File, view.Backup, view.Written, view.Warnings, view.Next = done.Path, done.Backup, done.Backup != "", done.Warnings, j.next()
	for _, warning := range done.Warnings {
		p.warn("%s", warning)
	}
	if retired := campaign.Retired(j.put); retired != "" {
		p.tell("note: %s", retired)
	}
	if p.json {
		return p.sayJSON(view)
	}
	if edit.Empty() {
		p.say("%s is already so: nothing was written", done.Path)
	} else {
		p.say("set in %s:", done.Path)
		for _, c := range j.changes {
			if c.Remove {
				p.say("  %s, taken out", c)
			} else {
				p.say("  %s", c)
			}
		}
		p.say("what it was is in %s", done.Backup)
	}
	if view.Key != "" {
		p.say("private key: %s", view.Key)
	}
	for _, next := range view.Next {
		p.tell("next: %s", next)
	}
	return nil
}

// verdict says what is known of the private key.
func (j *configJob) verdict() string {
	if j.key == nil {
		return ""
	}
	var known []string
	same := j.fits != nil && j.bound != nil && j.fits.SHA1 == j.bound.SHA1
	if same {
		known = append(known, fmt.Sprintf("belongs to the certificate %s (%s), which is bound at the server and valid for %s more", j.fits.SHA1, j.fits.Subject, days(j.fits.DaysLeft(j.program.Clock.Now()))))
	} else if j.fits != nil {
		known = append(known, fmt.Sprintf("belongs to the certificate %s (%s), which is valid for %s more", j.fits.SHA1, j.fits.Subject, days(j.fits.DaysLeft(j.program.Clock.Now()))))
	}
	switch {
	case same:
	case j.bound != nil:
		known = append(known, boundWords(j.bound, j.program.Clock.Now()))
	case j.fits == nil:
		known = append(known, "whether it belongs to the credential's certificate is checked with --certificate FILE, or at the server of the credential: "+j.unbound)
	}
	return j.key.Kind() + ", " + strings.Join(known, "; ")
}

// next says what is left to do of the vendor's procedure.
func (j *configJob) next() (all []string) {
	name := j.instance.Name
	after, err := campaign.Load(j.instance.Dir, name)
	if err != nil {
		return nil
	}
	if j.put != "" && after.Pipelined.AuthType != campaign.JWTToken {
		all = append(all, fmt.Sprintf("step 3, have pipelined use the account: nlserver config -instance:%s --pipelined-auth", name))
	}
	if after.Organization == "" {
		all = append(all, "the organization is not configured: "+campaign.PathRedirection+"@"+campaign.Organization)
	}
	if j.order.reload {
		return all
	}
	if pid, runs := after.Running(); runs {
		how := fmt.Sprintf("nlserver config -instance:%s -reload", name)
		if j.put != "" {
			how = fmt.Sprintf("latchkey pipeline migrate %s moves it over with a report, %s without", name, how)
		}
		all = append(all, fmt.Sprintf("%s@%s runs as process %d: %s", campaign.Module, name, pid, how))
	}
	return all
}
