package cli

import (
	"cmp"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// variable is one of the environment.
type variable struct{ name, value string }

func (p *program) envCommand() *cobra.Command {
	var shell string
	var node bool
	command := &cobra.Command{
		Use:   "env [--shell sh|fish|powershell] [--node]",
		Short: "Print the variables by which unmodified SDKs come here",
		Long: `Print the variables by which programs, unmodified, come to "latchkey dev --intercept" where they mean the vendor's
hosts: the proxy, the authority to trust, and for Node a file that leads its own fetch and https there. The proxy
answers for these hosts and connects to nothing else: with --node only Node's variables are printed, and every other
host stays reachable.`,
		Example: `  eval "$(latchkey env)"
  latchkey env --shell fish | source
  latchkey env --node --json`,
		Args: takes(),
	}
	command.Flags().StringVar(&shell, "shell", "sh", "`shell` to write for: sh, fish, powershell")
	command.Flags().BoolVar(&node, "node", false, "only what Node needs; other programs stay as they are")
	command.Flags().StringVar(&p.remote.data, "data", "", "`directory` of the dev server's dev.json (else LATCHKEY_DATA, else .latchkey)")
	command.RunE = func(command *cobra.Command, _ []string) error {
		if _, ok := exports[shell]; !ok {
			return usagef(command, "--shell is sh, fish or powershell")
		}
		variables, err := p.environment(node)
		if err != nil {
			return err
		}
		if p.json {
			out := map[string]string{}
			for _, v := range variables {
				out[v.name] = v.value
			}
			return p.sayJSON(out)
		}
		for _, v := range variables {
			p.say("%s", exports[shell](v))
		}
		return nil
	}
	return command
}

// exports write a variable for a shell; a value is never more than a value, whatever is in it.
var exports = map[string]func(variable) string{
	"sh": func(v variable) string {
		return "export " + v.name + "='" + strings.ReplaceAll(v.value, "'", `'\''`) + "'"
	},
	"fish": func(v variable) string {
		return "set -gx " + v.name + " '" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(v.value) + "'"
	},
	"powershell": func(v variable) string {
		return "$env:" + v.name + " = '" + strings.ReplaceAll(v.value, "'", "''") + "'"
	},
}

// environment gives the variables, with what the present ones hold already.
func (p *program) environment(node bool) ([]variable, error) {
	dev, err := p.dev()
	if err != nil {
		return nil, withHint(err, noServerHint)
	}
	if dev.ProxyURL == "" {
		return nil, withHint(errors.New("no server on this machine answers for the vendor's hosts"), `start one: latchkey dev --intercept`)
	}
	for _, file := range []string{dev.CAFile, dev.BundleFile, dev.PreloadFile} {
		if _, err := os.Stat(file); err != nil {
			return nil, withHint(err, "the server writes it when it starts: latchkey dev --intercept")
		}
	}
	forNode := []variable{{"NODE_EXTRA_CA_CERTS", dev.CAFile}, {"NODE_OPTIONS", p.nodeOptions(dev.PreloadFile)}}
	if node {
		return forNode, nil
	}
	direct := p.noProxy()
	return append([]variable{
		{"HTTPS_PROXY", dev.ProxyURL}, {"https_proxy", dev.ProxyURL}, {"NO_PROXY", direct}, {"no_proxy", direct},
		{"SSL_CERT_FILE", dev.BundleFile}, {"CURL_CA_BUNDLE", dev.BundleFile}, {"REQUESTS_CA_BUNDLE", dev.BundleFile},
	}, forNode...), nil
}

// nodeOptions adds the preload file to the options that are there. Node takes quotes for a path with blanks.
func (p *program) nodeOptions(preload string) string {
	option := "--require=" + filepath.ToSlash(preload)
	if strings.ContainsAny(option, " \"") {
		option = `"` + strings.ReplaceAll(option, `"`, `\"`) + `"`
	}
	before := p.Getenv("NODE_OPTIONS")
	if strings.Contains(before, option) || before == "" {
		return cmp.Or(before, option)
	}
	return before + " " + option
}

// noProxy keeps this machine's own servers direct.
func (p *program) noProxy() string {
	names := strings.FieldsFunc(cmp.Or(p.Getenv("NO_PROXY"), p.Getenv("no_proxy")), func(r rune) bool { return r == ',' || r == ' ' })
	for _, name := range []string{"localhost", "127.0.0.1", "::1"} {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, ",")
}
