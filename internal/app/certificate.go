package app

import (
	"crypto/tls"
	"fmt"
	"time"
)

// certificates loads the listener's certificate; nil without one.
func (c *Config) certificates() (*tls.Config, error) {
	if c.TLSCertFile == "" {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(c.TLSCertFile, c.TLSKeyFile)
	if err != nil {
		return nil, &ConfigError{Setting: "tls.cert_file", Where: c.where("tls.cert_file"), Problem: err.Error()}
	}
	if now := time.Now(); now.After(pair.Leaf.NotAfter) {
		return nil, &ConfigError{Setting: "tls.cert_file", Where: c.where("tls.cert_file"),
			Problem: fmt.Sprintf("the certificate ended on %s", pair.Leaf.NotAfter.UTC().Format(time.RFC3339)), Fix: "renew it"}
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}, nil
}
