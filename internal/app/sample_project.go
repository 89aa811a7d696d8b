package app

import (
	"context"
	"crypto/x509/pkix"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/file"
	"latchkey/internal/keypair"
	"latchkey/internal/project"
)

// The sample project: one credential of each kind that a system uses, subscribed to every service, with the files that
// its owner would have on disk; and two by which people sign in.
const (
	sampleProject   = "Sample"
	sampleJWT       = "sample-jwt"
	sampleOAuth     = "sample-oauth"
	sampleWeb       = "sample-web"
	sampleNative    = "sample-native"
	sampleKeyFile   = "private.key"
	sampleCertFile  = "certificate_pub.crt"
	sampleWorkspace = "workspace.json"
)

// sampleProfiles are the product profiles that the sample organization has, by the service's code.
func sampleProfiles() map[string]string {
	return map[string]string{
		project.Analytics: "Analytics - Sample Organization", project.Triggers: "Analytics - Sample Organization",
		project.Target: "Default Workspace", project.ExperiencePlatform: "Default Production All Access",
	}
}

// makeProject adds what is missing of the sample project, and writes its files. What somebody changed stays; a certificate
// that has ended is renewed beside the old one.
func (h *house) makeProject(ctx context.Context, caller access.Caller) error {
	wishes, err := h.sampleServices(ctx, caller)
	if err != nil {
		return err
	}
	workspace, err := h.sampleWorkspace(ctx, caller)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(h.config.path("sample"), 0o700); err != nil {
		return err
	}
	certificate, err := h.sampleKeyPair()
	if err != nil {
		return err
	}
	if err := h.sampleCredentials(ctx, caller, workspace, certificate, wishes); err != nil {
		return err
	}
	document, err := h.projects.Download(ctx, caller, "", workspace.ID)
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(document, "", "  ")
	if err != nil {
		return err
	}
	return file.Replace(h.config.path("sample", sampleWorkspace), append(text, '\n'), 0o600)
}

// sampleServices entitles the organization to every service, and asks for each, with its first product profile.
func (h *house) sampleServices(ctx context.Context, caller access.Caller) ([]project.Wish, error) {
	var wishes []project.Wish
	for _, s := range project.BuiltIn() {
		wish := project.Wish{Service: s.Code}
		if !s.Open {
			if _, err := h.services.Entitle(ctx, caller, s.Code); err != nil {
				return nil, err
			}
		}
		if s.Profiles {
			profile, err := h.sampleProfile(ctx, caller, s.Code)
			if err != nil {
				return nil, err
			}
			wish.Profiles = []string{profile}
		}
		wishes = append(wishes, wish)
	}
	return wishes, nil
}

func (h *house) sampleProfile(ctx context.Context, caller access.Caller, service string) (string, error) {
	there, err := h.services.Profiles(ctx, caller, service)
	if err != nil {
		return "", err
	}
	if len(there) > 0 {
		return there[0].ID, nil
	}
	made, err := h.services.CreateProfile(ctx, caller, project.NewProfile{Service: service, Name: sampleProfiles()[service]})
	return made.ID, err
}

func (h *house) sampleWorkspace(ctx context.Context, caller access.Caller) (project.Workspace, error) {
	found, err := h.projects.Find(ctx, caller, sampleProject)
	if errors.Is(err, project.ErrNotFound) {
		_, workspaces, err := h.projects.Create(ctx, caller, project.NewProject{
			Name: sampleProject, Title: "Sample project", Description: "One credential of each kind, subscribed to every service.",
		})
		if err != nil {
			return project.Workspace{}, err
		}
		return workspaces[0], nil
	}
	if err != nil {
		return project.Workspace{}, err
	}
	workspaces, err := h.projects.Workspaces(ctx, caller, found.ID)
	if err != nil || len(workspaces) == 0 {
		return project.Workspace{}, errors.Join(err, fmt.Errorf("the project %q has no workspace", sampleProject))
	}
	return workspaces[0], nil
}

func (h *house) sampleCredentials(ctx context.Context, caller access.Caller, workspace project.Workspace, certificate []byte, wishes []project.Wish) error {
	made, err := h.sampleCredential(ctx, caller, project.NewCredential{
		Workspace: workspace.ID, Name: sampleJWT, Description: "Exchanges a JWT that is signed with sample/private.key.",
		Kind: project.ServiceAccountJWT, Certificate: certificate, Services: wishes,
	})
	if err != nil {
		return err
	}
	if made.Kind == project.ServiceAccountJWT && !slices.ContainsFunc(made.Bindings, func(b project.Binding) bool { return b.SHA256 == fingerprint(certificate) }) {
		if _, err := h.credentials.AddBinding(ctx, caller, made.ID, certificate, false); err != nil {
			return err
		}
	}
	if _, err = h.sampleCredential(ctx, caller, project.NewCredential{
		Workspace: workspace.ID, Name: sampleOAuth, Description: "Takes tokens by client credentials.",
		Kind: project.OAuthServerToServer, Services: wishes,
	}); err != nil {
		return err
	}
	return h.sampleApplications(ctx, caller, workspace)
}

// sampleApplications are the credentials by which people sign in, at programs on this machine.
func (h *house) sampleApplications(ctx context.Context, caller access.Caller, workspace project.Workspace) error {
	for _, ask := range []project.NewCredential{
		{
			Name: sampleWeb, Description: "Signs people in: a web server, with a secret.", Kind: project.OAuthWebApp,
			Redirect: project.Redirect{Default: "http://localhost:8080/callback", Patterns: []string{
				`http://localhost:8080/.*`, `http://localhost:3000/.*`, `http://localhost:5173/.*`, `http://localhost:8888/.*`,
			}},
			Services: []project.Wish{{Service: project.IOManagementAPI}, {Service: project.LatchkeyAPI}},
		},
		{
			Name: sampleNative, Description: "Signs people in: a program on their own machine, at any port.", Kind: project.OAuthNativeApp,
			Redirect: project.Redirect{Default: "http://127.0.0.1/callback"},
			Services: []project.Wish{{Service: project.LatchkeyAPI}},
		},
	} {
		ask.Workspace = workspace.ID
		if _, err := h.sampleCredential(ctx, caller, ask); err != nil {
			return err
		}
	}
	return nil
}

// sampleCredential gives a credential, made where there is none. A new one is Editor in Target, so that it can do what
// the samples do.
func (h *house) sampleCredential(ctx context.Context, caller access.Caller, ask project.NewCredential) (project.Credential, error) {
	found, err := h.credentials.Find(ctx, caller, ask.Name)
	if !errors.Is(err, project.ErrNotFound) {
		return found, err
	}
	made, err := h.credentials.Create(ctx, caller, ask)
	if err != nil || !made.Kind.Enterprise() {
		return made, err
	}
	return h.credentials.SetRole(ctx, caller, made.ID, project.Target, "", project.Editor)
}

func fingerprint(certificate []byte) string {
	parsed, err := keypair.ParseCertificate(certificate)
	if err != nil {
		return ""
	}
	return parsed.SHA256
}

// sampleKeyPair gives the certificate beside the key on disk; both are made when one is missing or has ended.
func (h *house) sampleKeyPair() ([]byte, error) {
	keyPath, certPath := h.config.path("sample", sampleKeyFile), h.config.path("sample", sampleCertFile)
	certificate, err := os.ReadFile(certPath)
	if err == nil {
		_, err = os.Stat(keyPath)
	}
	switch {
	case err == nil && !ended(certificate, h.clock.Now()):
		return certificate, nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	pair, err := keypair.Generate(keypair.Order{
		Subject: pkix.Name{CommonName: sampleJWT, Organization: []string{sampleOrganizationName}}, Now: h.clock.Now(),
	})
	if err != nil {
		return nil, err
	}
	defer pair.Wipe()
	if err := file.Replace(keyPath, pair.PrivateKey(), 0o600); err != nil {
		return nil, err
	}
	certificate = pair.Certificate.PEM()
	return certificate, file.Replace(certPath, certificate, 0o600)
}

func ended(certificate []byte, now time.Time) bool {
	parsed, err := keypair.ParseCertificate(certificate)
	return err != nil || now.After(parsed.NotAfter)
}
