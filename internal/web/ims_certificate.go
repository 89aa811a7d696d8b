package web

import (
	"fmt"
	"net/http"
	"strconv"

	"latchkey/internal/ims"
)

// keyPath is a certificate by its alias.
const keyPath = "/ims-certificates/{alias}"

// keyRow is a version of a certificate.
type keyRow struct {
	ims.Key
	// Left is how many days are left, nil where no certificate is known.
	Left        *int
	Tone, Words string
	// Download is where its public part is had.
	Download string
	Remove   *form
}

func (v *visit) keyRow(k ims.Key) keyRow {
	row := keyRow{Key: k, Words: "imported without its certificate"}
	if k.Certificate == nil {
		return row
	}
	left := k.Certificate.DaysLeft(v.Clock.Now())
	row.Left = &left
	row.Download = "/ims-certificates/" + k.Alias + "/" + strconv.Itoa(k.Version) + "/public"
	switch {
	case left < 0:
		row.Tone, row.Words = "bad", "expired"
	case left <= soonDays:
		row.Tone, row.Words = "warn", plural(left, "day")+" left"
	default:
		row.Tone, row.Words = "good", plural(left, "day")+" left"
	}
	return row
}

// imsPublicKey is the page between the two steps: the public key waits to be taken to the console.
func (v *visit) imsPublicKey() error {
	c, err := v.IMS.Get(v.r.Context(), v.caller, v.imsRef())
	if err != nil {
		return err
	}
	keys, err := v.IMS.Certificates(v.r.Context(), v.caller, v.sandbox, c.Alias)
	if err != nil {
		return err
	}
	view := struct {
		ims.Configuration
		Path    string
		Key     keyRow
		Service string
	}{Configuration: c, Path: imsPath(&c)}
	for _, k := range keys {
		if k.Current {
			view.Key = v.keyRow(k)
		}
	}
	if about, ok := c.Solution.About(); ok {
		view.Service = about.Title
	}
	return v.show(http.StatusOK, "ims_certificate", "Take the public key to the console", &view)
}

// imsDownload gives the public part of a version as a file.
func (v *visit) imsDownload() error {
	keys, err := v.IMS.Certificates(v.r.Context(), v.caller, v.sandbox, v.r.PathValue("alias"))
	if err != nil {
		return err
	}
	for _, k := range keys {
		if strconv.Itoa(k.Version) == v.r.PathValue("version") && k.Certificate != nil {
			v.file("AEM-Adobe-IMS-"+k.Alias+".crt", "application/x-x509-ca-cert", k.Certificate.PEM())
			return nil
		}
	}
	return ims.ErrNotFound
}

// file answers with a file to keep. Its name is of our making.
func (v *visit) file(name, kind string, content []byte) {
	header := v.w.Header()
	header.Set("Content-Type", kind)
	header.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s"`, name))
	header.Set("Content-Length", strconv.Itoa(len(content)))
	_, _ = v.w.Write(content)
}

func (v *visit) imsRotate() error {
	alias := v.r.PathValue("alias")
	key, err := v.IMS.Rotate(v.r.Context(), v.caller, ims.NewCertificate{Sandbox: v.sandbox, Alias: alias})
	if err != nil {
		return err
	}
	return v.done(localPath(v.back()), fmt.Sprintf("Version %d of %s stands beside the one that signs. Download it, upload it to the credential in the console, then let it sign.", key.Version, alias))
}

func (v *visit) imsSwitch() error {
	alias := v.r.PathValue("alias")
	key, err := v.IMS.Switch(v.r.Context(), v.caller, v.sandbox, alias, 0)
	if err != nil {
		return err
	}
	return v.done(localPath(v.back()), fmt.Sprintf("Version %d of %s signs from now on. The old one can be removed here and in the console.", key.Version, alias))
}

func (v *visit) imsRemoveKey() error {
	alias := v.r.PathValue("alias")
	version, _ := strconv.Atoi(v.value("version")) // what is no number is none that there is
	if err := v.IMS.RemoveCertificate(v.r.Context(), v.caller, v.sandbox, alias, version); err != nil {
		return err
	}
	return v.done(localPath(v.back()), fmt.Sprintf("Version %d of %s was removed.", version, alias))
}
