package intercept

import (
	"bytes"
	_ "embed" // for preload.cjs
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"latchkey/internal/file"
)

//go:embed preload.cjs
var preload []byte

// Files are what clients need beside the proxy's address.
type Files struct {
	// Preload leads Node's own fetch, https and http2 here.
	Preload string
	// Bundle holds the machine's certificate authorities, and ours: for clients that take one file for all.
	Bundle string
}

// WriteFiles writes them into a directory; both are read by clients, and hold no secret.
func WriteFiles(directory, proxy string, authority []byte, hosts []Host) (Files, error) {
	directory, err := filepath.Abs(directory)
	if err != nil {
		return Files{}, err
	}
	out := Files{Preload: filepath.Join(directory, "latchkey-preload.cjs"), Bundle: filepath.Join(directory, "ca-bundle.crt")}
	text, err := preloadFor(proxy, authority, hosts)
	if err != nil {
		return Files{}, err
	}
	if err := file.Replace(out.Preload, text, 0o644); err != nil {
		return Files{}, fmt.Errorf("writing the preload file: %w", err)
	}
	if err := file.Replace(out.Bundle, append(systemRoots(), authority...), 0o644); err != nil {
		return Files{}, fmt.Errorf("writing the bundle of authorities: %w", err)
	}
	return out, nil
}

func preloadFor(proxy string, authority []byte, hosts []Host) ([]byte, error) {
	address, portText, err := net.SplitHostPort(proxy)
	if err != nil {
		return nil, fmt.Errorf("reading the proxy's address: %w", err)
	}
	port, err := strconv.Atoi(portText)
	if err != nil {
		return nil, fmt.Errorf("reading the proxy's address: %w", err)
	}
	config, err := json.Marshal(struct {
		Address string   `json:"address"`
		Port    int      `json:"port"`
		Hosts   []string `json:"hosts"`
		CA      string   `json:"ca"`
	}{address, port, Names(hosts), string(authority)})
	if err != nil {
		return nil, fmt.Errorf("encoding the preload file: %w", err)
	}
	return bytes.Replace(preload, []byte("/*CONFIG*/ null"), config, 1), nil
}

// rootFiles are where systems keep their authorities in one file: Debian and Alpine, Fedora, openSUSE, BSD and macOS.
var rootFiles = []string{
	"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem",
}

// systemRoots gives the machine's authorities; none where they are not in a file.
func systemRoots() []byte {
	for _, path := range rootFiles {
		if text, err := os.ReadFile(path); err == nil && len(text) > 0 {
			return append(bytes.TrimRight(text, "\n"), '\n')
		}
	}
	return nil
}
