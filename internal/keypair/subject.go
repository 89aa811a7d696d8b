package keypair

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"strings"
)

// ParseSubject reads a certificate's name: as OpenSSL's -subj takes it ("/CN=acme/O=Acme Inc/C=US"), or as it prints
// it ("CN = acme, O = Acme Inc"). A backslash takes the meaning from the sign behind it. The error is an [*Error].
func ParseSubject(text string) (pkix.Name, error) {
	separator := ','
	if strings.HasPrefix(text, "/") {
		text, separator = text[1:], '/'
	}
	var name pkix.Name
	for _, part := range splitName(text, separator) {
		kind, value, ok := strings.Cut(part, "=")
		kind, value = strings.ToUpper(strings.TrimSpace(kind)), strings.TrimSpace(value)
		if !ok || value == "" {
			return pkix.Name{}, &Error{fmt.Sprintf("the subject has a part without a name or a value, %.64q", part), wantedSubject}
		}
		if len(value) > 64 { // RFC 5280 §A.1: ub-common-name and its like
			return pkix.Name{}, &Error{fmt.Sprintf("the subject's %.20s is longer than 64 characters", kind), wantedSubject}
		}
		if !setPart(&name, kind, value) {
			return pkix.Name{}, &Error{fmt.Sprintf("the subject has the part %.20q, which is not known here", kind), wantedSubject}
		}
	}
	if name.CommonName == "" {
		return pkix.Name{}, &Error{"the subject has no common name (CN)", wantedSubject}
	}
	return name, nil
}

const wantedSubject = "write it as /CN=acme-target/O=Acme, with CN, O, OU, C, ST, L, STREET, postalCode, serialNumber or emailAddress"

// splitName cuts at separators that have no backslash before them, and takes the backslashes out.
func splitName(text string, separator rune) []string {
	var parts []string
	var part strings.Builder
	escaped := false
	for _, r := range text {
		switch {
		case escaped:
			part.WriteRune(r)
			escaped = false
		case r == '\\':
			escaped = true
		case r == separator:
			parts = append(parts, part.String())
			part.Reset()
		default:
			part.WriteRune(r)
		}
	}
	return append(parts, part.String())
}

var oidEmailAddress = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 1} // RFC 5280 §4.1.2.6

func setPart(name *pkix.Name, kind, value string) bool {
	switch kind {
	case "CN":
		name.CommonName = value
	case "O":
		name.Organization = append(name.Organization, value)
	case "OU":
		name.OrganizationalUnit = append(name.OrganizationalUnit, value)
	case "C":
		name.Country = append(name.Country, value)
	case "ST":
		name.Province = append(name.Province, value)
	case "L":
		name.Locality = append(name.Locality, value)
	case "STREET":
		name.StreetAddress = append(name.StreetAddress, value)
	case "POSTALCODE":
		name.PostalCode = append(name.PostalCode, value)
	case "SERIALNUMBER":
		name.SerialNumber = value
	case "EMAILADDRESS":
		name.ExtraNames = append(name.ExtraNames, pkix.AttributeTypeAndValue{Type: oidEmailAddress, Value: asn1.RawValue{Tag: asn1.TagIA5String, Bytes: []byte(value)}})
	default:
		return false
	}
	return true
}
