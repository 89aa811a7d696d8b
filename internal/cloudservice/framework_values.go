package cloudservice

import (
	"context"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"latchkey/internal/finding"
)

// FrameworkValues are what people enter. A nil member stays as it is.
type FrameworkValues struct {
	Title *string
	Pages *[]string
	// Parameters are for Target, the rest is for Analytics.
	Parameters *[]Parameter

	ReportSuites                                           *[]SuiteUse
	TrackingServer, SecureTrackingServer, VisitorNamespace *string
	Mappings                                               *[]Mapping
}

// The bounds of a framework.
const (
	maxParameters = 500
	maxMappings   = 2000
	maxPages      = 1000
)

var (
	parameterForm = regexp.MustCompile(`^[A-Za-z_][\w-]*(/[A-Za-z_][\w-]*)+$`)
	hostForm      = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)+$`)
	spaceForm     = regexp.MustCompile(`^[\w-]{1,100}$`)
	componentForm = regexp.MustCompile(`^[\w-][\w./-]{0,254}$`)
	variableForm  = regexp.MustCompile(`^[A-Za-z_][\w.-]{0,254}$`)
	pageForm      = regexp.MustCompile(`^/[^\x00-\x1f*?"<>|]{0,1000}$`)
)

// applyFramework lays values over a framework, and says what is wrong with it then.
func (s *Services) applyFramework(ctx context.Context, of *Service, v *FrameworkValues, to *Framework) (finding.Problems, error) {
	var problems finding.Problems
	if v.Title != nil {
		to.Title = strings.TrimSpace(*v.Title)
		if len(to.Title) > maxTitle || strings.ContainsAny(to.Title, "\r\n\t") {
			problems.Wrong("/title", "the title is too long, or has control characters in it", "shorten it to one line")
		}
	}
	if of.Kind == Target && (v.ReportSuites != nil || v.TrackingServer != nil || v.SecureTrackingServer != nil || v.VisitorNamespace != nil || v.Mappings != nil) {
		problems.Wrong("/report_suites", "a framework of Target has parameters, and no report suites, servers or mappings", "leave these out")
	}
	if of.Kind == Analytics && v.Parameters != nil {
		problems.Wrong("/parameters", "a framework of Analytics has mappings, and no parameters", "leave these out")
	}
	set(v.Parameters, &to.Settings.Parameters)
	set(v.ReportSuites, &to.Settings.ReportSuites)
	set(v.TrackingServer, &to.Settings.TrackingServer)
	set(v.SecureTrackingServer, &to.Settings.SecureTrackingServer)
	set(v.VisitorNamespace, &to.Settings.VisitorNamespace)
	set(v.Mappings, &to.Settings.Mappings)
	if v.Pages != nil {
		to.Pages = readPages(*v.Pages, &problems)
	}
	if problems.Errors() != nil {
		return problems, nil
	}
	found, err := s.checkFramework(ctx, of, to)
	return append(problems, found...), err
}

// checkFramework holds a framework against what is known, and brings its spelling into the usual form.
func (s *Services) checkFramework(ctx context.Context, of *Service, f *Framework) (finding.Problems, error) {
	var problems finding.Problems
	if f.Kind == Target {
		checkParameters(&f.Settings, &problems)
		return problems, nil
	}
	checkServers(&f.Settings, &problems)
	checkSuites(&f.Settings, &problems)
	checkMappings(&f.Settings, &problems)
	if problems.Errors() != nil {
		return problems, nil
	}
	return problems, s.checkLists(ctx, of, &f.Settings, &problems)
}

func readPages(given []string, problems *finding.Problems) []string {
	var out []string
	for i, page := range trimmed(given) {
		pointer := "/pages/" + strconv.Itoa(i)
		if !pageForm.MatchString(page) || strings.Contains(page, "..") {
			problems.Wrong(pointer, "this is no path of a page", "begin with a slash: /content/site/en")
			continue
		}
		if page = path.Clean(page); !slices.Contains(out, page) {
			out = append(out, page)
		}
	}
	if len(out) > maxPages {
		problems.Wrong("/pages", "more than "+strconv.Itoa(maxPages)+" pages name it", "name their common parent: pages below inherit it")
	}
	slices.Sort(out)
	return out
}

// checkParameters takes names of the context, with dots or slashes. A parameter is a string: there is no way into a list.
func checkParameters(s *FrameworkSettings, problems *finding.Problems) {
	seen := map[string]bool{}
	for i := range s.Parameters {
		p := &s.Parameters[i]
		p.Name = strings.ReplaceAll(strings.TrimSpace(p.Name), ".", "/")
		pointer := "/parameters/" + strconv.Itoa(i) + "/name"
		switch {
		case strings.ContainsAny(p.Name, "[]*{}"):
			problems.Wrong(pointer, "Target takes strings: a list, or a part of one, can't be shared", "share a parameter of the context that is a text")
		case !parameterForm.MatchString(p.Name):
			problems.Wrong(pointer, "this is no parameter of the context", "name its store and its place in it: profile/gender")
		case seen[p.Name]:
			problems.Wrong(pointer, p.Name+" stands here twice", "leave one out")
		}
		seen[p.Name] = true
	}
	if len(s.Parameters) > maxParameters {
		problems.Wrong("/parameters", "there are more than "+strconv.Itoa(maxParameters)+" parameters", "share what audiences use")
	}
}

func checkServers(s *FrameworkSettings, problems *finding.Problems) {
	for _, one := range []struct {
		pointer string
		value   *string
	}{{"/tracking_server", &s.TrackingServer}, {"/secure_tracking_server", &s.SecureTrackingServer}} {
		if *one.value = strings.TrimSpace(*one.value); *one.value != "" && !hostForm.MatchString(*one.value) {
			problems.Wrong(one.pointer, "this is no host", "give the host alone, as acme.d1.sc.omtrdc.net: no https://, no path")
		}
	}
	if s.VisitorNamespace = strings.TrimSpace(s.VisitorNamespace); s.VisitorNamespace != "" && !spaceForm.MatchString(s.VisitorNamespace) {
		problems.Wrong("/visitor_namespace", "this can't be a namespace", "use letters, digits, hyphens and underscores")
	}
	if s.TrackingServer != "" && s.SecureTrackingServer == "" {
		problems.Add(finding.Doubtful, "/secure_tracking_server", "pages by https have no server to send to", "give it too; it is mostly the same host")
	}
}

func checkSuites(s *FrameworkSettings, problems *finding.Problems) {
	seen := map[SuiteUse]bool{}
	for i := range s.ReportSuites {
		suite := &s.ReportSuites[i]
		pointer := "/report_suites/" + strconv.Itoa(i)
		suite.ID = strings.TrimSpace(suite.ID)
		if suite.RunMode == "" {
			suite.RunMode = AnyMode
		}
		switch {
		case suite.ID == "" || strings.ContainsAny(suite.ID, " ,/\r\n\t"):
			problems.Wrong(pointer+"/id", "this is no id of a report suite", "take it of the synced list: latchkey cloud-service items NAME report-suites")
		case !slices.Contains([]RunMode{AnyMode, Author, Publish}, suite.RunMode):
			problems.Wrong(pointer+"/run_mode", "there is no such run mode", "use all, author or publish")
		case seen[*suite] || suite.RunMode != AnyMode && seen[SuiteUse{suite.ID, AnyMode}]:
			problems.Wrong(pointer, suite.ID+" is there already for that run mode", "leave one out")
		}
		seen[*suite] = true
	}
	if len(s.ReportSuites) == 0 {
		problems.Add(finding.Doubtful, "/report_suites", "without a report suite nothing is sent", "name one, with the run mode that it is for")
	}
}
