package keypair

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"strings"
)

// MaxCertificate bounds an uploaded file, in bytes: a chain of long ones.
const MaxCertificate = maxText

// ParseCertificate reads an uploaded or pasted certificate: CRT, CER, DER or PEM, whatever the file was called, in all
// the manners in which [Parse] takes keys. Of several the first counts. The error is an [*Error]; nothing of a private
// key that was uploaded by mistake is in it, and callers MUST NOT keep or log what they passed.
func ParseCertificate(upload []byte) (*Certificate, error) {
	found, failure := unpackCertificates(string(upload), 0)
	if failure != nil {
		return nil, failure
	}
	parsed, err := x509.ParseCertificate(found[0])
	if err != nil {
		return nil, notCertificate(found[0], err)
	}
	certificate := newCertificate(parsed)
	certificate.Others = len(found) - 1
	return certificate, nil
}

const (
	wantedCertificate = "upload the certificate as CRT, CER, DER or PEM, such as certificate_pub.crt"
	// selfSigned is the vendor's own command.
	selfSigned = "make a certificate: latchkey cert create, or openssl req -x509 -sha256 -nodes -days 365 -newkey rsa:2048 -keyout private.key -out certificate_pub.crt"
)

// errPrivate answers the most usual mistake with a certificate, in words that a page shows as they are.
var errPrivate = &Error{
	"this is a private key, not a certificate; it was not kept",
	"upload the certificate that was made with it, such as certificate_pub.crt, and keep the key to yourself",
}

// unpackCertificates finds the certificates in what was pasted, as DER; one at least.
func unpackCertificates(text string, depth int) ([][]byte, *Error) {
	if len(text) > MaxCertificate || depth > maxDepth {
		return nil, &Error{"this is too long for a certificate", "upload the certificate alone"}
	}
	for _, der := range [][]byte{[]byte(text), []byte(strings.TrimRight(text, "\r\n"))} {
		if looksWhole(der) {
			return [][]byte{der}, nil // a DER file as it is
		}
	}
	text = tidy(text)
	switch {
	case text == "":
		return nil, &Error{"the file is empty", wantedCertificate}
	case isHTML(text):
		return nil, &Error{"this is a page of HTML, not a certificate", "download the file itself; what was saved may be a sign-in or an error page"}
	}
	if strings.HasPrefix(text, "{") || strings.HasPrefix(text, "[") {
		if inner, ok, failure := certificateInJSON(text); failure != nil {
			return nil, failure
		} else if ok {
			return unpackCertificates(inner, depth+1)
		}
	}
	text = unescape(text)
	if marks := armour.FindAllStringSubmatchIndex(text, -1); len(marks) > 0 {
		return certificatesInArmour(text, marks)
	}
	return bareCertificate(text, depth)
}

func isHTML(text string) bool {
	head := strings.ToLower(text[:min(len(text), 512)])
	return strings.HasPrefix(head, "<") && (strings.Contains(head, "<html") || strings.Contains(head, "<!doctype") || strings.Contains(head, "<head"))
}

// certificateMembers are the names under which JSON files hold a certificate.
var certificateMembers = []string{"certificate", "publicKey", "public_key", "certificate_pub", "cert", "crt", "x5c"}

func certificateInJSON(text string) (string, bool, *Error) {
	if strings.Contains(text, "PRIVATE KEY") {
		return "", false, errPrivate
	}
	var document any
	if json.Unmarshal([]byte(text), &document) != nil {
		return "", false, nil
	}
	if lines, ok := joined(document); ok {
		return lines, true, nil
	}
	for _, name := range certificateMembers {
		if found, ok := member(document, name); ok {
			return found, true, nil
		}
	}
	if object, ok := document.(map[string]any); ok && object["kty"] != nil {
		if object["d"] != nil {
			return "", false, errPrivate
		}
		return "", false, &Error{"this is a public key in JWK form, not a certificate", selfSigned}
	}
	return "", false, &Error{"this is a JSON document without a certificate in it", wantedCertificate}
}

// certificatesInArmour takes the certificates out of a text with BEGIN lines. A private key among them is refused with
// all the rest: a file that holds both is nobody's to pass on.
func certificatesInArmour(text string, marks [][]int) ([][]byte, *Error) {
	var found [][]byte
	var other *Error
	for i, mark := range marks {
		word, label := text[mark[2]:mark[3]], text[mark[4]:mark[5]]
		switch {
		case strings.Contains(label, "PRIVATE KEY"):
			return nil, errPrivate
		case word != "BEGIN":
			continue
		}
		if failure := foreignToCertificates(label); failure != nil {
			if other == nil {
				other = failure
			}
			continue
		}
		end, closed := len(text), false
		if i+1 < len(marks) {
			end, closed = marks[i+1][0], text[marks[i+1][2]:marks[i+1][3]] == "END"
		}
		der, ok := decode(text[mark[1]:end])
		rest, whole := sequence(der)
		switch {
		case ok && whole && (len(rest) == 0 || label == "TRUSTED CERTIFICATE"):
			found = append(found, der[:len(der)-len(rest)])
		case !closed:
			return nil, &Error{"the certificate is cut off: its -----END line is missing", pasteCertificate}
		default:
			return nil, &Error{"what stands between -----BEGIN and -----END is damaged", pasteCertificate}
		}
	}
	switch {
	case len(found) > 0:
		return found, nil
	case other != nil:
		return nil, other
	}
	return nil, &Error{"the certificate's -----BEGIN line is missing", pasteCertificate}
}

const pasteCertificate = "paste the whole text of the certificate's file, from -----BEGIN to -----END"

// foreignToCertificates says what a block is that is no certificate.
func foreignToCertificates(label string) *Error {
	switch {
	case label == "CERTIFICATE", label == "X509 CERTIFICATE", label == "TRUSTED CERTIFICATE":
		return nil
	case strings.HasSuffix(label, "CERTIFICATE REQUEST"):
		return errRequest
	case label == "PKCS7", label == "CMS":
		return errPKCS7
	case strings.HasPrefix(label, "PGP"):
		return &Error{"this is a PGP block, not an X.509 certificate", selfSigned}
	case strings.Contains(label, "PUBLIC KEY"):
		return errPublic
	case label == "X509 CRL":
		return &Error{"this is a list of revoked certificates, not a certificate", wantedCertificate}
	}
	return &Error{"this is not a certificate", wantedCertificate}
}

var (
	errRequest = &Error{"this is a certificate request (CSR), not a certificate", "upload what the certificate authority made of it, or sign it yourself: openssl x509 -req -sha256 -days 365 -in REQUEST -signkey private.key -out certificate_pub.crt"}
	errPublic  = &Error{"this is a bare public key, not a certificate", selfSigned}
	errPKCS7   = &Error{"this is a PKCS#7 file (.p7b, .p7c)", "take the certificates out: openssl pkcs7 -in FILE -print_certs -out certificate_pub.crt (with -inform der for a binary file)"}
	errPKCS12  = &Error{"this is a PKCS#12 file (.pfx, .p12), which holds a private key too; it was not kept", "take the certificate out: openssl pkcs12 -in FILE -clcerts -nokeys -out certificate_pub.crt"}
)

// bareCertificate reads a text without BEGIN lines: base64 of DER, or of a whole PEM file.
func bareCertificate(text string, depth int) ([][]byte, *Error) {
	switch {
	case strings.HasPrefix(text, "PuTTY-User-Key-File"):
		return nil, errPrivate
	case strings.HasPrefix(text, "ssh-"), strings.HasPrefix(text, "ecdsa-sha2-"):
		return nil, &Error{"this is a public key of SSH, not a certificate", selfSigned}
	}
	der, ok := decode(text)
	switch {
	case !ok || len(der) < 32:
		if !strings.Contains(text, "\n") && strings.ContainsAny(text, `/\.`) && len(text) < 260 {
			return nil, &Error{"this looks like the name of a file", "paste what is in the file"}
		}
		return nil, &Error{"this is not a certificate", wantedCertificate}
	case bytes.Contains(der, []byte("BEGIN ")), bytes.HasPrefix(bytes.TrimSpace(der), []byte("{")):
		return unpackCertificates(string(der), depth+1)
	case !looksWhole(der):
		return nil, &Error{"this is base64, but of no certificate, or of a part of one", pasteCertificate}
	}
	return [][]byte{der}, nil
}

// notCertificate says what a DER is that is none.
func notCertificate(der []byte, err error) *Error {
	if isPrivateKey(der) {
		return errPrivate
	}
	if _, err := x509.ParseCertificateRequest(der); err == nil {
		return errRequest
	}
	if _, err := x509.ParsePKIXPublicKey(der); err == nil {
		return errPublic
	}
	if _, err := x509.ParsePKCS1PublicKey(der); err == nil {
		return errPublic
	}
	switch {
	case isPKCS7(der):
		return errPKCS7
	case isPKCS12(der):
		return errPKCS12
	}
	return &Error{"the certificate is damaged: " + strings.TrimPrefix(err.Error(), "x509: "), wantedCertificate}
}

// isPrivateKey knows private keys in DER, of kinds that are not used here and encrypted ones too.
func isPrivateKey(der []byte) bool {
	if _, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return true
	}
	if _, err := x509.ParseECPrivateKey(der); err == nil {
		return true
	}
	return isPrivateShape(der) || isEncrypted(der)
}
