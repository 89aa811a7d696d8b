package app

import (
	"cmp"
	"context"
	"net"
	"net/http"
	"net/netip"
	"path/filepath"
	"strings"

	"latchkey/internal/egress"
	"latchkey/internal/intercept"
)

// defaultProxy is where the intercepting proxy listens; it takes port 0 where the server does.
const defaultProxy = "127.0.0.1:8378"

func (d *dev) listenForVendor(ctx context.Context) (err error) {
	if !d.options.Intercept {
		return nil
	}
	address := cmp.Or(d.options.ProxyListen, defaultProxy)
	if _, port, err := net.SplitHostPort(d.config.Listen); err == nil && port == "0" && d.options.ProxyListen == "" {
		address = "127.0.0.1:0"
	}
	d.vendor, err = listen(ctx, address)
	if err != nil {
		return hinted(err, "another server may be running there; --proxy-listen 127.0.0.1:0 picks a free port")
	}
	return nil
}

// vendorAddress is where this machine's clients find the proxy.
func (d *dev) vendorAddress() string {
	address := d.vendor.Addr().String()
	if at, err := netip.ParseAddrPort(address); err == nil && at.Addr().IsUnspecified() {
		return netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), at.Port()).String()
	}
	return address
}

// vendorOverrides lead the server's own requests to the vendor's hosts to itself: a definition that names them works
// against the authority of this machine. A host with a * in it is no suffix, and stays what it is.
func (d *dev) vendorOverrides() []egress.Override {
	if !d.options.Intercept {
		return nil
	}
	var overrides []egress.Override
	for _, name := range intercept.Names(intercept.Vendor()) {
		if !strings.Contains(name, "*") {
			overrides = append(overrides, egress.Override{Suffix: name, Address: d.vendorAddress(), Roots: d.authority.CertPool()})
		}
	}
	return overrides
}

// startIntercept begins to answer and gives what ends it; nil without --intercept.
func (d *dev) startIntercept(handler http.Handler) func(context.Context) error {
	if !d.options.Intercept {
		return nil
	}
	return intercept.Start(intercept.Config{
		Listener: d.vendor, Hosts: intercept.Vendor(), Handler: d.withProducts(handler), Certificate: d.authority.Certificate, Log: d.log,
	}).Close
}

// describeIntercept writes the files for clients and names them.
func (d *dev) describeIntercept(ready *Ready) error {
	if !d.options.Intercept {
		return nil
	}
	files, err := intercept.WriteFiles(d.config.Data, d.vendorAddress(), d.authority.CertPEM(), intercept.Vendor())
	if err != nil {
		return err
	}
	ready.ProxyURL, ready.BundleFile, ready.PreloadFile = "http://"+d.vendorAddress(), files.Bundle, files.Preload
	ready.CAFile, err = filepath.Abs(d.config.path("keys", "ca.crt"))
	return err
}

// interceptHelp says how programs come here in the place of the vendor; "" without --intercept.
func (d *dev) interceptHelp() string {
	if !d.options.Intercept {
		return ""
	}
	return "Unmodified SDKs, in another terminal: " + intercept.Vendor()[0].Name + " and the vendor's other hosts are answered here\n  eval \"$(" +
		d.program() + " env)\"\n\n"
}
