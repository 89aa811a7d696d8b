package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"latchkey/client"
	"latchkey/internal/file"
)

// notInKeychain is what Docker's clients know, word by word, as "there is none", and go on without.
const notInKeychain = "credentials not found in native keychain"

var helperName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

func (p *program) dockerCredentialCommand() *cobra.Command {
	var o helperOptions
	command := &cobra.Command{
		Use:   "docker-credential CONNECTION --host HOST [--username NAME] get|list|store|erase | --install DIR",
		Short: "Give Docker a connection's token as its password",
		Long: `A credential helper for Docker and whatever reads its configuration (Podman, Buildah, Skopeo, Helm): it is asked when a
registry wants a password, and gives a valid token of the connection, which nothing on this machine stores. It answers
for --host alone.

Docker finds a helper by the name of a program. --install writes one, docker-credential-latchkey-CONNECTION, into a
folder of PATH, and prints what goes into config.json. Which server and key it works with, it takes from the environment
of the one who runs Docker, as every command does.`,
		Example: `  latchkey docker-credential acme --host registry.example.com --install ~/.local/bin
  echo registry.example.com | latchkey docker-credential acme --host registry.example.com get`,
		Args: func(command *cobra.Command, args []string) error {
			switch {
			case o.host == "":
				return usagef(command, "--host is missing: the token goes to that registry alone")
			case o.install != "" && len(args) == 1, o.install == "" && len(args) == 2:
				return nil
			}
			return usagef(command, "expected CONNECTION and one of get, list, store, erase; or CONNECTION and --install")
		},
		ValidArgsFunction: p.completeConnections,
		RunE: func(command *cobra.Command, args []string) error {
			if o.install != "" {
				return p.installHelper(command, args[0], o)
			}
			err := p.dockerCredential(command.Context(), args[0], args[1], o)
			if err != nil && !p.json && !errors.Is(err, errTold) {
				p.say("%s", err) // Docker shows what is on standard output
			}
			return err
		},
	}
	flags := command.Flags()
	flags.StringVar(&o.host, "host", "", "`host` of the registry, with its port where it has one")
	flags.StringVar(&o.username, "username", "oauth2accesstoken", "`name` of the user")
	flags.StringVar(&o.install, "install", "", "write the program that Docker calls into this `folder`")
	return p.withRemote(command)
}

func (p *program) dockerCredential(ctx context.Context, ref, verb string, o helperOptions) error {
	switch verb {
	case "get":
		text, err := io.ReadAll(io.LimitReader(p.lines, 4<<10))
		if err != nil {
			return fmt.Errorf("reading the registry's name: %w", err)
		}
		asked := strings.TrimSpace(string(text))
		if !strings.EqualFold(registryHost(asked), o.host) {
			p.say(notInKeychain)
			return &codeError{errTold, exitFailed}
		}
		token, err := p.helperToken(ctx, ref, client.TokenOptions{})
		if err != nil {
			return err
		}
		return p.compactJSON(struct{ ServerURL, Username, Secret string }{asked, o.username, token.AccessToken})
	case "list":
		return p.compactJSON(map[string]string{o.host: o.username})
	case "erase":
		return nil // nothing is kept here
	case "store":
		return fmt.Errorf("latchkey gives the password of %s, from the connection %s: there is nothing to log in to", o.host, ref)
	default:
		return &usageError{fmt.Sprintf("%q is none of get, list, store, erase", verb), "see latchkey docker-credential --help"}
	}
}

func (p *program) compactJSON(view any) error {
	text, err := json.Marshal(view)
	if err != nil {
		return err
	}
	p.say("%s", text)
	return nil
}

// registryHost gives the host of what Docker calls a server: a host, or a URL of one.
func registryHost(text string) string {
	if _, rest, ok := strings.Cut(text, "://"); ok {
		if strings.HasPrefix(text, "http://") {
			return "" // without TLS there is no token
		}
		text = rest
	}
	at, err := url.Parse("//" + text)
	if err != nil {
		return ""
	}
	return at.Host
}

// installHelper writes the program that Docker calls.
func (p *program) installHelper(command *cobra.Command, ref string, o helperOptions) error {
	if !helperName.MatchString(ref) {
		return usagef(command, "a program can't be called by %q: give the connection's id, or a label of letters, digits and hyphens", ref)
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding this program: %w", err)
	}
	name := "docker-credential-latchkey-" + ref
	path := filepath.Join(o.install, name)
	if text, err := os.ReadFile(path); err == nil && !strings.Contains(string(text), "docker-credential") {
		return fmt.Errorf("writing %s: there is another file of that name", path)
	}
	script := fmt.Sprintf("#!/bin/sh\nexec %s docker-credential %s --host %s --username %s \"$@\"\n", word(self), word(ref), word(o.host), word(o.username))
	if err := file.Replace(path, []byte(script), 0o755); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	p.say("wrote %s", path)
	if found, err := exec.LookPath(name); err != nil && !errors.Is(err, exec.ErrDot) {
		p.warn("%s is not in PATH, where Docker looks for it", o.install)
	} else if found != "" && filepath.Clean(found) != filepath.Clean(path) {
		p.warn("another one comes first in PATH: %s", found)
	}
	p.tell(`this goes into ~/.docker/config.json: {"credHelpers": {%q: %q}}`, o.host, "latchkey-"+ref)
	return nil
}
