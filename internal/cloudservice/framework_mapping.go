package cloudservice

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"latchkey/internal/finding"
	"latchkey/internal/suggest"
)

// numbered are the variables of Analytics that have a number, with the highest that the vendor's documentation gives, and the id
// that the API has for them; "" where lists do not tell of them.
var numbered = []struct {
	name, id string
	kind     ListKind
	most     int
}{
	{"prop", "variables/prop", Dimensions, 75}, {"eVar", "variables/evar", Dimensions, 250}, {"event", "metrics/event", Metrics, 1000},
	{"hier", "", "", 5}, {"list", "", "", 3},
}

// plain are those without a number.
var plain = []string{
	"pageName", "pageURL", "pageType", "channel", "server", "campaign", "products", "purchaseID", "transactionID", "state", "zip", "events",
	"prodView", "purchase", "scOpen", "scView", "scAdd", "scRemove", "scCheckout",
}

var numberForm = regexp.MustCompile(`^([A-Za-z]+?)(\d+)$`)

// readVariable brings a variable's name into the usual form. what and fix say what is wrong with it.
func readVariable(text string) (name, what, fix string) {
	text = strings.TrimSpace(text)
	for _, known := range plain {
		if strings.EqualFold(text, known) {
			return known, "", ""
		}
	}
	parts := numberForm.FindStringSubmatch(text)
	if parts == nil {
		near, _ := suggest.Closest(text, append(slices.Clone(plain), "prop1", "eVar1", "event1", "hier1", "list1"))
		return "", "there is no variable " + text + " of Analytics", meant(near, "use propN, eVarN, eventN, listN, hierN or one as pageName")
	}
	var kinds []string
	for _, one := range numbered {
		kinds = append(kinds, one.name)
		if !strings.EqualFold(parts[1], one.name) {
			continue
		}
		if n, err := strconv.Atoi(parts[2]); err == nil && n >= 1 && n <= one.most {
			return one.name + strconv.Itoa(n), "", ""
		}
		return "", fmt.Sprintf("there is no %s%s", one.name, parts[2]), fmt.Sprintf("use %s1 to %s%d", one.name, one.name, one.most)
	}
	near, ok := suggest.Closest(parts[1], kinds)
	if ok {
		near += parts[2]
	}
	return "", "there is no variable " + text + " of Analytics", meant(near, "use propN, eVarN, eventN, listN, hierN or one as pageName")
}

func checkMappings(s *FrameworkSettings, problems *finding.Problems) {
	type place struct{ component, to string }
	taken := map[place]string{}
	for i := range s.Mappings {
		m := &s.Mappings[i]
		pointer := "/mappings/" + strconv.Itoa(i)
		m.Component, m.Variable = strings.Trim(strings.TrimSpace(m.Component), "/"), strings.TrimSpace(m.Variable)
		if !componentForm.MatchString(m.Component) {
			problems.Wrong(pointer+"/component", "this is no component", "give its resource type: foundation/components/page")
		}
		if !variableForm.MatchString(m.Variable) {
			problems.Wrong(pointer+"/variable", "this is no variable of a component", "give its name: pagedata.title")
		}
		if len(m.To) == 0 {
			problems.Wrong(pointer+"/to", "it is mapped to nothing", "name a prop, an eVar or an event, or leave the mapping out")
		}
		for j := range m.To {
			at := pointer + "/to/" + strconv.Itoa(j)
			name, what, fix := readVariable(m.To[j])
			if what != "" {
				problems.Wrong(at, what, fix)
				continue
			}
			m.To[j] = name
			here := place{m.Component, name}
			if other, ok := taken[here]; ok && !strings.HasPrefix(name, "event") {
				problems.Wrong(at, name+" has the value of "+other+" already", "a variable takes one value: map one of the two elsewhere")
			}
			taken[here] = m.Variable
		}
	}
	if len(s.Mappings) > maxMappings {
		problems.Wrong("/mappings", "there are more than "+strconv.Itoa(maxMappings)+" mappings", "make a framework for each part of the site")
	}
}

// checkLists holds report suites and mappings against what was synced of the account. What was not synced can't be checked, and is
// kept with a warning.
func (s *Services) checkLists(ctx context.Context, of *Service, settings *FrameworkSettings, problems *finding.Problems) error {
	known, err := s.synced(ctx, of, SyncList{Kind: ReportSuites})
	if err != nil {
		return err
	}
	if !known && len(settings.ReportSuites) > 0 {
		problems.Add(finding.Doubtful, "/report_suites", "the report suites were not checked: their list was not synced", "latchkey cloud-service sync "+of.Name)
	}
	var ids []string
	for i, suite := range settings.ReportSuites {
		has, near, ok, err := s.known(ctx, of, SyncList{Kind: ReportSuites}, suite.ID)
		if err != nil {
			return err
		}
		if ok && !has {
			problems.Wrong("/report_suites/"+strconv.Itoa(i)+"/id", "the account sees no report suite "+suite.ID, meant(near, "sync the list when it is new: latchkey cloud-service sync "+of.Name))
			continue
		}
		if !slices.Contains(ids, suite.ID) {
			ids = append(ids, suite.ID)
		}
	}
	for _, id := range ids {
		if err := s.checkEnabled(ctx, of, id, settings.Mappings, problems); err != nil {
			return err
		}
	}
	return nil
}

// checkEnabled notes the variables that a report suite does not have.
func (s *Services) checkEnabled(ctx context.Context, of *Service, suite string, mappings []Mapping, problems *finding.Problems) error {
	unchecked := map[ListKind]bool{}
	for i, m := range mappings {
		for j, name := range m.To {
			list, id := listOf(name)
			if id == "" {
				continue
			}
			list.Suite = suite
			has, _, ok, err := s.known(ctx, of, list, id)
			if err != nil {
				return err
			}
			if !ok {
				unchecked[list.Kind] = true
				continue
			}
			if !has {
				enabled, err := s.enabled(ctx, of, list, name)
				if err != nil {
					return err
				}
				problems.Wrong(fmt.Sprintf("/mappings/%d/to/%d", i, j), name+" is not enabled in the report suite "+suite, enabled)
			}
		}
	}
	if len(unchecked) > 0 {
		problems.Add(finding.Doubtful, "/mappings", "the variables were not checked against the report suite "+suite+": its metrics and dimensions were not synced",
			"latchkey cloud-service sync "+of.Name+" --suite "+suite)
	}
	return nil
}

// listOf gives the list that tells of a variable, and its id there.
func listOf(name string) (SyncList, string) {
	for _, one := range numbered {
		if number, ok := strings.CutPrefix(name, one.name); ok && one.id != "" {
			return SyncList{Kind: one.kind}, one.id + number
		}
	}
	return SyncList{}, ""
}

// enabled says which variables of a name's kind the report suite has.
func (s *Services) enabled(ctx context.Context, of *Service, l SyncList, name string) (string, error) {
	const shown = 10
	kind := numberForm.FindStringSubmatch(name)[1]
	items, err := s.config.Store.Items(ctx, of.ID, l, ItemQuery{Limit: 5000, Search: "/" + strings.ToLower(kind)})
	if err != nil {
		return "", err
	}
	var names []string
	for _, item := range items {
		number, ok := strings.CutPrefix(item.ID[strings.IndexByte(item.ID, '/')+1:], strings.ToLower(kind))
		if _, err := strconv.Atoi(number); !ok || err != nil {
			continue
		}
		if len(names) == shown {
			names = append(names, "…")
			break
		}
		names = append(names, kind+number+" ("+item.Name+")")
	}
	if len(names) == 0 {
		return "enable it in Analytics (Admin, Report suites, Edit settings), then sync", nil
	}
	return "there are " + strings.Join(names, ", ") + "; or enable it in Analytics, then sync", nil
}
