package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"latchkey/internal/campaign"
	"latchkey/internal/suggest"
)

// configOrder is what a call of `nlserver config` asks for.
type configOrder struct {
	jwt, oauth, auth         string
	secret, key, certificate string
	passphrase               string
	set, unset               []string
	pipelinedAuth, dryRun    bool
	effective, clientID      bool
	reload                   bool
}

func (p *program) nlserverConfigCommand(n *nlserver) *cobra.Command {
	o := &configOrder{}
	command := &cobra.Command{
		Use:   "config -instance:NAME [-setimsjwtauth:ACCOUNT | -setimsoauth:ACCOUNT] [--pipelined-auth] [-reload]",
		Short: "Put credentials into an instance's configuration",
		Long: `Put a technical account into config-NAME.xml, and touch nothing else there: comments, order and indentation stay. The
organization goes to web/redirection@IMSOrgId, the rest to shared/ims@authIMSTA…; secrets are sealed with a key that
lies beside the file.

ACCOUNT is, with the secret and the key left out, asked for, or read from standard input (the secret in the first line):
  -setimsjwtauth:Organization_Id/Client_Id/Technical_Account_ID[/Client_Secret[/Base64_encoded_Private_Key]]
  -setimsoauth:ims-org-id/client-id/technical-account-id[/client-secret]
The private key is read in every way that people paste it: base64 in one line or wrapped, the PEM itself, PKCS#1 or
PKCS#8, with extra lines. @FILE and - (standard input) stand for a secret or a key; as plain arguments they show in the
process list. --pipelined-auth sets authType="` + campaign.JWTToken + `", which is step 3 of the vendor's procedure.

At the vendor -setimsjwtauth takes ` + campaign.Builds(campaign.GrantJWT) + `, and
-setimsoauth ` + campaign.Builds(campaign.GrantOAuth) + `. -setimsauth is only mentioned there; here it is the same as -setimsjwtauth.`,
		Example: `  nlserver config -instance:prod --client-id
  nlserver config -instance:prod -setimsjwtauth:ORGANIZATION@AdobeOrg/CLIENT/ACCOUNT@techacct.adobe.com/-/@private.key
  latchkey nlserver config -instance:prod -setimsoauth:ORGANIZATION/CLIENT/ACCOUNT --secret @secret.txt --dry-run
  latchkey nlserver config -instance:prod --set pipelined@retryPeriodSec=10 -reload`,
		Args: takes(),
	}
	flags := command.Flags()
	flags.StringVar(&o.jwt, "setimsjwtauth", "", "put in a technical `account` with a private key (service account, JWT)")
	flags.StringVar(&o.oauth, "setimsoauth", "", "put in a technical `account` without one (OAuth server-to-server)")
	flags.StringVar(&o.auth, "setimsauth", "", "as -setimsjwtauth takes an `account`")
	flags.StringVar(&o.secret, "secret", "", "client secret: `@FILE`, or - for standard input")
	flags.StringVar(&o.key, "private-key", "", "private key: `@FILE`, or - for standard input")
	flags.StringVar(&o.passphrase, "passphrase", "", "passphrase of the private key: `@FILE`, or - for standard input")
	flags.StringVar(&o.certificate, "certificate", "", "`file` of the certificate that the private key has to belong to")
	flags.StringArrayVar(&o.set, "set", nil, "set an attribute, `PATH@NAME=VALUE`; VALUE may be @FILE or -; repeat for more")
	flags.StringArrayVar(&o.unset, "unset", nil, "take an attribute out of the instance's file, `PATH@NAME`; repeat for more")
	flags.BoolVar(&o.pipelinedAuth, "pipelined-auth", false, `have pipelined use the technical account: authType="`+campaign.JWTToken+`"`)
	flags.BoolVar(&o.dryRun, "dry-run", false, "write nothing, and show what would be written as a diff")
	flags.BoolVar(&o.reload, "reload", false, "have the running pipelined read its configuration anew")
	flags.BoolVar(&o.effective, "effective", false, "show what counts, and the file and line that it comes from")
	flags.BoolVar(&o.clientID, "client-id", false, "show the configured client id, and the project that has it")
	p.remoteFlagsOf(flags)
	command.RunE = func(command *cobra.Command, _ []string) error {
		if err := o.check(command); err != nil {
			return err
		}
		return p.configInstance(command.Context(), n, o)
	}
	return command
}

// check refuses calls that ask for nothing, or for two things at once.
func (o *configOrder) check(command *cobra.Command) error {
	asked := 0
	for _, name := range []string{"setimsjwtauth", "setimsoauth", "setimsauth"} {
		if command.Flags().Changed(name) {
			asked++
		}
	}
	switch {
	case asked > 1:
		return usagef(command, "-setimsjwtauth, -setimsoauth and -setimsauth do not go together")
	case asked == 0 && (o.secret != "" || o.key != "" || o.certificate != "" || o.passphrase != ""):
		return usagef(command, "--secret, --private-key, --passphrase and --certificate go with -setimsjwtauth or -setimsoauth")
	case o.isOAuth(command) && (o.key != "" || o.certificate != "" || o.passphrase != ""):
		return usagef(command, "OAuth server-to-server has no private key: --private-key, --passphrase and --certificate go with -setimsjwtauth")
	case asked == 0 && len(o.set) == 0 && len(o.unset) == 0 && !o.pipelinedAuth && !o.reload && !o.effective && !o.clientID:
		return usagef(command, "there is nothing to do: -setimsjwtauth:, -setimsoauth:, --set, --unset, --pipelined-auth, -reload, --effective or --client-id")
	case o.dryRun && o.reload:
		return usagef(command, "--dry-run and -reload do not go together")
	}
	return nil
}

func (o *configOrder) isOAuth(command *cobra.Command) bool {
	return command.Flags().Changed("setimsoauth")
}

// configInstance does what was asked for: first what is written, then the reload, then what is shown.
func (p *program) configInstance(ctx context.Context, n *nlserver, o *configOrder) error {
	instance, err := p.loadInstance(n, n.instance)
	if err != nil {
		return err
	}
	job := &configJob{program: p, order: o, instance: instance}
	if err := job.collect(ctx); err != nil {
		return err
	}
	if len(job.changes) > 0 {
		if err := job.write(); err != nil {
			return err
		}
		if !o.dryRun { // what is shown after is what is there now
			if instance, err = p.loadInstance(n, n.instance); err != nil {
				return err
			}
		}
	}
	if o.reload {
		if err := p.reload(ctx, instance); err != nil {
			return err
		}
	}
	if o.clientID {
		if err := p.showClientID(ctx, instance); err != nil {
			return err
		}
	}
	if o.effective {
		return p.showEffective(instance)
	}
	return nil
}

// settings reads the attributes of --set and --unset.
func (j *configJob) settings() error {
	for _, place := range j.order.unset {
		value, err := j.attribute("--unset is of the form PATH@NAME", place)
		if err != nil {
			return err
		}
		j.changes = append(j.changes, campaign.Change{Path: value.Path, Attribute: value.Name, Remove: true})
	}
	for _, argument := range j.order.set {
		const form = "--set is of the form PATH@NAME=VALUE"
		place, text, ok := strings.Cut(argument, "=")
		if !ok {
			place = ""
		}
		value, err := j.attribute(form, place)
		if err != nil {
			return err
		}
		plain := text != "-" && !strings.HasPrefix(text, "@")
		if value.Secret && plain && text != "" {
			j.program.warn("--set %s=… on the command line shows in the process list and the shell's history; =@FILE and =- do not", place)
		}
		if text, err = j.program.value("--set "+place, text); err != nil {
			return err
		}
		if err := j.add(value.Path, value.Name, text); err != nil {
			return err
		}
	}
	return nil
}

// attribute finds one that is named as PATH@NAME.
func (j *configJob) attribute(form, place string) (campaign.Value, error) {
	path, name, ok := strings.Cut(place, "@")
	if !ok {
		return campaign.Value{}, &usageError{text: form, hint: "the attributes: latchkey nlserver config -instance:NAME --effective"}
	}
	if path == "ims" {
		path = campaign.PathIMS // as the vendor's pages name it
	}
	value := j.instance.Value(path, name)
	if value.Means == "" {
		return value, unknownAttribute(path, name)
	}
	return value, nil
}

func unknownAttribute(path, name string) error {
	var names []string
	for _, a := range campaign.Attributes() {
		names = append(names, a.String())
	}
	err := &usageError{text: fmt.Sprintf("%s@%s is no attribute that Latchkey knows", path, name), hint: "they are listed by: latchkey nlserver config -instance:NAME --effective"}
	if near, ok := suggest.Closest(path+"@"+name, names); ok {
		err.hint = "did you mean " + near + "?"
	}
	return err
}
