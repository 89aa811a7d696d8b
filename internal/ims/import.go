package ims

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"latchkey/internal/access"
	"latchkey/internal/finding"
	"latchkey/internal/ident"
	"latchkey/internal/keypair"
	"latchkey/internal/secret"
)

// File is a file that is imported or exported.
type File struct {
	Name, Text string
	// Secret says that the text holds a secret or a private key.
	Secret bool
}

// Import asks for the configurations that files describe: AEM's two .config files, AEM as a Cloud Service's service credentials,
// or the Developer Console's workspace.
type Import struct {
	Sandbox string
	Files   []File
	// Credential picks one of a workspace's by name or id; "" is every one that fits.
	Credential string
	// Name is that of the one configuration; "" makes names of the credentials'. Title, Solution, Server and Alias stand in
	// for what the files don't say.
	Name, Title, Solution, Server, Alias string
	// Private and Certificate are the pair of a JWT credential, kept under Alias, or under the configuration's name.
	Private, Passphrase secret.String
	Certificate         string
}

// Import makes configurations of files. Nothing is sent. The first that can't be made ends it; those before it stay.
func (c *Configurations) Import(ctx context.Context, caller access.Caller, ask Import) ([]Saved, error) {
	if _, err := c.place(caller, ask.Sandbox, access.ConnectionsWrite); err != nil {
		return nil, err
	}
	found, err := readFiles(&ask)
	if err != nil {
		return nil, err
	}
	if ask.Credential != "" {
		found = slices.DeleteFunc(found, func(i imported) bool { return i.name != ask.Credential && i.id != ask.Credential })
	}
	switch {
	case len(found) == 0:
		return nil, finding.Problems{{Severity: finding.Wrong, Pointer: "/files", Message: "there is no credential in the files that can be used: service account (JWT) or OAuth server-to-server",
			Fix: "give AEM's two .config files, the service credentials or the workspace's file; and the name of a credential that is in it"}}
	case len(found) > 1 && ask.Name != "":
		return nil, finding.Problems{{Severity: finding.Wrong, Pointer: "/name", Message: fmt.Sprintf("the file has %d credentials, and one name was given: %s", len(found), names(found)),
			Fix: "pick one with --credential, or leave the name out"}}
	}
	var out []Saved
	for i := range found {
		saved, err := c.importOne(ctx, caller, &ask, &found[i])
		if err != nil {
			return out, err
		}
		out = append(out, saved)
	}
	return out, nil
}

func names(found []imported) string {
	var out []string
	for _, i := range found {
		out = append(out, i.name)
	}
	return strings.Join(out, ", ")
}

// imported is what a file says of one credential.
type imported struct {
	id, name, title string
	kind            Type
	server          string
	client, account string
	organization    string
	secret          string
	metascopes      []string
	scopes          []string
	alias           string
	private         string
	certificate     string
}

func (c *Configurations) importOne(ctx context.Context, caller access.Caller, ask *Import, from *imported) (Saved, error) {
	name := cmp.Or(ask.Name, ident.NameOf(cmp.Or(from.name, from.title)))
	title, solution, server := cmp.Or(ask.Title, from.title, from.name, name), ask.Solution, cmp.Or(ask.Server, from.server, DefaultServer)
	if solution == "" {
		solution = string(guessed(from))
	}
	kept := secret.New(from.secret)
	values := Values{
		Title: &title, Solution: &solution, Type: &from.kind, Server: &server, ClientID: &from.client, Secret: &kept, IMSOrganization: &from.organization,
		TechnicalAccount: &from.account,
	}
	if from.kind == OAuth {
		values.Scopes = &from.scopes
	} else {
		values.Metascopes = &from.metascopes
		alias, err := c.importKey(ctx, caller, ask, from, name)
		if err != nil {
			return Saved{}, err
		}
		values.Alias = &alias
	}
	return c.Create(ctx, caller, Create{Sandbox: ask.Sandbox, Name: name, Values: values})
}

// importKey keeps the pair that comes along, and gives its alias: that of a pair that is there, "" when there is none yet.
func (c *Configurations) importKey(ctx context.Context, caller access.Caller, ask *Import, from *imported, name string) (string, error) {
	place, err := c.place(caller, ask.Sandbox, access.ConnectionsWrite)
	if err != nil {
		return "", err
	}
	alias := cmp.Or(ask.Alias, from.alias, name)
	pair := NewCertificate{Sandbox: ask.Sandbox, Alias: alias, Private: ask.Private, Passphrase: ask.Passphrase, Certificate: ask.Certificate}
	if pair.Private.Empty() && from.private != "" {
		pair.Private, pair.Certificate = secret.New(from.private), from.certificate
	}
	if !pair.Private.Empty() {
		_, err := c.CreateCertificate(ctx, caller, pair)
		if errors.Is(err, ErrNameTaken) && c.holds(ctx, place, &pair) {
			err = nil // it was imported before
		}
		return alias, err
	}
	keys, err := c.config.Store.Keys(ctx, place, alias)
	switch {
	case err != nil:
		return "", err
	case len(keys) == 0 && ask.Alias == "":
		return "", nil // a draft, until it has one
	}
	return alias, nil
}

// holds tells whether the current key of an alias is this one.
func (c *Configurations) holds(ctx context.Context, place Place, pair *NewCertificate) bool {
	key, err := c.current(ctx, place, pair.Alias)
	if err != nil {
		return false
	}
	given, err := keypair.ParseEncrypted(pair.Private, pair.Passphrase)
	if err != nil {
		return false
	}
	text, err := given.PEM()
	return err == nil && text.Equal(key.Private)
}

// guessed tells the solution by what its credential may do, where that is beyond doubt.
func guessed(from *imported) Solution {
	var fits []Solution
	for _, about := range Solutions() {
		if slices.Contains(from.metascopes, about.Metascope) {
			fits = append(fits, about.Solution)
		}
	}
	if from.kind == OAuth && (slices.Contains(from.scopes, "read_pc.dma_bullseye") || slices.Contains(from.scopes, "target_sdk")) {
		fits = append(fits, Target)
	}
	if len(fits) != 1 {
		return ""
	}
	return fits[0]
}

// readFiles reads the credentials of all files. AEM's two .config files are one.
func readFiles(ask *Import) ([]imported, error) {
	var found []imported
	var osgi []properties
	for _, file := range ask.Files {
		text := strings.TrimPrefix(strings.TrimSpace(file.Text), "\uFEFF")
		refused := func(err error) error {
			return finding.Problems{{Severity: finding.Wrong, Pointer: "/files", Message: file.Name + ": " + err.Error(), Fix: "give the file as the console or AEM wrote it"}}
		}
		if strings.HasPrefix(text, "{") {
			some, known, err := readJSON(text)
			if err != nil {
				return nil, refused(err)
			}
			if known {
				found = append(found, some...)
				continue
			}
		}
		read, err := readProperties(text)
		if err != nil {
			return nil, refused(err)
		}
		osgi = append(osgi, read)
	}
	if len(osgi) > 0 {
		one, err := readOSGi(osgi)
		if err != nil {
			return nil, err
		}
		found = append(found, one)
	}
	return found, nil
}

// document is a workspace of the console, or AEM as a Cloud Service's service credentials (spec/ims-and-console.md §3.3).
type document struct {
	Project *struct {
		Org struct {
			ID string `json:"ims_org_id"`
		} `json:"org"`
		Workspace struct {
			Details struct {
				Credentials []struct {
					ID, Name string
					JWT      *struct {
						ClientID   string   `json:"client_id"`
						Secret     string   `json:"client_secret"`
						Account    string   `json:"technical_account_id"`
						MetaScopes []string `json:"meta_scopes"`
					}
					OAuth *struct {
						ClientID string   `json:"client_id"`
						Secrets  []string `json:"client_secrets"`
						Account  string   `json:"technical_account_id"`
						Scopes   []string `json:"scopes"`
					} `json:"oauth_server_to_server"`
				} `json:"credentials"`
			} `json:"details"`
		} `json:"workspace"`
	} `json:"project"`
	Integration *struct {
		Endpoint   string `json:"imsEndpoint"`
		MetaScopes string `json:"metascopes"`
		Account    struct {
			ClientID string `json:"clientId"`
			Secret   string `json:"clientSecret"`
		} `json:"technicalAccount"`
		ID      string `json:"id"`
		Org     string `json:"org"`
		Private string `json:"privateKey"`
		Public  string `json:"publicKey"`
	} `json:"integration"`
}

// readJSON reads a document; not known when it is neither.
func readJSON(text string) (found []imported, known bool, err error) {
	var d document
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		return nil, false, err
	}
	switch {
	case d.Integration != nil:
		i := d.Integration
		host, _, _ := strings.Cut(i.ID, "@")
		return []imported{{
			id: i.ID, name: "service-credentials-" + strings.ToLower(host[:min(8, len(host))]), kind: JWT, server: i.Endpoint, client: i.Account.ClientID, secret: i.Account.Secret,
			account: i.ID, organization: i.Org, metascopes: strings.FieldsFunc(i.MetaScopes, func(r rune) bool { return r == ',' || r == ' ' }),
			private: i.Private, certificate: i.Public,
		}}, true, nil
	case d.Project == nil:
		return nil, false, nil
	}
	for _, credential := range d.Project.Workspace.Details.Credentials {
		one := imported{id: credential.ID, name: credential.Name, organization: d.Project.Org.ID}
		if o := credential.OAuth; o != nil { // of one that migrates, the part that stays
			one.kind, one.client, one.account, one.scopes = OAuth, o.ClientID, o.Account, o.Scopes
			if len(o.Secrets) > 0 {
				one.secret = o.Secrets[len(o.Secrets)-1]
			}
			found = append(found, one)
		} else if j := credential.JWT; j != nil {
			one.kind, one.client, one.account, one.metascopes, one.secret = JWT, j.ClientID, j.Account, j.MetaScopes, j.Secret
			found = append(found, one)
		}
	}
	return found, true, nil
}

// readOSGi reads AEM's two files: the token provider, and what holds its secret.
func readOSGi(files []properties) (imported, error) {
	merged := properties{}
	for _, f := range files {
		for name, values := range f {
			if _, twice := merged[name]; !twice {
				merged[name] = values
			}
		}
	}
	const p = "auth.token.provider."
	out := imported{
		kind: JWT, title: merged.first(p + "title"), name: cmp.Or(merged.first("name"), merged.first(p+"title")), client: merged.first(p + "client.id"),
		secret: merged.first("auth.ims.client.secret"), organization: merged.first(p + "orgId"), alias: merged.first(p + "keypair.alias"), server: merged.first(p + "endpoint"),
	}
	if out.client == "" {
		return imported{}, finding.Problems{{Severity: finding.Wrong, Pointer: "/files", Message: "none of the files is an OAuth access token provider of AEM: " + p + "client.id is missing",
			Fix: "give com.adobe.granite.auth.oauth.accesstoken.provider….config, and with it com.adobe.granite.auth.ims.impl.IMSAccessTokenRequestCustomizerImpl….config"}}
	}
	if u, err := url.Parse(cmp.Or(out.server, merged.first("auth.access.token.request"))); err == nil && u.Host != "" {
		out.server = u.Scheme + "://" + u.Host
	}
	if merged.first(p+"authorization.grants") == "client_credentials" {
		out.kind, out.alias = OAuth, ""
		out.scopes = strings.FieldsFunc(strings.Join(merged[p+"scope"], ","), func(r rune) bool { return r == ',' || r == ' ' })
	}
	for _, claim := range merged[p+"default.claims"] {
		out.claim(claim)
	}
	if strings.HasPrefix(out.secret, "{") { // AEM's own sealing: {hex}
		out.secret = ""
	}
	return out, nil
}

// claim reads a fragment of claims: `"iss" : "…"`.
func (i *imported) claim(text string) {
	var one map[string]any
	if json.Unmarshal([]byte("{"+strings.Trim(strings.TrimSpace(text), "{},")+"}"), &one) != nil {
		return
	}
	for name, value := range one {
		text, _ := value.(string)
		u, err := url.Parse(name)
		switch metascope, found := strings.CutPrefix(u.Path, "/s/"); {
		case err != nil:
		case name == "iss":
			i.organization = cmp.Or(i.organization, text)
		case name == "sub":
			i.account = text
		case name == "aud" && i.server == "":
			if at, err := url.Parse(text); err == nil && at.Host != "" {
				i.server = at.Scheme + "://" + at.Host
			}
		case found && u.Host != "" && value == true:
			i.metascopes = append(i.metascopes, metascope)
		}
	}
	slices.Sort(i.metascopes)
}
