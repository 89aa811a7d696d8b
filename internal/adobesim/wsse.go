package adobesim

import (
	"crypto/sha1" //nolint:gosec // the protocol's own digest
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"hash"
	"regexp"
	"strings"
	"time"
)

// WSSE as Analytics 1.4 has it (spec/aem-target-analytics.md §3.4): the digest is of the nonce's own bytes, the moment and the
// shared secret; a nonce serves once, and a moment for a few minutes.

// created is how far a signature's moment may lie from the server's clock. The vendor's own figure is not known.
const created = 5 * time.Minute

// maxNonces bounds the nonces that are remembered; past it all signatures are refused until some have aged.
const maxNonces = 100_000

var wsseField = regexp.MustCompile(`(\w+)="([^"]*)"`)

// The words of its refusals.
const (
	notValidated = "Unable to validate authentication."
	noSuchUser   = "Invalid user specified."
	noPrivileges = "You do not have privileges to perform this operation."
)

// wsse checks a header X-WSSE; it gives whose it is, or why it is nobody's.
func (s *Sim) wsse(c *call) (of *customer, refused string) {
	text, ok := strings.CutPrefix(c.header.Get("X-WSSE"), "UsernameToken ")
	if !ok {
		return nil, notValidated
	}
	fields := map[string]string{}
	for _, found := range wsseField.FindAllStringSubmatch(text, -1) {
		fields[found[1]] = found[2]
	}
	user, company, _ := strings.Cut(fields["Username"], ":")
	of = s.find(func(of *Customer) bool { return of.Username == user && of.CompanyName == company })
	if of == nil || user == "" || c.faults.unknownUser {
		return nil, noSuchUser
	}
	at, err := time.Parse(time.RFC3339, fields["Created"])
	if err != nil {
		return nil, fmt.Sprintf("Invalid created timestamp ('%.64s'). Values should be in ISO-8601 format", fields["Created"])
	}
	nonce, err := base64.StdEncoding.DecodeString(fields["Nonce"])
	if err != nil || len(nonce) == 0 || at.Sub(c.now).Abs() > created || !signed(fields, nonce, of.Secret) || !s.fresh(nonce, c.now) {
		return nil, notValidated
	}
	return of, ""
}

func signed(fields map[string]string, nonce []byte, secret string) bool {
	var h hash.Hash
	switch strings.ToUpper(strings.ReplaceAll(fields["Algorithm"], "-", "")) {
	case "", "SHA1":
		h = sha1.New() //nolint:gosec // as above
	case "SHA256":
		h = sha256.New()
	default:
		return false
	}
	h.Write(nonce)
	h.Write([]byte(fields["Created"]))
	h.Write([]byte(secret))
	return subtle.ConstantTimeCompare([]byte(base64.StdEncoding.EncodeToString(h.Sum(nil))), []byte(fields["PasswordDigest"])) == 1
}

// fresh remembers a nonce; false when it was there. What is older than any signature may be is forgotten.
func (s *Sim) fresh(nonce []byte, now time.Time) bool {
	if _, used := s.nonces[string(nonce)]; used {
		return false
	}
	for other, at := range s.nonces {
		if now.Sub(at) > 2*created {
			delete(s.nonces, other)
		}
	}
	if len(s.nonces) >= maxNonces {
		return false
	}
	s.nonces[string(nonce)] = now
	return true
}
