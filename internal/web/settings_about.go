package web

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/finding"
	"latchkey/internal/secret"
	"latchkey/internal/workflow"
)

// Backups makes backups. It is [workflow.Backups].
type Backups interface {
	Check(caller access.Caller, sealing workflow.Sealing) error
	Write(ctx context.Context, caller access.Caller, sealing workflow.Sealing, out io.Writer) error
}

// Setting is a row of the configuration. Its value has no secret in it.
type Setting struct {
	Name, Value, From, About string
	// Set tells that it is not the default.
	Set bool
}

// Check is one thing that must work before this server takes traffic.
type Check struct {
	Name, About string
	Ready       func(context.Context) error
}

// checkPatience is how long the page waits for what is asked whether it works.
const checkPatience = 2 * time.Second

func (v *visit) about() error {
	type checked struct {
		Check
		Word, Tone string
	}
	view := struct {
		Version, Program, Search string
		Checks                   []checked
		Settings                 []Setting
		All, Admin               bool
		Backup                   *form
	}{Version: v.Version, Program: v.Program, Search: v.r.URL.Query().Get("q"), All: v.r.URL.Query().Has("all"), Admin: v.may(access.Admin)}
	ctx, cancel := context.WithTimeout(v.r.Context(), checkPatience)
	defer cancel()
	for _, c := range v.Checks {
		one := checked{c, "works", "good"}
		if err := c.Ready(ctx); err != nil {
			v.Log.WarnContext(v.r.Context(), "something that has to work does not", slog.String("check", c.Name), slog.Any("error", err))
			one.Word, one.Tone = "does not work", "bad"
		}
		view.Checks = append(view.Checks, one)
	}
	if view.Admin {
		for _, s := range v.Settings {
			if (view.All || s.Set) && contains(view.Search, s.Name, s.About) {
				view.Settings = append(view.Settings, s)
			}
		}
		if v.Backups != nil {
			view.Backup = v.backupForm()
		}
	}
	return v.show(http.StatusOK, "settings_about", "About", &view)
}

func (v *visit) backupForm() *form {
	return v.form(placeSettings+"/backup", "Download a backup", text("recipients", "Recipients", "", "Public keys of age, one a line: age1…. Each of their holders can open it.").of(areaInput),
		text("passphrase", "Passphrase", "", "In the place of recipients; 16 characters at least. A recipient is better: nothing that opens the backup is sent.").of(secretInput).maybe())
}

// exportLimit is how long a file that is made as it is sent may take.
const exportLimit = time.Hour

// streaming begins to answer with a file that is made as it is sent.
func (v *visit) streaming(name, kind string) io.Writer {
	_ = http.NewResponseController(v.w).SetWriteDeadline(time.Now().Add(exportLimit)) // without it the usual one stands
	header := v.w.Header()
	header.Set("Content-Type", kind)
	header.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	return v.w
}

// backup answers with the file as it is made. What goes wrong after the first byte is told by its missing end.
func (v *visit) backup() error {
	if err := v.wholeInstallation(); err != nil {
		return err
	}
	sealing := workflow.Sealing{Recipients: strings.Fields(v.value("recipients")), Passphrase: secret.New(v.text("passphrase"))}
	if v.Backups == nil {
		return errors.New("web: there are no backups")
	}
	if err := v.Backups.Check(v.caller, sealing); err != nil {
		if !errors.Is(err, workflow.ErrSealing) {
			return err
		}
		view := formView{"Back up the installation", "The file holds all that is kept, of every organization, for latchkey restore. What is sealed stays sealed: keep the root key too, elsewhere.", v.backupForm().orElse(placeSettings + "/about")}
		v.refill(view.Form.Inputs)
		var problems finding.Problems
		problems.Wrong("/recipients", err.Error(), "make a key with age-keygen, and give its public key (age1…)")
		view.Form.put(problems)
		return v.show(http.StatusUnprocessableEntity, "admin_form", view.Heading, &view)
	}
	out := v.streaming("latchkey-"+v.Clock.Now().UTC().Format("20060102-150405")+".age", "application/octet-stream")
	if err := v.Backups.Write(v.r.Context(), v.caller, sealing, out); err != nil && v.r.Context().Err() == nil {
		v.Log.WarnContext(v.r.Context(), "a backup broke off", slog.Any("error", err))
		panic(http.ErrAbortHandler) // so that the browser does not take it for whole
	}
	return nil
}
