package cli

import (
	"crypto/x509/pkix"

	"latchkey/internal/keypair"
	"latchkey/internal/secret"
)

// generatePair makes a key pair for a credential, and writes it to a folder that has none.
func (p *program) generatePair(name, folder string) (uploadedPair, error) {
	var out uploadedPair
	order := certOrder{folder: folder, name: name}
	order.Now, order.Subject = p.Clock.Now(), pkix.Name{CommonName: name}
	if len(name) > 64 { // RFC 5280's bound of a common name
		order.Subject.CommonName = "latchkey"
	}
	if err := order.free(); err != nil {
		return out, err
	}
	pair, err := keypair.Generate(order.Order)
	if err != nil {
		return out, err
	}
	defer pair.Wipe()
	if out.signer, err = keypair.Parse(secret.New(string(pair.PrivateKey()))); err != nil {
		return out, err
	}
	out.certificate = string(pair.Certificate.PEM())
	out.files, err = order.write(pair)
	return out, err
}
