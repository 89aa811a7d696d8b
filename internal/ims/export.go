package ims

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"latchkey/internal/access"
	"latchkey/internal/finding"
)

// Format is what a configuration is written as.
type Format string

// The formats.
const (
	// AEM is the two .config files of AEM 6.5.
	AEM Format = "aem"
	// ServiceCredentials is AEM as a Cloud Service's JSON.
	ServiceCredentials Format = "service-credentials"
	// Workspace is the Developer Console's JSON.
	Workspace Format = "workspace"
)

// Formats lists them.
func Formats() []Format { return []Format{AEM, ServiceCredentials, Workspace} }

// masked stands in an export for a secret that was not asked for.
const masked = "********"

// Exported is a configuration as files, and which product versions take them.
type Exported struct {
	Files    []File
	Requires []string
}

// Export writes a configuration. With secrets it takes an administrator, and is recorded; without, a mask stands in their place.
func (c *Configurations) Export(ctx context.Context, caller access.Caller, ref Ref, format Format, secrets bool) (Exported, error) {
	found, err := c.find(ctx, caller, ref, access.ConnectionsRead)
	if err != nil {
		return Exported{}, err
	}
	if secrets {
		if err := caller.Require(access.Admin); err != nil {
			return Exported{}, err
		}
	}
	if missing := found.Missing(); len(missing) > 0 {
		return Exported{}, fmt.Errorf("the configuration %s is a draft that lacks %s: %w", found.Name, strings.Join(missing, ", "), ErrState)
	}
	w := &writer{Configuration: &found, secret: masked, private: masked, name: found.Name}
	if secrets {
		w.secret = found.Secret.Reveal()
	}
	if found.Alias != "" {
		key, err := c.current(ctx, found.place(), found.Alias)
		if err != nil {
			return Exported{}, fmt.Errorf("reading the key %q: %w", found.Alias, err)
		}
		if secrets {
			w.private = key.Private.Reveal()
		}
		if key.Certificate != nil {
			w.certificate = string(key.Certificate.PEM())
		}
	}
	files, err := w.write(format, secrets)
	if err != nil {
		return Exported{}, err
	}
	if secrets {
		entry := found.entry(caller, "ims_configuration.export", c.now())
		entry.Detail["format"] = string(format)
		if err := c.config.Store.Record(ctx, entry); err != nil {
			return Exported{}, err
		}
	}
	return Exported{files, found.Requires()}, nil
}

// writer writes one configuration.
type writer struct {
	*Configuration
	name, secret, private, certificate string
}

func (w *writer) write(format Format, secrets bool) ([]File, error) {
	switch format {
	case AEM:
		files := w.osgi()
		if w.Type == JWT && secrets {
			files = append(files, File{w.Alias + ".key", w.private, true}, File{w.Alias + ".crt", w.certificate, false})
		}
		return files, nil
	case ServiceCredentials:
		if w.Type != JWT {
			return nil, finding.Problems{{Severity: finding.Wrong, Pointer: "/format", Message: "service credentials are those of a JWT, and the configuration is OAuth's", Fix: `use "workspace" or "aem"`}}
		}
		return w.json(w.name+"-service-credentials.json", w.serviceCredentials())
	case Workspace:
		return w.json(w.name+"-workspace.json", w.workspace())
	}
	return nil, finding.Problems{{Severity: finding.Wrong, Pointer: "/format", Message: "there is no such format", Fix: `use "aem", "service-credentials" or "workspace"`}}
}

func (w *writer) json(name string, value any) ([]File, error) {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing %s: %w", name, err)
	}
	return []File{{name, string(text) + "\n", true}}, nil
}

// osgi writes the token provider, and what holds its secret (spec/aem-target-analytics.md §1.2).
func (w *writer) osgi() []File {
	const p = "auth.token.provider."
	one := func(name, value string) property { return property{name: name, values: []string{value}} }
	link := "latchkey-" + w.name
	list := []property{
		one("name", w.name), one(p+"title", w.Title), one(p+"client.id", w.ClientID), one(p+"endpoint", w.Server),
		one("auth.access.token.request", w.Server+"/ims/exchange/jwt"), one(p+"keypair.alias", w.Alias),
		{name: p + "default.claims", values: w.claims(), list: true},
	}
	if w.Type == OAuth {
		list = append(list[:4], one("auth.access.token.request", w.Server+"/ims/token/v3"), one(p+"authorization.grants", "client_credentials"),
			one(p+"orgId", w.IMSOrganization), one(p+"scope", strings.Join(w.Scopes, ", ")),
			property{name: p + "default.claims", values: []string{fragment("iss", w.IMSOrganization)}, list: true})
	}
	list = append(list, one("token.request.customizer.type", link),
		property{name: p + "conn.timeout", letter: "I", values: []string{"5000"}}, property{name: p + "so.timeout", letter: "I", values: []string{"5000"}},
		property{name: p + "reuse.access.token", letter: "B", values: []string{"true"}}, property{name: p + "relaxed.ssl", letter: "B", values: []string{"false"}})
	return []File{
		{"com.adobe.granite.auth.oauth.accesstoken.provider-" + w.name + ".config", writeProperties(list), false},
		{"com.adobe.granite.auth.ims.impl.IMSAccessTokenRequestCustomizerImpl-" + w.name + ".config", writeProperties([]property{
			one("auth.ims.client.secret", w.secret), one("customizer.type", link),
		}), true},
	}
}

func fragment(name, value string) string { return strconv.Quote(name) + " : " + strconv.Quote(value) }

// claims are the payload's, as AEM keeps them.
func (w *writer) claims() []string {
	out := []string{fragment("iss", w.IMSOrganization), fragment("sub", w.TechnicalAccount), fragment("aud", w.Server+"/c/"+w.ClientID)}
	for _, m := range w.Metascopes {
		out = append(out, strconv.Quote(w.Server+"/s/"+m)+" : true")
	}
	return out
}

func (w *writer) serviceCredentials() any {
	crlf := strings.NewReplacer("\r\n", "\r\n", "\n", "\r\n")
	return map[string]any{"ok": true, "statusCode": 200, "integration": map[string]any{
		"imsEndpoint": hostOf(w.Server), "metascopes": strings.Join(w.Metascopes, ","), "technicalAccount": map[string]any{"clientId": w.ClientID, "clientSecret": w.secret},
		"id": w.TechnicalAccount, "org": w.IMSOrganization, "privateKey": crlf.Replace(w.private), "publicKey": crlf.Replace(w.certificate),
	}}
}

func (w *writer) workspace() any {
	credential := map[string]any{"id": "1", "name": w.name, "integration_type": "service", "jwt": map[string]any{
		"client_id": w.ClientID, "client_secret": w.secret, "technical_account_id": w.TechnicalAccount, "technical_account_email": w.TechnicalAccount, "meta_scopes": w.Metascopes,
	}}
	if w.Type == OAuth {
		credential = map[string]any{"id": "1", "name": w.name, "integration_type": "oauth_server_to_server", "oauth_server_to_server": map[string]any{
			"client_id": w.ClientID, "client_secrets": []string{w.secret}, "technical_account_id": w.TechnicalAccount, "technical_account_email": w.TechnicalAccount, "scopes": w.Scopes,
		}}
	}
	services := []map[string]string{}
	if about, ok := w.Solution.About(); ok && about.Service != "" {
		services = append(services, map[string]string{"code": about.Service, "name": about.Title})
	}
	return map[string]any{"project": map[string]any{
		"id": "1", "name": "latchkey", "title": w.Title, "org": map[string]any{"id": "1", "name": "organization", "ims_org_id": w.IMSOrganization},
		"workspace": map[string]any{"id": "1", "name": "Production", "details": map[string]any{
			"credentials": []any{credential}, "services": services, "runtime": map[string]any{"namespaces": []any{}},
		}},
	}}
}
