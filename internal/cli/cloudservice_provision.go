package cli

import (
	"context"

	"github.com/spf13/cobra"

	"latchkey/client"
	"latchkey/internal/cloudservice"
)

func (p *program) cloudProvisionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "provision FILE",
		Short: "Make cloud services of a marketingcloud.properties",
		Long: `Make the services that AEM's file marketingcloud.properties describes, or bring those of before up to date. The keys
target.imsconfiguration, target.tenantid and analytics.imsconfiguration are Latchkey's own: the vendor's lead to its
older APIs alone, which are retired. With automaticProvisioning=false the values are checked, and nothing is kept.`,
		Example: `  latchkey cloud-service provision marketingcloud.properties
  curl -u any:$LATCHKEY_KEY http://127.0.0.1:8377/libs/cq/cloudservicesprovisioning/content/autoprovisioning.json \
    -d automaticProvisioning=true -d servicename=target -d target.clientcode=acme -d target.imsconfiguration=acme-target`,
		Args: takes("FILE"),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			text, err := p.readInput("the properties", args[0])
			if err != nil {
				return err
			}
			values, err := cloudservice.ReadProperties(string(text))
			if err != nil {
				return err
			}
			done, err := c.ProvisionCloudServices(ctx, values)
			if err != nil || p.answerJSON(done) {
				return err
			}
			for _, problem := range done.Problems {
				p.tell("%s: %s", problem.Severity, problem)
			}
			for _, made := range done.Items {
				switch {
				case !done.Executed:
					p.say("%s would be kept; set automaticProvisioning=true for that", made.Service.Name)
				case made.Created:
					p.tellCloud("created", made.Service)
				default:
					p.tellCloud("changed", made.Service)
				}
			}
			return nil
		}),
	}
}
