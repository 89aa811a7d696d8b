package importer

import (
	"errors"
	"fmt"

	"latchkey/internal/campaign"
	"latchkey/internal/secret"
)

// Technical is the technical account of a Campaign instance: whom it asks IMS for tokens as.
type Technical struct {
	Instance string
	// JWT says that it signs with a key.
	JWT                                     bool
	Server, ClientID, Organization, Account string
	Secret, Key                             secret.String
}

// Campaign reads an instance's technical account of its files, as nlserver writes them. Values that the vendor's own server
// has sealed can't be opened by anybody else, and are a problem.
func Campaign(dir, instance string) (Technical, error) {
	read, err := campaign.Load(dir, instance)
	if err != nil {
		return Technical{}, err
	}
	out := Technical{
		Instance: instance, JWT: read.IMS.TechnicalKey.Text != "", Server: read.IMS.Endpoint, ClientID: read.IMS.TechnicalClientID,
		Organization: read.Organization, Account: read.IMS.TechnicalAccount,
	}
	file := campaign.FileName(instance)
	if out.ClientID == "" {
		return out, Problems{{File: file, About: "ims", Message: "the instance has no technical account", Fix: "set it with nlserver config -setimsjwtauth, or name an instance that has one"}}
	}
	var problems Problems
	open := func(v campaign.Value, into *secret.String) {
		text, err := read.Open(v)
		switch {
		case err == nil:
			*into = text
		case errors.Is(err, campaign.ErrEmpty):
		default:
			fix := "give the credential's own value: latchkey ims edit NAME --client-secret @FILE"
			if errors.Is(err, campaign.ErrVendorSealed) {
				fix = "the vendor's server sealed it, and nobody else can open it; " + fix
			}
			problems = append(problems, Problem{File: v.File, Line: v.Line, Column: v.Column, About: v.Attribute.Name, Message: fmt.Sprintf("it can't be opened: %v", errors.Unwrap(err)), Fix: fix})
		}
	}
	open(read.IMS.TechnicalSecret, &out.Secret)
	if out.JWT {
		open(read.IMS.TechnicalKey, &out.Key)
	}
	return out, problems.err()
}
