package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/campaign"
	"latchkey/internal/file"
	"latchkey/internal/keypair"
	"latchkey/internal/secret"
)

// sampleInstance is the Campaign instance whose pipelined listens to the sample topic of this server.
const sampleInstance = "sample"

// sampleConf are the files of the sample instance, as they are before the credentials are in them.
var sampleConf = []string{campaign.SharedFile, "config-sample.xml", "NmsPipeline_Config-sample.json", "pipelined-sample.yaml"}

// makeInstance writes what is missing of the sample instance, with the sample's JWT credential in it. What somebody has
// changed stays, but for addresses of this machine: they follow the server.
func (h *house) makeInstance(ctx context.Context, caller access.Caller) error {
	if err := os.MkdirAll(h.config.path("sample", "conf"), 0o700); err != nil {
		return err
	}
	fresh := false
	for _, name := range sampleConf {
		text, err := samples.ReadFile("samples/conf/" + name)
		if err != nil {
			return err
		}
		err = file.Create(h.config.path("sample", "conf", name), text, 0o600)
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		fresh = fresh || err == nil && name == campaign.FileName(sampleInstance)
	}
	instance, err := campaign.Load(h.config.path("sample", "conf"), sampleInstance)
	if err != nil {
		if fresh {
			return err
		}
		h.log.WarnContext(ctx, "the sample instance can't be read, and stays as it is", "error", err)
		return nil
	}
	var changes []campaign.Change
	if fresh {
		if changes, err = h.sampleAccount(ctx, caller, instance); err != nil {
			return err
		}
	}
	for _, place := range []struct{ path, name string }{{campaign.PathIMS, "authIMSEndpoint"}, {campaign.PathPipelined, "forcedPipelineEndpoint"}} {
		if present := instance.Value(place.path, place.name).Text; fresh || local(present) {
			changes = append(changes, campaign.Change{Path: place.path, Attribute: place.name, Value: h.url})
		}
	}
	return writeInstance(instance, changes, h.clock.Now())
}

// writeInstance sets attributes. A copy of what was there is not kept: it differs by this server's address.
func writeInstance(instance *campaign.Instance, changes []campaign.Change, now time.Time) error {
	edit, err := instance.Edit(changes...)
	if err != nil {
		return err
	}
	done, err := edit.Write(now)
	if err != nil || done.Backup == "" {
		return err
	}
	return os.Remove(done.Backup)
}

// sampleAccount puts the sample's JWT credential in, as `nlserver config -setimsjwtauth --pipelined-auth` does.
func (h *house) sampleAccount(ctx context.Context, caller access.Caller, instance *campaign.Instance) ([]campaign.Change, error) {
	credential, err := h.credentials.Find(ctx, caller, sampleJWT)
	if err != nil {
		return nil, err
	}
	secrets, err := h.credentials.Secrets(ctx, caller, sampleJWT)
	if err != nil || len(secrets) == 0 || credential.TechnicalAccount.ID == "" {
		return nil, errors.Join(err, fmt.Errorf("the credential %q has no secret", sampleJWT))
	}
	text, err := os.ReadFile(h.config.path("sample", sampleKeyFile))
	if err != nil {
		return nil, err
	}
	key, err := keypair.Parse(secret.New(string(text)))
	if err != nil {
		return nil, err
	}
	pem, err := key.PEM()
	if err != nil {
		return nil, err
	}
	changes := []campaign.Change{
		{Path: campaign.PathRedirection, Attribute: campaign.Organization, Value: credential.Organization},
		{Path: campaign.PathIMS, Attribute: campaign.TechnicalClient, Value: credential.ClientID},
		{Path: campaign.PathIMS, Attribute: campaign.TechnicalAccount, Value: credential.TechnicalAccount.ID},
		{Path: campaign.PathPipelined, Attribute: campaign.AuthType, Value: campaign.JWTToken},
	}
	for name, value := range map[string]secret.String{campaign.TechnicalSecret: secrets[0].Value, campaign.TechnicalKey: pem} {
		sealed, err := instance.Seal(campaign.PathIMS, name, value)
		if err != nil {
			return nil, err
		}
		changes = append(changes, campaign.Change{Path: campaign.PathIMS, Attribute: name, Value: sealed})
	}
	return changes, nil
}
