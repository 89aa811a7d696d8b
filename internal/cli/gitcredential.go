package cli

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"latchkey/client"
)

// helperOptions say for whom a credential helper answers.
type helperOptions struct {
	host, username string
	bearer         bool
	install        string
}

func (p *program) gitCredentialCommand() *cobra.Command {
	var o helperOptions
	command := &cobra.Command{
		Use:   "git-credential CONNECTION --host HOST [--username NAME] [--bearer] get|store|erase",
		Short: "Give git a connection's token as its password",
		Long: `A credential helper for git (gitcredentials(7)): git calls it when it needs a password for a host, and gets a valid
token of the connection, which nothing on this machine stores. It answers for --host over HTTPS alone, and leaves every
other host to other helpers. When the host refuses the token, git says erase, and the next one is a new one.

Most hosts take any user name, or one of their own, with the token as the password: --username. --bearer sends it as
Authorization: Bearer, with git 2.46 and newer.`,
		Example: `  git config --global credential.https://git.example.com.helper '!latchkey git-credential acme --host git.example.com'`,
		Args:    takes("CONNECTION", "get|store|erase"),
		RunE: func(command *cobra.Command, args []string) error {
			if o.host == "" {
				return usagef(command, "--host is missing: the token goes to that host alone")
			}
			ask, err := readCredential(p.lines)
			if err != nil {
				return err
			}
			switch args[1] {
			case "get":
				return p.gitCredential(command.Context(), args[0], o, ask)
			case "erase":
				return p.eraseCredential(command.Context(), args[0], o, ask)
			default: // "store", and what later versions of git may say: there is nothing to do
				return nil
			}
		},
		ValidArgsFunction: p.completeConnections,
	}
	flags := command.Flags()
	flags.StringVar(&o.host, "host", "", "`host` that the token is for, with its port where it has one")
	flags.StringVar(&o.username, "username", "oauth2", "`name` of the user")
	flags.BoolVar(&o.bearer, "bearer", false, "send the token as Authorization: Bearer")
	return p.withRemote(command)
}

// readCredential reads git's description of a credential: lines of NAME=VALUE, up to an empty one; NAME[] may come again.
func readCredential(in *bufio.Reader) (map[string][]string, error) {
	const most = 1000
	out := map[string][]string{}
	for range most {
		line, err := in.ReadString('\n')
		line = strings.TrimRight(line, "\r\n")
		if line == "" {
			return out, nil
		}
		name, value, ok := strings.Cut(line, "=")
		if !ok {
			return nil, errors.New("reading what git asks for: a line is not of the form NAME=VALUE")
		}
		if strings.HasSuffix(name, "[]") {
			out[name] = append(out[name], value)
		} else {
			out[name] = []string{value}
		}
		if err != nil {
			return out, nil
		}
	}
	return nil, errors.New("reading what git asks for: it does not end")
}

// one gives a value that may come once.
func one(ask map[string][]string, name string) string { return strings.Join(ask[name], "") }

// ours tells whether git asks for the host that the token is for.
func (o helperOptions) ours(ask map[string][]string) bool {
	return one(ask, "protocol") == "https" && strings.EqualFold(one(ask, "host"), o.host)
}

func (p *program) gitCredential(ctx context.Context, ref string, o helperOptions, ask map[string][]string) error {
	if strings.EqualFold(one(ask, "host"), o.host) && one(ask, "protocol") != "https" {
		p.warn("%s is called without TLS, and gets no token", o.host)
	}
	if !o.ours(ask) {
		return nil
	}
	if o.bearer && !slices.Contains(ask["capability[]"], "authtype") {
		return errors.New("--bearer needs git 2.46 or newer, which takes credentials of that kind; leave it away")
	}
	token, err := p.helperToken(ctx, ref, client.TokenOptions{})
	if err != nil {
		return err
	}
	if o.bearer {
		p.say("capability[]=authtype\nauthtype=Bearer\ncredential=%s", token.AccessToken)
	} else {
		p.say("username=%s\npassword=%s", cmp.Or(one(ask, "username"), o.username), token.AccessToken)
	}
	if !token.ExpiresAt.IsZero() {
		p.say("password_expiry_utc=%d", p.Clock.Now().Add(token.ExpiresIn).Unix())
	}
	return nil
}

// eraseCredential has a new token fetched in place of the one that the host refused.
func (p *program) eraseCredential(ctx context.Context, ref string, o helperOptions, ask map[string][]string) error {
	refused := cmp.Or(one(ask, "password"), one(ask, "credential"))
	if !o.ours(ask) || refused == "" {
		return nil
	}
	_, err := p.helperToken(ctx, ref, client.TokenOptions{Rejected: client.Hash(refused)})
	if errors.Is(err, client.ErrNotModified) {
		return withHint(fmt.Errorf("%s refuses the token, and there is no newer one", o.host), "see how the connection stands: latchkey connection show %s", word(ref))
	}
	return err
}

func (p *program) helperToken(ctx context.Context, ref string, options client.TokenOptions) (client.Token, error) {
	c, err := p.client()
	if err != nil {
		return client.Token{}, err
	}
	token, err := c.Token(ctx, ref, options)
	if err != nil {
		return token, tokenHint(err, ref)
	}
	if strings.ContainsAny(token.AccessToken, "\r\n\x00") {
		return token, errors.New("the token holds a line's end, which can't be handed on")
	}
	return token, nil
}
