package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"latchkey/client"
)

// cloudLists are the lists of Analytics that can be synced.
var cloudLists = []string{"report-suites", "segments", "metrics", "dimensions"}

func (p *program) cloudSyncCommand() *cobra.Command {
	var suites []string
	var watch, status bool
	command := &cobra.Command{
		Use:   "sync NAME [--suite ID] [--watch] [--status]",
		Short: "Fetch what the product has",
		Long: `Fetch the lists that the product has of a cloud service, and remove here what it has no more. Of Analytics: report
suites and segments; with --suite, or for the service's own report suites, metrics and dimensions too. Of Target: its
audiences, in the background. One that is under way goes on; --watch shows how far it has come, until it ends, with exit
code 1 when it has failed; --status begins nothing, and tells how it stands.`,
		Example: `  latchkey cloud-service sync acme-target --watch
  latchkey cloud-service sync acme-analytics
  latchkey cloud-service sync acme-analytics --suite acmeprod`,
		Args: takes("NAME"),
	}
	command.Flags().StringSliceVar(&suites, "suite", nil, "Analytics: a report `suite` whose metrics and dimensions are wanted; repeat for more")
	command.Flags().BoolVar(&watch, "watch", false, "Target: show how far it has come, until it ends")
	command.Flags().BoolVar(&status, "status", false, "Target: begin nothing, tell how it stands")
	command.RunE = p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
		s, err := c.CloudService(ctx, args[0])
		if err != nil {
			return err
		}
		if s.Target != nil {
			return p.syncAudiences(ctx, c, s.Name, watch, status)
		}
		return p.syncAnalytics(ctx, c, s, suites)
	})
	return command
}

// syncAnalytics fetches the lists of a service of Analytics, one after the other.
func (p *program) syncAnalytics(ctx context.Context, c *client.Client, s client.CloudService, suites []string) error {
	if len(suites) == 0 {
		suites = s.Analytics.ReportSuites
	}
	type wanted struct{ list, suite string }
	all := []wanted{{"report-suites", ""}, {"segments", ""}}
	for _, suite := range suites {
		all = append(all, wanted{"metrics", suite}, wanted{"dimensions", suite})
	}
	var done []client.CloudServiceList
	for _, one := range all {
		got, err := c.SyncCloudServiceList(ctx, s.Name, one.list, one.suite)
		if err != nil {
			return err
		}
		if done = append(done, got); !p.json {
			p.say("%s: %s", strings.TrimSuffix(got.List+" of "+got.Suite, " of "), synced(got))
		}
	}
	if p.json {
		return listJSON(p, done)
	}
	if len(suites) == 0 {
		p.tell("metrics and dimensions are of a report suite: latchkey cloud-service sync %s --suite ID", s.Name)
	}
	return nil
}

func synced(l client.CloudServiceList) string {
	text := fmt.Sprintf("%d", l.Items)
	if l.Removed > 0 {
		text += fmt.Sprintf(", %d removed here", l.Removed)
	}
	return text
}

func (p *program) cloudItemsCommand() *cobra.Command {
	var suite, search string
	command := &cobra.Command{
		Use:   "items NAME [report-suites|segments|metrics|dimensions] [--suite ID] [--search TEXT]",
		Short: "List what was synced of Analytics",
		Long: `List the report suites, segments, metrics or dimensions that were synced for a cloud service of Analytics; without a
list, which lists there are. Fetch them anew with "sync".`,
		Example: `  latchkey cloud-service items acme-analytics
  latchkey cloud-service items acme-analytics dimensions --suite acmeprod --search evar`,
		Args: func(command *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef(command, "NAME is missing")
			}
			if len(args) > 2 {
				return usagef(command, "unexpected argument %q", args[2])
			}
			return nil
		},
		ValidArgs: cloudLists,
	}
	command.Flags().StringVar(&suite, "suite", "", "report `suite` that metrics and dimensions are of")
	command.Flags().StringVar(&search, "search", "", "a part of the id or the name, a `text`")
	command.RunE = p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
		if len(args) == 1 {
			return list(p, c.CloudServiceLists(ctx, args[0]), []string{"LIST", "REPORT SUITE", "ITEMS", "SYNCED"}, func(l client.CloudServiceList) []string {
				return []string{l.List, orDash(l.Suite), fmt.Sprint(l.Items), p.ago(l.SyncedAt)}
			}, "nothing was synced yet: latchkey cloud-service sync "+args[0])
		}
		return list(p, c.CloudServiceItems(ctx, args[0], args[1], suite, search), []string{"ID", "NAME", "DESCRIPTION"}, func(i client.CloudServiceItem) []string {
			return []string{i.ID, orDash(i.Name), orDash(i.Description)}
		}, "nothing there; fetch it: latchkey cloud-service sync "+args[0])
	})
	return command
}

func (p *program) cloudReportCommand() *cobra.Command {
	var query client.AnalyticsQuery
	var all bool
	command := &cobra.Command{
		Use:   "report NAME --metric ID [--suite ID] [--range FROM/TO] [--dimension ID] [--limit N] [--page N | --all]",
		Short: "Ask Analytics for a report",
		Long: `Ask Analytics for a page of a report, or with --all for every page, printed as it comes. Analytics takes 12 requests in
6 seconds of a credential: further pages wait for that. With --json, each page is a line of its own when --all is given.
Columns that Analytics left out are named as warnings; the rest of the report is good.`,
		Example: `  latchkey cloud-service report acme-analytics --suite acmeprod --metric visits --range td-7d/td
  latchkey cloud-service report acme-analytics --metric visits,orders --dimension page --all`,
		Args: takes("NAME"),
	}
	flags := command.Flags()
	flags.StringVar(&query.Suite, "suite", "", "report `suite`; without it, the service's first")
	flags.StringVar(&query.Range, "range", "td-7d/td", "two moments with a slash between, or a formula, `FROM/TO`")
	flags.StringSliceVar(&query.Metrics, "metric", nil, "a `metric`, or several with commas; repeat for more")
	flags.StringVar(&query.Dimension, "dimension", "", "`dimension` that makes the rows; without it, the sums alone")
	flags.StringSliceVar(&query.Segments, "segment", nil, "`id` of a segment; repeat for more. Without it, the service's")
	flags.IntVar(&query.Limit, "limit", 50, "`number` of rows of a page, 50000 at most")
	flags.IntVar(&query.Page, "page", 0, "which page, a `number` from 0")
	flags.BoolVar(&all, "all", false, "every page from there on")
	command.RunE = p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
		if len(query.Metrics) == 0 {
			return usagef(command, "--metric is missing")
		}
		for first := true; ; first = false {
			got, err := c.ReportCloudService(ctx, args[0], query)
			if err != nil {
				return err
			}
			if !p.lineJSON(got, all) {
				p.sayAnalytics(got, first)
			}
			if got.Last || !all {
				if !got.Last && !p.json {
					p.tell("there is more: --page %d, or --all", got.Page+1)
				}
				return nil
			}
			query.Page = got.Page + 1
		}
	})
	return command
}

// lineJSON prints an answer when --json asks for it: on one line when more lines follow.
func (p *program) lineJSON(answer client.AnalyticsReport, more bool) bool {
	if !p.json || !more {
		return p.answerJSON(answer)
	}
	var line bytes.Buffer
	if json.Compact(&line, answer.JSON()) == nil {
		p.say("%s", line.String())
	}
	return true
}

func (p *program) sayAnalytics(r client.AnalyticsReport, first bool) {
	if first {
		for _, lost := range r.Warnings {
			p.warn("%s is missing: %s", orDash(lost.Metric), lost.Message)
		}
		if len(r.Totals) > 0 {
			p.say("%s", strings.Join(append([]string{"TOTAL"}, columns(r.Columns, r.Totals)...), "  "))
		}
	}
	if len(r.Rows) == 0 {
		return
	}
	rows := [][]string{append([]string{"ITEM"}, r.Columns...)}
	for _, row := range r.Rows {
		cells := []string{orDash(row.Name)}
		for _, v := range row.Values {
			cells = append(cells, figure(v))
		}
		rows = append(rows, cells)
	}
	p.table(rows)
}

// columns writes each column with its sum.
func columns(names []string, values []any) []string {
	var out []string
	for i, v := range values {
		if i < len(names) {
			out = append(out, names[i]+"="+figure(v))
		}
	}
	return out
}

func figure(v any) string {
	switch v := v.(type) {
	case nil:
		return "-"
	case float64:
		return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.4f", v), "0"), ".")
	}
	return fmt.Sprint(v)
}
