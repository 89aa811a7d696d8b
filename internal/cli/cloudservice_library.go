package cli

import (
	"context"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"latchkey/client"
)

func (p *program) cloudSnippetCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "snippet NAME",
		Short: "Print what a page embeds to be targeted",
		Long: `Print the HTML that a page has in its head: Target's client library as the service is set. Notes about it go to standard
error.`,
		Example: "  latchkey cloud-service snippet acme-target > head.html",
		Args:    takes("NAME"),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			made, err := c.CloudServiceSnippet(ctx, args[0])
			if err != nil || p.answerJSON(made) {
				return err
			}
			p.say("%s", strings.TrimRight(made.HTML, "\n"))
			for _, note := range append(made.Notes, made.Requires...) {
				p.tell("%s", note)
			}
			return nil
		}),
	}
}

func (p *program) cloudLibraryCommand() *cobra.Command {
	return p.group(&cobra.Command{
		Use:   "library",
		Short: "A client library of your own",
		Long: `An at.js or mbox.js of your own, in the place of the one that the page would load. Target gives the file:
Administration, Implementation.`,
		Example: `  latchkey cloud-service library upload acme-target at.js
  latchkey cloud-service library delete acme-target --yes`,
	}, p.cloudLibraryUploadCommand(), p.cloudLibraryShowCommand(), p.deleting(&cobra.Command{
		Use:     "delete NAME [--yes]",
		Short:   "Remove the library that was uploaded",
		Long:    "Remove the library that was uploaded. Pages load the one that the service is set to again.",
		Example: "  latchkey cloud-service library delete acme-target --yes",
		Args:    takes("NAME"),
	}, "Remove the client library of %s?", (*client.Client).DeleteClientLibrary))
}

func (p *program) cloudLibraryUploadCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "upload NAME FILE",
		Short:   "Upload a library",
		Long:    "Keep a library, at most 512 KiB, in the place of the one before.",
		Example: "  latchkey cloud-service library upload acme-target at.js",
		Args:    takes("NAME", "FILE"),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			content, err := p.readInput("the library", args[1])
			if err != nil {
				return err
			}
			kept, err := c.UploadClientLibrary(ctx, args[0], filepath.Base(args[1]), string(content))
			if err != nil || p.answerJSON(kept) {
				return err
			}
			p.say("kept %s, %d bytes, SHA-256 %s", kept.Name, kept.Bytes, kept.SHA256)
			return nil
		}),
	}
}

func (p *program) cloudLibraryShowCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "show NAME",
		Short:   "Print the library that was uploaded",
		Long:    "Print the library that was uploaded; with --json what is known of it, too.",
		Example: "  latchkey cloud-service library show acme-target > at.js",
		Args:    takes("NAME"),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			kept, err := c.ClientLibrary(ctx, args[0])
			if err != nil || p.answerJSON(kept) {
				return err
			}
			p.say("%s", strings.TrimRight(kept.Content, "\n"))
			return nil
		}),
	}
}
