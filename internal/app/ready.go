package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"latchkey/internal/file"
)

// Ready is what tells programs where a server is and how to get in. `dev` always writes it as dev.json into the data
// directory, mode 0600, because it holds a key.
type Ready struct {
	URL          string `json:"url"`
	AdminKey     string `json:"admin_key"`
	SignInURL    string `json:"sign_in_url"`
	Organization string `json:"organization"`
	PID          int    `json:"pid"`
	// Data is the data directory.
	Data string `json:"data"`
	// ClockURL, with dev --fast-clock, is where the server's clock is read and moved.
	ClockURL string `json:"clock_url,omitempty"`
	// CAFile is the certificate authority to trust, with dev --tls or --intercept.
	CAFile string `json:"ca_file,omitempty"`
	// PipelinedStatusURL is the status of the sample instance's pipelined.
	PipelinedStatusURL string `json:"pipelined_status_url,omitempty"`
	// ProxyURL, with dev --intercept, is the proxy that answers for the vendor's hosts; BundleFile holds CAFile and the
	// machine's own authorities, PreloadFile leads Node there.
	ProxyURL    string `json:"proxy_url,omitempty"`
	BundleFile  string `json:"ca_bundle_file,omitempty"`
	PreloadFile string `json:"preload_file,omitempty"`
}

// writeReady replaces the file in one step, so that a reader never sees half of it.
func writeReady(path string, ready Ready) error {
	text, err := json.MarshalIndent(ready, "", "  ")
	if err != nil {
		return err
	}
	if err := file.Replace(path, append(text, '\n'), 0o600); err != nil {
		return fmt.Errorf("writing the ready file: %w", err)
	}
	return nil
}

// readReady gives what an earlier run wrote; a zero Ready when there was none or it can't be read.
func readReady(path string) (Ready, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Ready{}, nil
	}
	if err != nil {
		return Ready{}, fmt.Errorf("reading %s: %w", path, err)
	}
	var ready Ready
	if err := json.Unmarshal(text, &ready); err != nil {
		return Ready{}, nil //nolint:nilerr // a damaged file is written anew
	}
	return ready, nil
}
