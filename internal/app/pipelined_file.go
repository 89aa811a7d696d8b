package app

import (
	"latchkey/internal/campaign"
	"latchkey/internal/clock"
	"latchkey/internal/pipelined"
	"latchkey/internal/pipelined/credential"
	"latchkey/internal/secret"
)

// instanceFile is the file of an instance, as far as its daemon writes it.
type instanceFile struct{ dir, instance string }

var _ pipelined.File = instanceFile{}

// standing gives how the credential stands in the instance's own file.
func standing(instance *campaign.Instance) []pipelined.Attribute {
	var all []pipelined.Attribute
	for _, c := range instance.Standing() {
		v := instance.Value(c.Path, c.Attribute)
		all = append(all, pipelined.Attribute{
			Path: c.Path, Name: c.Attribute, Text: c.Value, There: !c.Remove, Clear: v.Secret && !c.Remove && v.Form() == campaign.FormPlain,
		})
	}
	return all
}

// Put writes a credential of IMS into the file, as `nlserver config` with --pipelined-auth does.
func (f instanceFile) Put(c credential.Credential) (string, error) {
	instance, err := campaign.Load(f.dir, f.instance)
	if err != nil {
		return "", err
	}
	changes := []campaign.Change{
		{Path: campaign.PathRedirection, Attribute: campaign.Organization, Value: c.Organization},
		{Path: campaign.PathIMS, Attribute: campaign.TechnicalClient, Value: c.Client},
		{Path: campaign.PathIMS, Attribute: campaign.TechnicalAccount, Value: c.Account},
		{Path: campaign.PathPipelined, Attribute: campaign.AuthType, Value: campaign.JWTToken},
	}
	for _, s := range []struct {
		name  string
		value secret.String
	}{{campaign.TechnicalSecret, c.Secret}, {campaign.TechnicalKey, c.PrivateKey}} {
		change := campaign.Change{Path: campaign.PathIMS, Attribute: s.name}
		switch {
		case !s.value.Empty():
			if change.Value, err = instance.Seal(campaign.PathIMS, s.name, s.value); err != nil {
				return "", err
			}
		case instance.Value(campaign.PathIMS, s.name).Text == "":
			continue // it must not be there, and is not
		}
		changes = append(changes, change)
	}
	return f.write(instance, changes)
}

// Restore writes back how a credential stood.
func (f instanceFile) Restore(stood []pipelined.Attribute) (string, error) {
	instance, err := campaign.Load(f.dir, f.instance)
	if err != nil {
		return "", err
	}
	var changes []campaign.Change
	for _, a := range stood {
		changes = append(changes, campaign.Change{Path: a.Path, Attribute: a.Name, Value: a.Text, Remove: !a.There})
	}
	return f.write(instance, changes)
}

func (instanceFile) write(instance *campaign.Instance, changes []campaign.Change) (string, error) {
	edit, err := instance.Edit(changes...)
	if err != nil {
		return "", err
	}
	written, err := edit.Write(clock.System().Now())
	return written.Backup, err
}
