package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"latchkey/client"
	"latchkey/internal/campaign"
	"latchkey/internal/keypair"
)

// boundCertificate holds a private key against the certificates that its credential has at the server: it gives the one that
// the key belongs to. Where no server can be asked, or that does not know the credential, it gives the reason; a key that
// belongs to none, or to one that is not valid now, is an error.
func (p *program) boundCertificate(ctx context.Context, clientID string, key *keypair.Key) (bound *client.CertificateBinding, why string, err error) {
	c, err := p.client()
	if err != nil {
		return nil, "there is none to ask (--server, LATCHKEY_URL, or --data of a dev server)", nil
	}
	found, err := c.Credential(ctx, clientID)
	if problem, ok := errors.AsType[*client.Error](err); ok && problem.Status == http.StatusNotFound {
		return nil, "the one that is configured does not know it", nil
	}
	if err != nil {
		return nil, err.Error(), nil //nolint:nilerr // the key may be right, and is not refused for a server that is away
	}
	for i, b := range found.Certificates {
		if b.PublicKey != "" && b.PublicKey == key.PublicHash() && (bound == nil || b.NotAfter.After(bound.NotAfter)) {
			bound = &found.Certificates[i]
		}
	}
	if bound == nil {
		return nil, "", foreignKey(found, key)
	}
	validity := keypair.Certificate{NotBefore: bound.NotBefore, NotAfter: bound.NotAfter}
	if failure, ok := errors.AsType[*keypair.Error](validity.CheckTime(p.Clock.Now())); ok {
		return nil, "", withHint(fmt.Errorf("the private key belongs to %s of %s, and %s", bound.SHA1, found.Name, failure.Reason), "%s", failure.Fix)
	}
	return bound, "", nil
}

// foreignKey says that a key belongs to none of a credential's certificates, and which there are.
func foreignKey(of client.Credential, key *keypair.Key) error {
	if len(of.Certificates) == 0 {
		return withHint(fmt.Errorf("the private key (%s) belongs to no certificate: %s has none at the server", key.Kind(), of.Name), "bind its certificate: latchkey credential cert add %s --cert certificate_pub.crt", word(of.Name))
	}
	var all []string
	for _, b := range of.Certificates {
		all = append(all, fmt.Sprintf("%s (%s)", b.SHA1, b.Key))
	}
	slices.Sort(all)
	return withHint(fmt.Errorf("the private key (%s) belongs to none of the certificates that %s has at the server: %v", key.Kind(), of.Name, all),
		"give the key of one of them, or bind its certificate: latchkey credential cert add %s --cert certificate_pub.crt", word(of.Name))
}

// boundWords says which certificate a key belongs to.
func boundWords(b *client.CertificateBinding, now time.Time) string {
	left := (&keypair.Certificate{NotAfter: b.NotAfter}).DaysLeft(now)
	return fmt.Sprintf("belongs to the certificate %s (%s) that is bound at the server, which is valid for %s more", b.SHA1, b.Key, days(left))
}

// withCertificate adds what the server knows of an instance's private key, behind the layer of the credential.
func (p *program) withCertificate(ctx context.Context, o PipelinedOptions, found []Finding) []Finding {
	at := slices.IndexFunc(found, func(f Finding) bool { return f.Layer == "credential" })
	instance, err := campaign.Load(o.Conf, o.Instance)
	if at < 0 || err != nil || found[at].Status == "failed" || instance.Grant() != campaign.GrantJWT {
		return found
	}
	key, err := instance.Key()
	if err != nil {
		return found // the layer before has told
	}
	layer := Finding{Layer: "certificate", Status: "ok"}
	bound, why, err := p.boundCertificate(ctx, instance.IMS.TechnicalClientID, key)
	switch {
	case err != nil:
		layer.Status, layer.Message = "failed", err.Error()
		layer.Vendor = "Could not match JWT signature to any of the bindings"
		layer.Advice = []FindingAdvice{{Do: "enter the key of a certificate that is bound, or bind this one's", Where: "nlserver config -setimsjwtauth, or the developer console"}}
	case bound == nil:
		layer.Status, layer.Message = "skipped", "not held against the credential's certificates at a server: "+why
	default:
		layer.Message = "the key " + boundWords(bound, p.Clock.Now())
	}
	return slices.Insert(found, at+1, layer)
}
