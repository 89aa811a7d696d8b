package latchkeytest

import (
	"encoding/json"
	"slices"
)

// IMS is what a program needs to know of the authorization server, which speaks Adobe IMS and OAuth 2, and of its credentials.
type IMS struct {
	// URL is where it answers: /ims/token/v3, /ims/exchange/jwt, /ims/keys and the rest are below.
	URL string
	// Organization is the IMS organization id.
	Organization string
	// OAuth takes tokens by client credentials, JWT by a signed JWT (RFC 7523 as IMS has it).
	OAuth, JWT Credential
	// PrivateKey signs the JWTs of JWT, and Certificate belongs to it; both are PEM. The certificate ends a year after the
	// process began.
	PrivateKey, Certificate string
	// Workspace is the file that the developer console hands out for both.
	Workspace []byte
}

// Credential is one of a developer console's project, with every service.
type Credential struct {
	ClientID, ClientSecret string
	// TechnicalAccount is whom its tokens are of, "…@techacct.adobe.com".
	TechnicalAccount, TechnicalAccountEmail string
	// Scopes are what OAuth asks for, or the metascopes that a JWT claims.
	Scopes []string
}

// IMS tells of the authorization server and of its credentials.
func (s *Server) IMS() IMS {
	out := s.ims
	out.OAuth.Scopes, out.JWT.Scopes = slices.Clone(out.OAuth.Scopes), slices.Clone(out.JWT.Scopes)
	out.Workspace = slices.Clone(out.Workspace)
	return out
}

// workspace is what of a workspace's file is needed here.
type workspace struct {
	Project struct {
		Workspace struct {
			Details struct {
				Credentials []struct {
					JWT *struct {
						ClientID     string   `json:"client_id"`
						ClientSecret string   `json:"client_secret"`
						Email        string   `json:"technical_account_email"`
						ID           string   `json:"technical_account_id"`
						MetaScopes   []string `json:"meta_scopes"`
					} `json:"jwt"`
					OAuth *struct {
						ClientID      string   `json:"client_id"`
						ClientSecrets []string `json:"client_secrets"`
						Email         string   `json:"technical_account_email"`
						ID            string   `json:"technical_account_id"`
						Scopes        []string `json:"scopes"`
					} `json:"oauth_server_to_server"`
				} `json:"credentials"`
			} `json:"details"`
		} `json:"workspace"`
	} `json:"project"`
}

func (f *furniture) ims(url string) (IMS, error) {
	out := IMS{
		URL: url, Organization: f.organization, PrivateKey: string(plain(credentialPEM)), Certificate: string(f.certificate), Workspace: f.workspace,
	}
	var file workspace
	if err := json.Unmarshal(f.workspace, &file); err != nil {
		return out, err
	}
	for _, c := range file.Project.Workspace.Details.Credentials {
		switch {
		case c.JWT != nil:
			out.JWT = Credential{c.JWT.ClientID, c.JWT.ClientSecret, c.JWT.ID, c.JWT.Email, c.JWT.MetaScopes}
		case c.OAuth != nil && len(c.OAuth.ClientSecrets) > 0:
			out.OAuth = Credential{c.OAuth.ClientID, c.OAuth.ClientSecrets[0], c.OAuth.ID, c.OAuth.Email, c.OAuth.Scopes}
		}
	}
	return out, nil
}
