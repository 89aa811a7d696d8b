package app

import (
	"fmt"
	"strings"
)

// ConfigurationPage writes docs/reference/configuration.md from the settings.
func ConfigurationPage() string {
	var b strings.Builder
	b.WriteString(`# Configuration

` + "`latchkey serve --config FILE`" + ` reads one YAML file. Each setting is also an environment variable, which wins over the file. An
unknown name is an error that says what was probably meant. ` + "`latchkey config show --effective --config FILE`" + ` tells each value
and where it came from. Keys are named by file; a password in the URL of a proxy or of the database is not shown.

` + "`latchkey dev`" + ` needs none of this; its flags are in the [command line reference](cli.md).

` + "```yaml" + `
public_url: https://latchkey.example.com
listen: 0.0.0.0:8443
data: /var/lib/latchkey
tls:
  cert_file: /etc/latchkey/tls.crt
  key_file: /etc/latchkey/tls.key
seal:
  root_key_file: /etc/latchkey/root.key
` + "```" + `

| Setting | Variable | Default | Meaning |
|---|---|---|---|
`)
	for _, s := range settings() {
		fallback := "–"
		if s.fallback != "" {
			fallback = "`" + s.fallback + "`"
		}
		meaning := s.doc
		if s.list {
			meaning += " A list; in the variable, with commas."
		}
		fmt.Fprintf(&b, "| `%s` | `%s` | %s | %s |\n", s.name, s.environment(), fallback, meaning)
	}
	return b.String()
}
