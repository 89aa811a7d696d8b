package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"latchkey/client"
	"latchkey/internal/cloudservice"
)

func (p *program) cloudExportCommand() *cobra.Command {
	var format, folder string
	var force bool
	command := &cobra.Command{
		Use:   "export NAME [--format FORMAT] [--out DIR] [--force]",
		Short: "Export a cloud service, for another Latchkey or for AEM",
		Long: `Write what a cloud service is set to: json is what "import" takes, properties is AEM's marketingcloud.properties. A
secret is in neither: give it where the service is imported. The versions of AEM that can have the service's mode are
told.`,
		Example: `  latchkey cloud-service export acme-target --out services
  latchkey cloud-service export acme-target --format properties`,
		Args: takes("NAME"),
	}
	flags := command.Flags()
	flags.StringVar(&format, "format", "json", "`format`: json or properties")
	flags.StringVar(&folder, "out", ".", "`directory` to write to")
	flags.BoolVar(&force, "force", false, "overwrite a file that is there")
	command.RunE = p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
		s, err := c.CloudService(ctx, args[0])
		if err != nil {
			return err
		}
		f := client.IMSFile{Name: s.Name + ".json"}
		switch format {
		case "json":
			f.Text, err = cloudJSON(ctx, c, s)
		case "properties":
			f.Name, f.Text = "marketingcloud.properties", cloudProperties(s)
		default:
			return usagef(command, "--format is json or properties")
		}
		if err != nil {
			return err
		}
		if p.json {
			return p.sayJSON(client.IMSExport{Files: []client.IMSFile{f}, Requires: s.Requires})
		}
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return fmt.Errorf("making the directory: %w", err)
		}
		if err := writeExported(folder, f, force); err != nil {
			return err
		}
		p.say("wrote %s", filepath.Join(folder, f.Name))
		for _, version := range s.Requires {
			p.tell("needs %s", version)
		}
		return nil
	})
	return command
}

// cloudJSON writes a service as what it can be made of again. What it names is named by name.
func cloudJSON(ctx context.Context, c *client.Client, s client.CloudService) (string, error) {
	if err := nameA4T(ctx, c, &s); err != nil {
		return "", err
	}
	out := client.NewCloudService{Kind: s.Kind, Name: s.Name, CloudServiceValues: client.CloudServiceValues{
		Title: &s.Title, Authentication: &s.Authentication, Configuration: unlessEmpty(s.Configuration),
	}}
	if t := s.Target; t != nil {
		out.Target = &client.CloudServiceTargetValues{
			TenantID: unlessEmpty(t.TenantID), ClientCode: unlessEmpty(t.ClientCode), Email: unlessEmpty(t.Email), APIType: &t.APIType, Workspace: unlessEmpty(t.Workspace),
			A4T: unlessEmpty(t.A4T), AccurateTargeting: &t.AccurateTargeting, SyncAudiences: &t.SyncAudiences, Library: &t.Library, LibraryURL: unlessEmpty(t.LibraryURL),
		}
	}
	if a := s.Analytics; a != nil {
		out.Analytics = &client.CloudServiceAnalyticsValues{
			Company: unlessEmpty(a.Company), Username: unlessEmpty(a.Username), DataCenter: unlessEmpty(a.DataCenter), Segment: unlessEmpty(a.Segment), A4T: &a.A4T,
			Digest: unlessEmpty(a.Digest), NoTag: &a.Tracking.NoTag, NoPageLoad: &a.Tracking.NoPageLoad, AppMeasurement: &a.Tracking.AppMeasurement,
			ClientContext: &a.Tracking.ClientContext, AdditionalContext: &a.Tracking.AdditionalContext,
		}
		if len(a.ReportSuites) > 0 {
			out.Analytics.ReportSuites = &a.ReportSuites
		}
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(out)
	return text.String(), err
}

// nameA4T puts the name of the service of Analytics into the place of its id, where it is there yet.
func nameA4T(ctx context.Context, c *client.Client, s *client.CloudService) error {
	if s.Target == nil || s.Target.A4T == "" {
		return nil
	}
	other, err := c.CloudService(ctx, s.Target.A4T)
	if failed, ok := errors.AsType[*client.Error](err); ok && failed.Status == http.StatusNotFound {
		return nil
	}
	if err == nil {
		s.Target.A4T = other.Name
	}
	return err
}

func unlessEmpty(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// cloudProperties writes a service with the keys of AEM's provisioning.
func cloudProperties(s client.CloudService) string {
	var out strings.Builder
	for _, version := range s.Requires {
		fmt.Fprintf(&out, "# needs %s\n", version)
	}
	fmt.Fprintf(&out, "automaticProvisioning=true\nservicename=%s\n", s.Kind)
	put := func(key, value string) {
		if value != "" {
			fmt.Fprintf(&out, "%s=%s\n", key, cloudservice.EscapeProperty(value))
		}
	}
	put(s.Kind+".imsconfiguration", s.Configuration)
	if t := s.Target; t != nil {
		put("target.clientcode", t.ClientCode)
		put("target.tenantid", t.TenantID)
		put("target.email", t.Email)
	}
	if a := s.Analytics; a != nil {
		put("analytics.company", a.Company)
		put("analytics.username", a.Username)
		put("analytics.server", a.DataCenter)
		put("analytics.reportsuite", strings.Join(a.ReportSuites, ","))
	}
	return out.String()
}

func (p *program) cloudImportCommand() *cobra.Command {
	var secret, configuration string
	command := &cobra.Command{
		Use:   "import FILE... [--ims-configuration NAME] [--secret @FILE]",
		Short: "Make cloud services of what \"export\" wrote",
		Long: `Make the service of each file, or change the one of that name. --ims-configuration lets it name another IMS
configuration than the file does. Files of AEM's are taken by "provision".`,
		Example: `  latchkey cloud-service import services/acme-target.json
  latchkey cloud-service import acme-target.json --ims-configuration stage-target`,
		Args: takes("FILE..."),
	}
	flags := command.Flags()
	flags.StringVar(&secret, "secret", "", "password of Target Classic, or shared secret of Analytics 1.4: `@FILE`, or - for standard input")
	flags.StringVar(&configuration, "ims-configuration", "", "`name` of the IMS configuration whose token it calls with, in the place of the file's")
	command.RunE = p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
		if flags.Changed("secret") && secret != "-" && !strings.HasPrefix(secret, "@") {
			return usagef(command, "--secret takes @FILE, or - for standard input: a secret in the command line is seen by everybody on this machine")
		}
		hidden, err := p.value("the secret", secret)
		if err != nil {
			return err
		}
		for _, name := range args {
			input, err := p.readCloudService(name)
			if err != nil {
				return err
			}
			if configuration != "" {
				input.Configuration = &configuration
			}
			if hidden != "" {
				input.Secret = &hidden
			}
			if err := p.importCloudService(ctx, c, input); err != nil {
				return err
			}
		}
		return nil
	})
	return command
}

func (p *program) readCloudService(name string) (client.NewCloudService, error) {
	var input client.NewCloudService
	text, err := p.readInput(name, name)
	if err != nil {
		return input, err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&input); err != nil {
		return input, withHint(fmt.Errorf("reading %s: %w", name, err), "it is not what latchkey cloud-service export writes; a marketingcloud.properties is taken by latchkey cloud-service provision")
	}
	if input.Name == "" {
		return input, fmt.Errorf("reading %s: it has no name", name)
	}
	return input, nil
}

func (p *program) importCloudService(ctx context.Context, c *client.Client, input client.NewCloudService) error {
	done := "imported"
	made, err := c.CreateCloudService(ctx, input)
	if failed, ok := errors.AsType[*client.Error](err); ok && strings.HasSuffix(failed.Type, "#name_taken") {
		done = "changed"
		made, err = c.UpdateCloudService(ctx, input.Name, input.CloudServiceValues)
	}
	if err != nil || p.answerJSON(made) {
		return err
	}
	p.tellCloud(done, made)
	return nil
}
