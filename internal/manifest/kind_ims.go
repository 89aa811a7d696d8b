package manifest

import (
	"context"
	"reflect"

	"latchkey/client"
)

type keyPairSpec struct {
	Certificate string    `json:"certificate" doc:"The certificate in PEM. It is public." required:"true" fixed:"true"`
	PrivateKey  Reference `json:"private_key" doc:"Its private key in PEM. It is sent when the key pair is made." required:"true"`
}

// keyPairKind are the pairs that IMS configurations sign with. They are made and left alone: the next one comes by rotation.
func keyPairKind() *kind {
	return &kind{
		name: "KeyPair", doc: "A key pair that IMS configurations sign with. Its name is the alias. To replace it, rotate it: latchkey ims certificate rotate.", spec: reflect.TypeFor[keyPairSpec](),
		list: func(ctx context.Context, c *client.Client) ([]*current, error) {
			return collect(c.IMSCertificates(ctx), func(v client.IMSCertificate) bool { return v.Current }, func(v client.IMSCertificate) (*current, error) {
				return newCurrent("KeyPair", v.Alias, v.Alias, keyPairSpec{Certificate: v.PEM, PrivateKey: mask}, v)
			})
		},
		create: func(ctx context.Context, c *client.Client, s *Step) (string, error) {
			spec, err := specOf[keyPairSpec](s)
			if err != nil {
				return "", err
			}
			_, err = c.CreateIMSCertificate(ctx, client.NewIMSCertificate{Alias: s.Object.Name, PrivateKey: string(spec.PrivateKey), Certificate: spec.Certificate})
			return "", err
		},
		remove: func(ctx context.Context, c *client.Client, s *Step) error {
			return c.DeleteIMSCertificate(ctx, s.id, 0)
		},
	}
}

type imsSpec struct {
	Title            string    `json:"title,omitempty" doc:"What people call it."`
	Solution         string    `json:"solution,omitempty" doc:"The cloud solution's short name." enum:"target,analytics,launch,campaign,stock,brand-portal,experience-platform,io-management"`
	Type             string    `json:"type,omitempty" doc:"jwt is Service Account, oauth is OAuth Server-to-Server." enum:"jwt,oauth"`
	Server           string    `json:"authorization_server,omitempty" doc:"Scheme and host of the authorization server."`
	APIKey           string    `json:"api_key,omitempty" doc:"The client id."`
	ClientSecret     Reference `json:"client_secret,omitempty" doc:"The client secret."`
	OrganizationID   string    `json:"organization_id,omitempty" doc:"The claim iss."`
	TechnicalAccount string    `json:"technical_account,omitempty" doc:"The claim sub."`
	Metascopes       []string  `json:"metascopes,omitempty" doc:"Those of a JWT."`
	Scopes           []string  `json:"scopes,omitempty" doc:"Those of OAuth."`
	KeyAlias         string    `json:"key_alias,omitempty" doc:"The key pair that signs." refer:"KeyPair"`
}

func imsKind() *kind {
	return &kind{
		name: "IMSConfiguration", doc: "An IMS configuration, as AEM has them.", spec: reflect.TypeFor[imsSpec](),
		list: func(ctx context.Context, c *client.Client) ([]*current, error) {
			return collect(c.IMSConfigurations(ctx), nil, func(v client.IMSConfiguration) (*current, error) {
				out, err := newCurrent("IMSConfiguration", v.Name, v.ID, imsSpec{
					v.Title, v.Solution, v.Type, v.Server, v.APIKey, Reference(v.ClientSecret), v.OrganizationID, v.TechnicalAccount, v.Metascopes, v.Scopes, v.KeyAlias,
				}, v)
				if v.Migration != nil && err == nil {
					out.remarks = append(out.remarks, "it is being migrated; what is written is the JWT part, which serves")
				}
				return out, err
			})
		},
		create: func(ctx context.Context, c *client.Client, s *Step) (string, error) {
			values, err := imsValues(s)
			if err != nil {
				return "", err
			}
			made, err := c.CreateIMSConfiguration(ctx, client.NewIMSConfiguration{Name: s.Object.Name, IMSValues: values})
			return missing(made.Missing), err
		},
		change: func(ctx context.Context, c *client.Client, s *Step) (string, error) {
			values, err := imsValues(s)
			if err != nil {
				return "", err
			}
			changed, err := c.UpdateIMSConfiguration(ctx, s.id, values)
			return missing(changed.Missing), err
		},
		remove: func(ctx context.Context, c *client.Client, s *Step) error { return c.DeleteIMSConfiguration(ctx, s.id) },
		compare: func(ctx context.Context, c *client.Client, s *Step) ([]Difference, error) {
			return compareSecret(s, "client_secret", func(value string) (bool, error) {
				compared, err := c.CompareIMSConfiguration(ctx, s.id, value)
				return compared.Same, err
			})
		},
		breaks: func(s *Step) []string {
			before, ok := s.thing.(client.IMSConfiguration)
			switch {
			case !ok || before.State != "connected":
				return nil
			case s.Act == Delete:
				return []string{"its connection is deleted with it, and programs get no token of it any more"}
			}
			return []string{"a new token is asked for with the new values first; when that is refused, nothing changes"}
		},
	}
}

func imsValues(s *Step) (client.IMSValues, error) {
	spec, err := specOf[imsSpec](s)
	return client.IMSValues{
		Title: given(s, "title", spec.Title), Solution: given(s, "solution", spec.Solution), Type: given(s, "type", spec.Type), Server: given(s, "authorization_server", spec.Server),
		APIKey: given(s, "api_key", spec.APIKey), ClientSecret: given(s, "client_secret", string(spec.ClientSecret)), OrganizationID: given(s, "organization_id", spec.OrganizationID),
		TechnicalAccount: given(s, "technical_account", spec.TechnicalAccount), Metascopes: given(s, "metascopes", listed(spec.Metascopes)),
		Scopes: given(s, "scopes", listed(spec.Scopes)), KeyAlias: given(s, "key_alias", spec.KeyAlias),
	}, err
}

// listed gives a list where there is none, so that it is sent as one.
func listed(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

func missing(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return "it is a draft: it lacks " + words(values)
}

// compareSecret asks the server whether a secret is the one that it has.
func compareSecret(s *Step, member string, same func(value string) (bool, error)) ([]Difference, error) {
	value := s.want.Get(member)
	if value == nil || value.Masked() {
		return nil, nil
	}
	equal, err := same(value.Text)
	if err != nil || equal {
		return nil, err
	}
	return []Difference{{Path: member, Before: mask, After: mask, Secret: true}}, nil
}
