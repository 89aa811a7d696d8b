package web

import (
	"crypto/x509/pkix"
	"encoding/base64"
	"html/template"
	"net/http"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/finding"
	"latchkey/internal/keypair"
	"latchkey/internal/project"
)

// bindingRow is a certificate of a credential.
type bindingRow struct {
	project.Binding
	Tone, Words  string
	Last         time.Time
	From         string
	Retire, Drop *form
}

// keysView is the tab of the certificates.
type keysView struct {
	*credentialView
	Rows             []bindingRow
	Upload, Generate *form
	// Archive is config.zip of a pair that was generated now.
	Archive template.URL
}

func (v *visit) credentialKeys() error {
	return v.credentialKeysShow(http.StatusOK, nil, nil)
}

func (v *visit) credentialKeysShow(status int, problems finding.Problems, archive []byte) error {
	view, err := v.credentialAt("Certificates")
	if err != nil {
		return err
	}
	path := view.Path + "/keys"
	page := keysView{credentialView: view}
	page.Upload = v.form(path, "Upload", text("certificate_file", "Upload your public key", "", "PEM or DER. Those that are there go on.").of(fileInput)).hide("do", "upload")
	page.Upload.Upload = true
	page.Upload.put(problems)
	page.Generate = v.form(path, "Generate a key pair").hide("do", "generate").orElse(path)
	if archive != nil {
		page.Archive = template.URL("data:application/zip;base64," + base64.StdEncoding.EncodeToString(archive)) //nolint:gosec // of our making
	}
	now := v.Clock.Now()
	for _, b := range view.Bindings {
		row := bindingRow{Binding: b}
		row.Tone, row.Words = daysLeft(b.NotAfter, now)
		for _, u := range b.Uses {
			if u.At.After(row.Last) {
				row.Last, row.From = u.At, u.From
			}
		}
		row.Drop = v.form(path, "End at once").hide("do", "drop").hide("id", b.ID).orElse(path)
		if len(view.Bindings) > 1 {
			row.Retire = v.form(path, "Retire").hide("do", "retire").hide("id", b.ID).orElse(path)
		}
		page.Rows = append(page.Rows, row)
	}
	return v.show(status, "credential_keys", view.Name, &page)
}

// daysLeft says how near an end is.
func daysLeft(end, now time.Time) (tone, words string) {
	left := int(end.Sub(now) / (24 * time.Hour))
	switch {
	case end.Before(now):
		return "bad", "expired"
	case left <= soonDays:
		return "warn", plural(left, "day") + " left"
	}
	return "good", plural(left, "day") + " left"
}

// credentialKeysAct adds and ends certificates.
func (v *visit) credentialKeysAct() error {
	if err := v.caller.RequireRole(access.Developer); err != nil {
		return err
	}
	ref, id := v.r.PathValue("credential"), v.value("id")
	path := v.r.URL.Path
	switch v.value("do") {
	case "upload":
		pem, problems := v.uploaded("certificate_file")
		if len(problems) == 0 {
			_, err := v.Credentials.AddBinding(v.r.Context(), v.caller, ref, []byte(pem), false)
			var ok bool
			if problems, ok = told(err); !ok {
				if err != nil {
					return err
				}
				return v.done(path, "The certificate was added. Those of before go on.")
			}
			for i := range problems {
				problems[i].Pointer = "/certificate_file"
			}
		}
		return v.credentialKeysShow(http.StatusUnprocessableEntity, problems, nil)
	case "generate":
		return v.credentialKeysGenerate(ref)
	case "retire":
		if err := v.Credentials.Retire(v.r.Context(), v.caller, ref, id); err != nil {
			return err
		}
		return v.done(path, "The certificate was retired; a newer one was used after it.")
	}
	if err := v.Credentials.DeleteBinding(v.r.Context(), v.caller, ref, id); err != nil {
		return err
	}
	return v.done(path, "The certificate was ended.")
}

// credentialKeysGenerate makes a pair, binds its certificate, and hands the private key out in this answer alone.
func (v *visit) credentialKeysGenerate(ref string) error {
	pair, err := keypair.Generate(keypair.Order{Subject: pkix.Name{CommonName: "latchkey"}, Now: v.Clock.Now()})
	if err != nil {
		return err
	}
	defer pair.Wipe()
	archive, err := pair.Archive()
	if err != nil {
		return err
	}
	defer clear(archive)
	if _, err := v.Credentials.AddBinding(v.r.Context(), v.caller, ref, pair.Certificate.DER, false); err != nil {
		return err
	}
	return v.credentialKeysShow(http.StatusOK, nil, archive)
}
