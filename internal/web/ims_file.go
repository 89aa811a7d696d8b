package web

import (
	"archive/zip"
	"bytes"
	"cmp"
	"fmt"
	"io"
	"net/http"
	"strings"

	"latchkey/internal/access"
	"latchkey/internal/finding"
	"latchkey/internal/ims"
	"latchkey/internal/secret"
)

// IMS configurations as files: AEM's two .config files, AEM as a Cloud Service's service credentials, the console's workspace.

func (p *Pages) imsFileRoutes() map[string]func(*visit) error {
	const one = "/ims-configurations/{name}"
	return map[string]func(*visit) error{
		"GET " + imsImportPath:    (*visit).imsImport,
		"POST " + imsImportPath:   (*visit).imsImport,
		"GET " + one + "/export":  (*visit).imsExport,
		"POST " + one + "/export": (*visit).imsExport,
	}
}

// imsImportPath is under the page of what is new: no configuration has that name.
const imsImportPath = "/ims-configurations/new/import"

// imsFormats say what an export is for.
var imsFormats = []choiceOption{
	{Value: string(ims.AEM), Label: "AEM’s .config files", Hint: "The token provider and its customizer, for AEM 6.5."},
	{Value: string(ims.ServiceCredentials), Label: "Service credentials", Hint: "The JSON of AEM as a Cloud Service. Of JWT configurations alone."},
	{Value: string(ims.Workspace), Label: "Workspace", Hint: "The JSON that the developer console lets download."},
}

// imsExport has a browser keep a configuration as a file, a zip where there are several.
func (v *visit) imsExport() error {
	c, err := v.IMS.Get(v.r.Context(), v.caller, v.imsRef())
	if err != nil {
		return err
	}
	path := imsPath(&c)
	formats := (&input{Name: "format", Label: "As", Kind: radioInput, Required: true, Options: append([]choiceOption(nil), imsFormats...)}).choose(cmp.Or(v.value("format"), string(ims.AEM)))
	inputs := []*input{formats}
	if v.may(access.Admin) {
		inputs = append(inputs, check("secrets", "With the client secret and the private key", "It is recorded that you took them. Without, a mask stands in their place, and they are entered where the file is imported.", v.value("secrets") != ""))
	}
	view := formView{"Export " + cmp.Or(c.Title, c.Name), "Nothing changes here. AEM reads its files from the folder of its configurations; another Latchkey imports any of the three.", v.form(path+"/export", "Export", inputs...).orElse(path)}
	if v.r.Method != http.MethodPost {
		return v.show(http.StatusOK, "admin_form", view.Heading, &view)
	}
	out, err := v.IMS.Export(v.r.Context(), v.caller, v.imsRef(), ims.Format(formats.Value), v.value("secrets") != "")
	if problems, ok := told(err); ok {
		return v.again(view, http.StatusUnprocessableEntity, problems)
	}
	if err != nil {
		return err
	}
	if len(out.Files) == 1 {
		return v.attach(out.Files[0].Name, "application/json", out.Files[0].Text)
	}
	archive, err := zipped(out.Files)
	if err != nil {
		return err
	}
	return v.attach(c.Name+"-"+formats.Value+".zip", "application/zip", string(archive))
}

// zipped puts files into one. They are stored as they are, so that a key is nowhere in a compressor's tables.
func zipped(files []ims.File) ([]byte, error) {
	var out bytes.Buffer
	archive := zip.NewWriter(&out)
	for _, f := range files {
		header := &zip.FileHeader{Name: f.Name, Method: zip.Store}
		header.SetMode(0o600)
		entry, err := archive.CreateHeader(header)
		if err == nil {
			_, err = io.WriteString(entry, f.Text)
		}
		if err != nil {
			return nil, fmt.Errorf("writing %s: %w", f.Name, err)
		}
	}
	if err := archive.Close(); err != nil {
		return nil, fmt.Errorf("writing the files: %w", err)
	}
	return out.Bytes(), nil
}

// imsImport makes configurations of files.
func (v *visit) imsImport() error {
	if err := v.caller.Require(access.ConnectionsWrite); err != nil {
		return err
	}
	view := formView{"Import IMS configurations", "AEM’s two .config files together, AEM as a Cloud Service’s service credentials, or the workspace that the developer console lets download. Nothing is sent anywhere; Check Health comes after it.", v.imsImportForm()}
	if v.r.Method != http.MethodPost {
		return v.show(http.StatusOK, "admin_form", view.Heading, &view)
	}
	v.refill(view.Form.Inputs)
	ask, problems := v.imsImported()
	var made []ims.Saved
	err := problems.Errors()
	if err == nil {
		made, err = v.IMS.Import(v.r.Context(), v.caller, ask)
	}
	if problems, ok := told(err); ok {
		for i := range problems {
			if problems[i].Pointer == "/key_alias" { // a configuration's name for it
				problems[i].Pointer = "/alias"
			}
		}
		if len(made) > 0 {
			problems.Add(finding.Doubtful, "", "these were imported before it: "+importedNames(made), "take them out of what you import next, or pick the credential")
		}
		return v.again(view, http.StatusUnprocessableEntity, problems)
	}
	if err != nil {
		return err
	}
	if len(made) > 1 {
		return v.done(placeIMS, plural(len(made), "IMS configuration")+" were imported: "+importedNames(made)+".")
	}
	c := made[0].Configuration
	if missing := c.Missing(); len(missing) > 0 {
		return v.done(imsPath(&c), "The IMS configuration "+c.Name+" was imported. It lacks "+strings.Join(worded(missing), ", ")+".")
	}
	return v.done(imsPath(&c), "The IMS configuration "+c.Name+" was imported, and is complete. Check its health now.")
}

func importedNames(made []ims.Saved) string {
	var names []string
	for i := range made {
		names = append(names, made[i].Configuration.Name)
	}
	return strings.Join(names, ", ")
}

func (v *visit) imsImportForm() *form {
	files := text("files", "Files", "", "Choose both of AEM’s at once: …oauth.accesstoken.provider….config, and …IMSAccessTokenRequestCustomizerImpl….config with the secret.").of(fileInput).needed()
	files.Several = true
	solution := solutions("")
	solution.Options[0].Label = "As the file says"
	f := v.form(imsImportPath, "Import", files,
		text("credential", "Credential", "", "Of a workspace with several: its name or id. Blank imports all that fit.").maybe(),
		text("name", "Name", "", "Blank makes it of the credential’s.").maybe(), solution,
		text("authorization_server", "Authorization Server", "", "Where the file names none: blank is "+ims.DefaultServer+".").maybe(),
		text("alias", "Certificate alias", "", "One that is here already, or the name of the pair below. Of JWT alone.").maybe(),
		text("private_key", "Private key", "", "Of JWT, where the files do not bring it along.").of(keyInput).maybe(),
		text("passphrase", "Passphrase", "", "Of the private key, where it is encrypted.").of(secretInput).maybe(),
		text("certificate", "Certificate", "", "Its public half, as PEM.").of(codeInput).maybe(),
	).orElse(placeIMS)
	f.Upload = true
	return f
}

// imsImported reads the form.
func (v *visit) imsImported() (ims.Import, finding.Problems) {
	var problems finding.Problems
	ask := ims.Import{
		Sandbox: v.sandbox, Credential: v.value("credential"), Name: v.value("name"), Solution: v.value("solution"), Server: v.value("authorization_server"), Alias: v.value("alias"),
		Private: secret.New(v.text("private_key")), Passphrase: secret.New(v.text("passphrase")), Certificate: v.value("certificate"),
	}
	for _, f := range v.filesText("files", &problems) {
		ask.Files = append(ask.Files, ims.File{Name: f.Name, Text: f.Value})
	}
	if len(ask.Files) == 0 && len(problems) == 0 {
		problems.Wrong("/files", "there is no file", "choose what AEM or the developer console wrote")
	}
	return ask, problems
}

// filesText reads all texts that were uploaded at a name; a field's name is that of the file.
func (v *visit) filesText(name string, problems *finding.Problems) []field {
	if v.r.MultipartForm == nil {
		return nil
	}
	var out []field
	for _, header := range v.r.MultipartForm.File[name] {
		opened, err := header.Open()
		if err != nil {
			problems.Wrong("/"+name, "the file can't be read", "choose it anew")
			continue
		}
		text, err := io.ReadAll(io.LimitReader(opened, maxUpload))
		_ = opened.Close()
		if err != nil {
			problems.Wrong("/"+name, "the file can't be read", "choose it anew")
			continue
		}
		out = append(out, field{header.Filename, string(text)})
	}
	return out
}
