package console

import (
	"crypto/x509/pkix"
	"io"
	"net/http"
	"strings"

	"latchkey/internal/access"
	"latchkey/internal/keypair"
	"latchkey/internal/project"
)

// made is what the answer to a creation says.
type made struct {
	ID               string        `json:"id"`
	APIKey           string        `json:"apiKey"`
	OrgID            string        `json:"orgId"`
	TechnicalAccount string        `json:"technicalAccountId,omitempty"`
	Project          string        `json:"projectId,omitempty"`
	Workspace        string        `json:"workspaceId,omitempty"`
	Subscription     *subscription `json:"subscriptionResult,omitempty"`
}

// newCredential is what the bodies of all kinds ask for.
type newCredential struct {
	Name        string   `json:"name"`
	Description string   `json:"description"`
	Platform    string   `json:"platform"`
	Redirects   []string `json:"redirectUriList"`
	Pattern     string   `json:"redirectUriPattern"`
	Default     string   `json:"defaultRedirectUri"`
	Scheme      string   `json:"urlScheme"`
	Services    []wish   `json:"services"`
}

func (s *server) credentialRoutes() {
	const base = workspacePath + "/credentials"
	s.route("GET "+base, s.listCredentials)
	s.route("POST "+base+"/entp", func(r *request) (answer, error) {
		workspace, err := s.workspace(r)
		if err != nil {
			return answer{}, err
		}
		certificate, err := upload(r)
		if err != nil {
			return answer{}, err
		}
		return s.createEnterprise(r, workspace.ID, certificate)
	})
	s.route("POST "+base+"/entp/{credential}/certificate/generateAndAssign", s.generate)
	for _, path := range []string{"/adobeId", "/adobeid", "/analytics"} {
		s.route("POST "+base+path, func(r *request) (answer, error) {
			workspace, err := s.workspace(r)
			if err != nil {
				return answer{}, err
			}
			return s.createPersonal(r, workspace.ID)
		})
	}
	s.route("POST "+base+"/admin_entp", func(*request) (answer, error) {
		return answer{}, failure{http.StatusNotImplemented, "501", "Credentials that an administrator consents to are not made here; make one of OAuth server-to-server"}
	})
	s.route("POST "+base+"/oauth-server-to-server", func(r *request) (answer, error) {
		workspace, err := s.workspace(r)
		if err != nil {
			return answer{}, err
		}
		return s.createServer(r, workspace.ID, http.StatusOK)
	})
	s.route("DELETE "+base+"/{credential}", func(r *request) (answer, error) {
		found, err := s.credential(r)
		if err != nil {
			return answer{}, err
		}
		return answer{body: struct{}{}}, s.Credentials.Delete(r.Context(), r.caller, found.ID)
	})
	s.route("PUT "+base+"/{type}/{credential}/services", s.setServices)
}

// credential finds the one that the path names; where the path names a workspace, in that.
func (s *server) credential(r *request) (project.Credential, error) {
	found, err := s.Credentials.Find(r.Context(), r.caller, r.PathValue("credential"))
	if err != nil {
		return found, err
	}
	if r.PathValue("workspace") != "" {
		workspace, err := s.workspace(r)
		if err != nil {
			return found, err
		}
		if found.Workspace != workspace.ID {
			return found, missing
		}
	}
	return found, nil
}

type listed struct {
	Workspace       string `json:"id_workspace"`
	Integration     string `json:"id_integration"`
	FlowType        string `json:"flow_type"`
	IntegrationType string `json:"integration_type"`
	CredentialType  string `json:"credential_type"`
}

func (s *server) listCredentials(r *request) (answer, error) {
	workspace, err := s.workspace(r)
	if err != nil {
		return answer{}, err
	}
	all, err := s.Credentials.List(r.Context(), r.caller, project.Selection{Workspace: workspace.ID, Page: project.Page{Limit: largestPage}})
	out := []listed{}
	for _, c := range all {
		out = append(out, listed{c.Workspace, c.ID, flowType(c.Kind), c.IntegrationType(), c.IntegrationType()})
	}
	return answer{body: out}, err
}

// flowType says whether a credential acts by itself or for a person.
func flowType(kind project.Kind) string {
	if kind.Enterprise() {
		return "entp"
	}
	return "adobeid"
}

// createEnterprise makes a service_account_jwt of a certificate that came as a file.
func (s *server) createEnterprise(r *request, workspace string, certificate []byte) (answer, error) {
	return s.create(r, project.NewCredential{
		Workspace: workspace, Name: r.FormValue("name"), Description: r.FormValue("description"), Kind: project.ServiceAccountJWT, Certificate: certificate,
	}, http.StatusOK)
}

// createServer makes one of OAuth server-to-server.
func (s *server) createServer(r *request, workspace string, status int) (answer, error) {
	ask, err := read[newCredential](r)
	if err != nil {
		return answer{}, err
	}
	return s.create(r, project.NewCredential{
		Workspace: workspace, Name: ask.Name, Description: ask.Description, Kind: project.OAuthServerToServer, Services: wishes(ask.Services),
	}, status)
}

// platforms are the kinds by the vendor's names of them.
var platforms = map[string]project.Kind{
	"webapp": project.OAuthWebApp, "singlepageapp": project.OAuthSinglePageApp, "nativeapp": project.OAuthNativeApp, "apikey": project.APIKey,
	"web": project.OAuthWebApp, "ios": project.OAuthNativeApp, "android": project.OAuthNativeApp,
}

// createPersonal makes a credential that acts for a person.
func (s *server) createPersonal(r *request, workspace string) (answer, error) {
	ask, err := read[newCredential](r)
	if err != nil {
		return answer{}, err
	}
	kind, ok := platforms[strings.ToLower(ask.Platform)]
	if !ok {
		return answer{}, invalid("platform is one of WebApp, SinglePageApp, NativeApp, apiKey")
	}
	want := project.NewCredential{Workspace: workspace, Name: ask.Name, Description: ask.Description, Kind: kind, Services: wishes(ask.Services)}
	if kind.Redirects() {
		want.Redirect = ask.redirect()
	}
	return s.create(r, want, http.StatusOK)
}

// redirect reads the patterns, each of which may be a list with commas.
func (n newCredential) redirect() project.Redirect {
	out := project.Redirect{Default: n.Default}
	for _, list := range append(n.Redirects, n.Pattern) {
		for pattern := range strings.SplitSeq(list, ",") {
			if pattern = strings.TrimSpace(pattern); pattern != "" {
				out.Patterns = append(out.Patterns, pattern)
			}
		}
	}
	return out
}

func (s *server) create(r *request, want project.NewCredential, status int) (answer, error) {
	c, err := s.Credentials.Create(r.Context(), r.caller, want)
	if err != nil {
		return answer{}, err
	}
	out := made{
		ID: c.ID, APIKey: c.ClientID, OrgID: r.organization.Number, TechnicalAccount: c.TechnicalAccount.ID, Project: c.Project, Workspace: c.Workspace,
	}
	if len(want.Services) > 0 {
		result := subscribed(c)
		out.Subscription = &result
	}
	return answer{status: status, body: out}, nil
}

// upload reads the certificate out of a form's part, a file or a text.
func upload(r *request) ([]byte, error) {
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data") {
		message := "The certificate comes as the part \"certificate\" of a multipart/form-data body"
		// Two functions of aio-lib-console 5.8.0 send an object's name in the place of what is in it.
		if start, _ := io.ReadAll(io.LimitReader(r.Body, 64)); strings.HasPrefix(string(start), "[object ") {
			message += "; the client has sent the text [object FormData] instead, which is a fault of its own"
		}
		return nil, invalid(message)
	}
	if err := r.ParseMultipartForm(maxBody); err != nil {
		return nil, invalid("The multipart body can't be read")
	}
	defer func() { _ = r.MultipartForm.RemoveAll() }()
	for _, name := range []string{"certificate", "certifiate"} { // the second is how the vendor's document spells it once
		if text := r.MultipartForm.Value[name]; len(text) > 0 {
			return []byte(text[0]), nil
		}
		files := r.MultipartForm.File[name]
		if len(files) == 0 {
			continue
		}
		if files[0].Size > project.MaxCertificate {
			return nil, invalid("The certificate is too long")
		}
		file, err := files[0].Open()
		if err != nil {
			return nil, err
		}
		defer func() { _ = file.Close() }()
		return io.ReadAll(file)
	}
	return nil, invalid("The part \"certificate\" is missing")
}

// generate makes a key pair, binds its certificate, and gives both in config.zip: the private key is nowhere else.
func (s *server) generate(r *request) (answer, error) {
	found, err := s.credential(r)
	if err == nil {
		err = r.caller.RequireRole(access.Developer)
	}
	if err != nil {
		return answer{}, err
	}
	if !found.Kind.Confidential() {
		return answer{}, invalid("The credential has no certificates")
	}
	pair, err := keypair.Generate(keypair.Order{Subject: pkix.Name{CommonName: found.ClientID}, Now: s.Clock.Now()})
	if err != nil {
		return answer{}, err
	}
	defer pair.Wipe()
	archive, err := pair.Archive()
	if err != nil {
		return answer{}, err
	}
	_, err = s.Credentials.AddBinding(r.Context(), r.caller, found.ID, pair.Certificate.DER, false)
	return answer{raw: archive, kind: "application/zip"}, err
}
