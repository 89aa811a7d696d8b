package project

import (
	"errors"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/keypair"
)

// MaxCertificate bounds an uploaded file.
const MaxCertificate = keypair.MaxCertificate

// newBinding makes a binding of an uploaded certificate that is fit for one.
func newBinding(caller access.Caller, upload []byte, requireJTI bool, now time.Time) (Binding, error) {
	certificate, err := keypair.ParseCertificate(upload)
	if err == nil {
		err = certificate.CheckKind()
	}
	if err == nil && now.After(certificate.NotAfter) { // one that begins later is bound ahead of a renewal
		err = certificate.CheckTime(now)
	}
	if failure, ok := errors.AsType[*keypair.Error](err); ok {
		return Binding{}, &InvalidError{Pointer: "/certificate", Message: failure.Reason, Fix: failure.Fix}
	}
	if err != nil {
		return Binding{}, err
	}
	return Binding{
		ID: newHex(16), SHA1: certificate.SHA1, SHA256: certificate.SHA256, Certificate: certificate.DER,
		NotBefore: certificate.NotBefore, NotAfter: certificate.NotAfter, RequireJTI: requireJTI, CreatedBy: by(caller), CreatedAt: now,
	}, nil
}
