package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"latchkey/client"
)

// renewal is what `latchkey credential renew` was asked, and what came of it.
type renewal struct {
	cert, key, folder, ims string
	secret, finish         bool
	certificate            bool
	wait, stale            time.Duration

	credential client.Credential
	view       renewalView
}

// renewalView is what --json prints.
type renewalView struct {
	Credential string         `json:"credential"`
	ClientID   string         `json:"client_id"`
	New        string         `json:"new,omitempty"`
	Secret     string         `json:"client_secret,omitempty"`
	Files      []string       `json:"files,omitempty"`
	Proven     bool           `json:"proven"`
	Removed    []string       `json:"removed"`
	Waiting    []renewalPlace `json:"waiting"`
}

// renewalPlace still uses an old secret or certificate.
type renewalPlace struct {
	Old  string    `json:"old"`
	From string    `json:"from"`
	At   time.Time `json:"last_used_at"`
}

func (p *program) credentialRenewCommand() *cobra.Command {
	var r renewal
	command := &cobra.Command{
		Use:   "renew CREDENTIAL [--secret | --certificate] [--cert FILE [--private-key FILE]] [--out DIR] [--wait DURATION] [--finish]",
		Short: "Renew a credential's certificate or secret without downtime",
		Long: `Put a new certificate beside the old one, of a service_account_jwt; of other credentials, or with --secret, a new
client secret; with --certificate a certificate by which another credential proves itself. A token is taken with it, to
prove that it works. Then the old one is removed, unless there are places that still use it: those are named, and both
go on. Change them over, and run the command again with --finish, or let it wait for them with --wait.

A new key pair is made here and written to --out; the private key does not leave this machine. With --cert the
certificate is yours; --private-key, which is only read, proves it.

A place counts as changed over when it has used a newer one after the old one. One that was not seen for --stale does
not count.`,
		Example: `  latchkey credential renew moviestar-jwt --out keys/2027
  latchkey credential renew moviestar-target --wait 24h
  latchkey credential renew moviestar-jwt --finish`,
		Args: takes("CREDENTIAL"),
	}
	flags := command.Flags()
	flags.BoolVar(&r.secret, "secret", false, "renew the client secret of a credential that has certificates too")
	flags.BoolVar(&r.certificate, "certificate", false, "renew the certificate of a credential that has a secret too")
	flags.StringVar(&r.cert, "cert", "", "certificate `file` to upload, in the place of a new key pair")
	flags.StringVar(&r.key, "private-key", "", "`file` of the private key of --cert")
	flags.StringVar(&r.folder, "out", ".", "`directory` for the new key pair")
	flags.StringVar(&r.ims, "ims", "", "`URL` of the authority to take a token from (else the server)")
	flags.DurationVar(&r.wait, "wait", 0, "how long to wait for the places that use the old one, a `duration`")
	flags.DurationVar(&r.stale, "stale", 30*24*time.Hour, "pass over places that were not seen for this `duration`")
	flags.BoolVar(&r.finish, "finish", false, "make nothing new: remove the old ones that are not used any more")
	command.RunE = p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
		if err := exclusive(command, "finish", "cert", "private-key", "out"); err != nil {
			return err
		}
		if err := exclusive(command, "secret", "certificate", "cert"); err != nil {
			return err
		}
		credential, err := c.Credential(ctx, args[0])
		if err != nil {
			return err
		}
		r.credential = credential
		r.certificate = r.certificate || r.cert != "" || !r.secret && credential.Kind == jwtKind
		r.secret = !r.certificate
		if r.ims == "" {
			r.ims = c.URL()
		}
		r.view = renewalView{Credential: credential.Name, ClientID: credential.ClientID, Removed: []string{}, Waiting: []renewalPlace{}}
		return p.renewCredential(ctx, c, &r)
	})
	return command
}

func (p *program) renewCredential(ctx context.Context, c *client.Client, r *renewal) error {
	if !r.finish {
		if err := p.putBeside(ctx, c, r); err != nil {
			return err
		}
	}
	if err := p.retireOld(ctx, c, r); err != nil {
		return err
	}
	left := len(r.view.Waiting) > 0
	if p.json {
		if err := p.sayJSON(r.view); err != nil {
			return err
		}
	} else {
		p.showRenewal(r)
	}
	if left && r.finish {
		return withHint(fmt.Errorf("%d places still use an old one, which was not removed", len(r.view.Waiting)), "change them over and run the command again")
	}
	return nil
}

func (p *program) showRenewal(r *renewal) {
	for _, id := range r.view.Removed {
		p.say("removed the old one, %s", id)
	}
	if !r.view.Proven && !r.finish {
		p.tell("both go on; once your systems use the new one: %s", r.finishing())
	}
	if len(r.view.Waiting) > 0 {
		rows := [][]string{{"STILL USES THE OLD ONE", "LAST", "WHICH"}}
		for _, place := range r.view.Waiting {
			rows = append(rows, []string{orUnknown(place.From), p.ago(place.At), place.Old})
		}
		p.table(rows)
		if !r.finish {
			p.tell("change these over; then: %s", r.finishing())
		}
	}
}

// jwtKind is the kind whose certificate is renewed unless one says otherwise.
const jwtKind = "service_account_jwt"

// finishing gives the command that ends a renewal.
func (r *renewal) finishing() string {
	command := fmt.Sprintf("latchkey credential renew %s", word(r.credential.Name))
	switch jwt := r.credential.Kind == jwtKind; {
	case jwt && r.secret:
		command += " --secret"
	case !jwt && r.certificate:
		command += " --certificate"
	}
	return command + " --finish"
}

// proof is a secret or a certificate of a credential.
type proof struct {
	id   string
	made time.Time
	uses []client.ProofUse
}

// proofs gives the credential's secrets or certificates, the oldest first.
func (r *renewal) proofs() (out []proof) {
	if r.secret {
		for _, s := range r.credential.Secrets {
			out = append(out, proof{s.UUID, s.CreatedAt, s.Uses})
		}
		return out
	}
	for _, b := range r.credential.Certificates {
		out = append(out, proof{b.ID, b.CreatedAt, b.Uses})
	}
	return out
}

// unsettled gives the places that used an old one and have not used a newer one since.
func unsettled(old proof, newer []proof, since time.Time) (out []renewalPlace) {
	for _, u := range old.uses {
		changed := u.At.Before(since)
		for _, n := range newer {
			for _, v := range n.uses {
				changed = changed || v.From == u.From && v.At.After(u.At)
			}
		}
		if !changed {
			out = append(out, renewalPlace{old.id, u.From, u.At})
		}
	}
	return out
}

// retireOld removes every old one that nobody uses any more, and notes who keeps the others.
func (p *program) retireOld(ctx context.Context, c *client.Client, r *renewal) (err error) {
	progress := waiting{program: p}.newProgress()
	defer progress.clear()
	for began := p.Clock.Now(); ; {
		if r.credential, err = c.Credential(ctx, r.credential.ID); err != nil {
			return err
		}
		if err := p.retireSettled(ctx, c, r); err != nil {
			return err
		}
		elapsed := p.Clock.Now().Sub(began)
		if len(r.view.Waiting) == 0 || elapsed >= r.wait {
			return nil
		}
		progress.line(fmt.Sprintf("%d places still use the old one…", len(r.view.Waiting)), elapsed)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(max(p.PollEvery, 5*time.Second)):
		}
	}
}

func (p *program) retireSettled(ctx context.Context, c *client.Client, r *renewal) error {
	retire := c.RetireCertificate
	if r.secret {
		retire = c.RetireClientSecret
	}
	r.view.Waiting = []renewalPlace{}
	all := r.proofs()
	if !r.finish && !r.view.Proven {
		return nil // nothing is removed for what may not work
	}
	for i, old := range all[:max(len(all)-1, 0)] {
		places := unsettled(old, all[i+1:], p.Clock.Now().Add(-r.stale))
		if len(places) > 0 {
			r.view.Waiting = append(r.view.Waiting, places...)
			continue
		}
		if err := retire(ctx, r.credential.ID, old.id); err != nil {
			return err
		}
		r.view.Removed = append(r.view.Removed, old.id)
	}
	return nil
}
