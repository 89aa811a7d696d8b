package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"latchkey/client"
	"latchkey/internal/campaign"
	"latchkey/internal/finding"
	"latchkey/internal/keypair"
	"latchkey/internal/secret"
)

// configJob is a change of an instance's configuration on its way.
type configJob struct {
	program  *program
	order    *configOrder
	instance *campaign.Instance
	changes  []campaign.Change
	key      *keypair.Key               // that was given
	fits     *keypair.Certificate       // that it belongs to
	bound    *client.CertificateBinding // at the server, that it belongs to
	unbound  string                     // why there is none
	put      campaign.Grant             // what was put in
	account  campaign.Account
}

// collect reads everything that was given, and asks for what was not.
func (j *configJob) collect(ctx context.Context) error {
	o := j.order
	for _, given := range []struct {
		text  string
		grant campaign.Grant
	}{{o.jwt, campaign.GrantJWT}, {o.auth, campaign.GrantJWT}, {o.oauth, campaign.GrantOAuth}} {
		if given.text == "" {
			continue
		}
		if o.auth != "" {
			j.program.tell("note: the vendor mentions -setimsauth and documents nothing of it; it is taken as -setimsjwtauth")
		}
		j.put = given.grant
		if err := j.putAccount(ctx, given.text); err != nil {
			return err
		}
	}
	if o.pipelinedAuth {
		j.changes = append(j.changes, campaign.Change{Path: campaign.PathPipelined, Attribute: campaign.AuthType, Value: campaign.JWTToken})
	}
	return j.settings()
}

func (j *configJob) putAccount(ctx context.Context, text string) error {
	account, problems := campaign.ParseAccount(text, j.put == campaign.GrantOAuth)
	for _, problem := range problems {
		if problem.Severity == finding.Wrong {
			return &usageError{text: problems.Error(), hint: problem.Fix}
		}
		j.program.warn("%s", problem.Message)
	}
	j.account = account
	clientSecret, key, err := j.secrets(ctx, account)
	if err != nil {
		return err
	}
	j.changes = append(j.changes,
		campaign.Change{Path: campaign.PathRedirection, Attribute: campaign.Organization, Value: account.Organization},
		campaign.Change{Path: campaign.PathIMS, Attribute: campaign.TechnicalClient, Value: account.ClientID},
		campaign.Change{Path: campaign.PathIMS, Attribute: campaign.TechnicalAccount, Value: account.TechnicalAccount})
	if err := j.add(campaign.PathIMS, campaign.TechnicalSecret, clientSecret.Reveal()); err != nil {
		return err
	}
	if j.put == campaign.GrantOAuth {
		if j.instance.IMS.TechnicalKey.Text == "" {
			return nil
		}
		j.program.tell("note: the private key of before is taken out: with it the daemon would go on with JWT. It stays in the copy of the file")
		return j.add(campaign.PathIMS, campaign.TechnicalKey, "")
	}
	return j.putKey(ctx, key)
}

// putKey checks the private key against everything that is known of it.
func (j *configJob) putKey(ctx context.Context, text secret.String) (err error) {
	if j.key, err = j.program.readKey(ctx, text.Reveal(), j.order.passphrase); err != nil {
		return err
	}
	if file := j.order.certificate; file != "" {
		if j.fits, err = j.program.readCertificate(file); err != nil {
			return err
		}
		if err := j.fits.CheckKey(j.key); err != nil {
			return withWords(file, err)
		}
		if err := j.fits.Check(j.program.Clock.Now()); err != nil {
			return withWords(file, err)
		}
	}
	if j.bound, j.unbound, err = j.program.boundCertificate(ctx, j.account.ClientID, j.key); err != nil {
		return err
	}
	pem, err := j.key.PEM()
	if err != nil {
		return err
	}
	return j.add(campaign.PathIMS, campaign.TechnicalKey, pem.Reveal())
}

// readKey reads a private key, and asks for its passphrase where it needs one. word is what --passphrase says.
func (p *program) readKey(ctx context.Context, text, word string) (*keypair.Key, error) {
	word, err := p.value("--passphrase", word)
	if err != nil {
		return nil, err
	}
	key, err := campaign.ReadKey(secret.New(text), secret.New(word))
	if ask := p.asker(); errors.Is(err, keypair.ErrEncrypted) && ask != nil {
		passphrase, asked := ask(ctx, "Passphrase of the private key: ")
		if asked != nil {
			return nil, asked
		}
		key, err = campaign.ReadKey(secret.New(text), passphrase)
	}
	if failure, ok := errors.AsType[*keypair.Error](err); ok {
		return nil, withHint(fmt.Errorf("the private key: %s", failure.Reason), "%s", failure.Fix)
	}
	return key, err
}

// add notes a change; the value of a secret is sealed on the way. In a dry run nothing is sealed, so that no key is made.
func (j *configJob) add(path, name, value string) error {
	if j.instance.Value(path, name).Secret && value != "" {
		kept, ok := j.instance.Kept(path, name, secret.New(value))
		switch {
		case ok:
			value = kept
		case j.order.dryRun:
			value = "@lk1:(sealed)"
		default:
			sealed, err := j.instance.Seal(path, name, secret.New(value))
			if err != nil {
				return err
			}
			value = sealed
		}
	}
	j.changes = append(j.changes, campaign.Change{Path: path, Attribute: name, Value: strings.TrimSpace(value)})
	return nil
}
