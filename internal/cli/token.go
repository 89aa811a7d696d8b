package cli

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"

	"github.com/spf13/cobra"

	"latchkey/client"
)

func (p *program) tokenCommand() *cobra.Command {
	var options client.TokenOptions
	var header bool
	command := &cobra.Command{
		Use:   "token CONNECTION [--min-ttl 5m] [--header] [--rejected HASH]",
		Short: "Print a valid token of a connection",
		Long: `Print a valid access token of a connection, refreshed when it has to be.

--min-ttl asks for one that lives at least so long. --rejected says that the service refused a token, named by its
hash (base64url of its SHA-256, the ETag of the answer): a newer one is fetched, or the command fails when there is
none.`,
		Example: `  latchkey token acme
  curl -H "$(latchkey token acme --header)" https://api.moviestar.com/me
  latchkey token acme --min-ttl 30m --json`,
		Args:              takes("CONNECTION"),
		ValidArgsFunction: p.completeConnections,
		RunE: func(command *cobra.Command, args []string) error {
			if options.MinTTL < 0 {
				return usagef(command, "--min-ttl is not negative")
			}
			if !isHash(options.Rejected) {
				return usagef(command,
					"--rejected takes the hash of a token, not the token: base64url of its SHA-256, 43 characters")
			}
			c, err := p.client()
			if err != nil {
				return err
			}
			token, err := c.Token(command.Context(), args[0], options)
			if err != nil {
				return tokenHint(err, args[0])
			}
			switch {
			case p.answerJSON(token):
			case header:
				p.say("Authorization: %s", token.Header())
			default:
				p.say("%s", token.AccessToken)
			}
			return nil
		},
	}
	flags := command.Flags()
	flags.DurationVar(&options.MinTTL, "min-ttl", 0, "how long the token has to live at least: 90s, 5m, 1h")
	flags.BoolVar(&header, "header", false, "print the whole header: Authorization: Bearer …")
	flags.StringVar(&options.Rejected, "rejected", "", "`hash` of a token that the service refused")
	return p.withRemote(command)
}

// isHash tells whether a text is base64url of a SHA-256, or nothing at all.
func isHash(text string) bool {
	sum, err := base64.RawURLEncoding.DecodeString(text)
	return err == nil && (len(sum) == sha256.Size || text == "")
}

// tokenHint says what to do about a connection that has no token to give.
func tokenHint(err error, ref string) error {
	problem, ok := errors.AsType[*client.Error](err)
	switch {
	case ok && problem.Status == http.StatusConflict && problem.ReauthorizeURL != "":
		return withHint(err, "consent again: latchkey connection reauthorize %s", word(ref))
	case ok && (problem.Status == http.StatusConflict || problem.Status == http.StatusFailedDependency):
		return withHint(err, "see how it stands: latchkey connection show %s", word(ref))
	case errors.Is(err, client.ErrNotModified):
		return withHint(err, "see how it stands: latchkey connection show %s", word(ref))
	}
	return err
}
