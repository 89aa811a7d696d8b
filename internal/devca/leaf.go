package devca

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
)

// Certificate makes a certificate for the name that a client asks for, or for the address that it has reached when
// it names none; a tls.Config takes it as GetCertificate.
func (a *Authority) Certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	name, err := nameOf(hello)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	a.mu.Lock()
	defer a.mu.Unlock()
	if leaf, ok := a.leaves[name]; ok && now.Before(leaf.Leaf.NotAfter.Add(-leafRenewal)) {
		return leaf, nil
	}
	leaf, err := a.createLeaf(name, now)
	if err != nil {
		return nil, fmt.Errorf("making a certificate: %w", err)
	}
	a.keep(name, leaf)
	return leaf, nil
}

// keep remembers a certificate; the oldest makes room.
func (a *Authority) keep(name string, leaf *tls.Certificate) {
	if _, renewed := a.leaves[name]; !renewed {
		a.order = append(a.order, name)
	}
	a.leaves[name] = leaf
	if len(a.order) > leafLimit {
		delete(a.leaves, a.order[0])
		a.order = a.order[1:]
	}
}

func nameOf(hello *tls.ClientHelloInfo) (string, error) {
	name := strings.ToLower(strings.TrimSuffix(hello.ServerName, "."))
	switch {
	case name != "" && (IsHostname(name) || net.ParseIP(name) != nil):
		return name, nil
	case name != "":
		return "", errors.New("making a certificate: the server name is no DNS name")
	case hello.Conn == nil:
		return "", errors.New("making a certificate: the client asks for no server name")
	}
	host, _, err := net.SplitHostPort(hello.Conn.LocalAddr().String())
	ip := net.ParseIP(host)
	if err != nil || ip == nil {
		return "", errors.New("making a certificate: the client asks for no server name, and the listener has no address")
	}
	return ip.String(), nil
}

func (a *Authority) createLeaf(name string, now time.Time) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	ends := now.Add(leafLife)
	if ends.After(a.root.NotAfter) {
		ends = a.root.NotAfter
	}
	template := &x509.Certificate{
		SerialNumber:          serialNumber(),
		Subject:               pkix.Name{Organization: []string{"Latchkey (development)"}},
		NotBefore:             now.Add(-clockSkew),
		NotAfter:              ends,
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
	}
	if ip := net.ParseIP(name); ip != nil {
		template.IPAddresses = []net.IP{ip}
	} else {
		template.DNSNames = []string{name}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.root, &key.PublicKey, a.key)
	if err != nil {
		return nil, err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, nil
}

// IsHostname tells whether a lower-case text is a DNS name of letters, digits, hyphens and dots (RFC 1123 §2.1).
func IsHostname(name string) bool {
	if name == "" || len(name) > 253 {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, b := range []byte(label) {
			if (b < 'a' || b > 'z') && (b < '0' || b > '9') && b != '-' {
				return false
			}
		}
	}
	return true
}
