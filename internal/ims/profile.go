package ims

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"latchkey/internal/egress"
	"latchkey/internal/finding"
)

// profile is what /ims/profile/v1 tells of a token's subject, as far as it is read.
type profile struct {
	UserID string `json:"userId"`
	Roles  []struct {
		Organization string `json:"organization"`
	} `json:"roles"`
	Contexts []struct {
		Context struct {
			Service      string `json:"serviceCode"`
			Status       string `json:"statusCode"`
			Organization string `json:"organization_id"`
			Owner        string `json:"owningEntity"`
			Group        string `json:"groupid"`
			Name         string `json:"user_visible_name"`
			Label        string `json:"label"`
		} `json:"prodCtx"`
	} `json:"projectedProductContext"`
}

// mostSaid is how much is shown of a server's words, in characters.
const mostSaid = 200

// profileScope is the scope without which a profile tells no product contexts.
const profileScope = "additional_info.projectedProductContext"

// get asks the server for the profile of a token; of none, it is refused and tells the time all the same.
func (x *checkup) get(ctx context.Context, token string) (*egress.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, x.of.Server+"/ims/profile/v1", nil)
	if err != nil {
		return nil, fmt.Errorf("making the request: %w", err)
	}
	request.Header.Set("Accept", "application/json")
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	return x.config.Sender.Do(ctx, request)
}

// askProfile asks whose token it is: of which organization, and for which products.
func (x *checkup) askProfile(ctx context.Context) (finding.Layer, error) {
	response, err := x.get(ctx, x.access.Token.Reveal())
	if err != nil {
		found := Explain(Refusal{Down: true, Description: err.Error()})
		return finding.Layer{Status: finding.Failed, Message: "the profile can't be read: " + err.Error(), Advice: x.fill(found)}, nil
	}
	if response.Status != http.StatusOK {
		return x.profileRefused(response), nil
	}
	var read profile
	if err := json.Unmarshal(response.Body, &read); err != nil {
		return finding.Layer{Status: finding.Failed, HTTP: response.Status, Message: "the profile is not JSON: this is not an IMS, or something stands between", Advice: []finding.Advice{
			finding.Change("check the authorization server "+x.of.Server, "here: latchkey ims edit "+x.of.Name),
		}}, nil
	}
	x.products = read.products()
	out := x.readProfile(&read)
	if said := skewOf(response.Header, response.Received); said != "" {
		out.Warnings = append(out.Warnings, said)
	}
	return out, nil
}

func (x *checkup) profileRefused(response *egress.Response) finding.Layer {
	var said struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
		Code        string `json:"error_code"`
		Message     string `json:"message"`
	}
	_ = json.Unmarshal(response.Body, &said) // what is no JSON says nothing
	code, description := finding.Bounded(said.Error+said.Code, mostSaid), finding.Bounded(said.Description+said.Message, mostSaid)
	found := Explain(Refusal{HTTP: response.Status, Code: code, Description: description, Down: response.Status >= 500, Profile: true})
	return finding.Layer{
		Status: finding.Failed, HTTP: response.Status, Code: code, Description: description,
		Message: fmt.Sprintf("the server gives a token, and answers %d for its profile: %s", response.Status, found.Means), Advice: x.fill(found),
	}
}

// readProfile holds the profile against the configuration.
func (x *checkup) readProfile(p *profile) finding.Layer {
	var organizations, products []string
	for _, r := range p.Roles {
		organizations = append(organizations, r.Organization)
	}
	for _, c := range p.Contexts {
		if c.Context.Status == "" || c.Context.Status == "ACTIVE" {
			products = append(products, c.Context.Service)
		}
		organizations = append(organizations, c.Context.Organization, c.Context.Owner)
	}
	organizations = slices.DeleteFunc(organizations, func(o string) bool { return o == "" })
	slices.Sort(products)
	products = slices.Compact(products)
	if len(organizations) > 0 && !slices.Contains(organizations, x.of.IMSOrganization) {
		return finding.Layer{Status: finding.Failed, Message: "the token is of the organization " + finding.Bounded(organizations[0], mostSaid) + ", and the configuration names " + x.of.IMSOrganization, Advice: []finding.Advice{
			finding.Change("take all values from one credential", "here: latchkey ims edit "+x.of.Name),
		}}
	}
	about, known := x.of.Solution.About()
	if len(p.Contexts) == 0 {
		return x.withoutContexts(about, known)
	}
	if known && about.Product != "" && !slices.Contains(products, about.Product) {
		return finding.Layer{Status: finding.Failed, Message: "the credential has no product profile of " + about.Title + "; it has those of " + strings.Join(products, ", "), Advice: x.profileAdvice(about)}
	}
	return finding.Layer{Status: finding.OK, Message: "organization " + x.of.IMSOrganization + "; product contexts: " + finding.Bounded(strings.Join(products, ", "), mostSaid)}
}

// withoutContexts tells a credential that has no product from a token that may not say so.
func (x *checkup) withoutContexts(about About, known bool) finding.Layer {
	if x.of.Type == OAuth && !slices.Contains(x.of.Scopes, profileScope) {
		return finding.Layer{Status: finding.OK, Message: "organization " + x.of.IMSOrganization + "; the products are not told", Warnings: []string{
			"without the scope " + profileScope + " nobody can see here whether the credential has a product profile",
		}}
	}
	if known && about.Product != "" {
		return finding.Layer{Status: finding.Failed, Message: "the credential has no product profile at all", Advice: x.profileAdvice(about)}
	}
	return finding.Layer{Status: finding.OK, Message: "organization " + x.of.IMSOrganization + "; no product contexts"}
}

func (x *checkup) profileAdvice(about About) []finding.Advice {
	return []finding.Advice{
		finding.Change("give the credential a product profile of "+about.Title+"; "+about.Title+" answers 403025 \"Profile is not valid\" without", "Developer Console: the project, the API, Edit product profiles; the profiles are made in the Admin Console"),
		finding.Change("wait a few minutes, and check again: such changes take a while", "latchkey ims check "+x.of.Name),
	}
}
