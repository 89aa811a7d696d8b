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
  root: /etc/latchkey/root.key
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
	b.WriteString(`
## The root key

` + "`seal.root`" + ` and ` + "`seal.previous_root`" + ` say where a root key is. They hold no secret.

| Value | Root key |
|---|---|
| ` + "`/etc/latchkey/root.key`, `file:/etc/latchkey/root.key`" + ` | In a file that its owner alone may read. ` + "`latchkey setup`" + ` makes the first one, ` + "`latchkey keys new FILE`" + ` one to rotate to. |
| ` + "`passphrase:@FILE`, `passphrase:$VARIABLE`, `passphrase`" + ` | Made of a passphrase of 16 characters or more with argon2id (64 MiB, 3 passes, 4 lanes); its salt is kept in the database. It is read from the file, from the environment, or asked for at the start. |
| ` + "`vault://HOST:8200/transit/keys/NAME`" + ` | In Vault's (or OpenBao's) Transit engine, mounted at ` + "`transit`" + `. The key must be made with ` + "`derived=true`" + `. Behind ` + "`?`" + `: ` + "`token_file=`" + ` (read anew for each call) or ` + "`token_env=`" + ` (else ` + "`VAULT_TOKEN`" + `), ` + "`namespace=`, `ca_file=`" + `. ` + "`vault+http://127.0.0.1:8100/…`" + ` reaches an agent on this machine. The token's policy needs ` + "`read` on `transit/keys/NAME` and `update` on `transit/encrypt/NAME`, `transit/decrypt/NAME` and `transit/rewrap/NAME`" + `. |
| ` + "`awskms://…`, `gcpkms://…`, `azurekeyvault://…`" + ` | In a cloud's KMS, by a URL of [Go CDK](https://gocloud.dev/howto/secrets/). Only in a build with ` + "`go build -tags kms ./cmd/latchkey`" + `. |

How to go from one to another while the server runs: [Rotate the root key](../guide/rotate-the-root-key.md).
`)
	return b.String()
}
