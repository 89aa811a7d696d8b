package ims

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"latchkey/internal/finding"
	"latchkey/internal/ident"
	"latchkey/internal/secret"
)

// Values are what people enter. A nil member stays as it is; an empty one takes the value away.
type Values struct {
	Title, Solution *string
	Type            *Type
	Server          *string
	ClientID        *string
	Secret          *secret.String
	// Payload is the JSON of claims as it was pasted. It fills in what is not given beside it.
	Payload *string

	IMSOrganization, TechnicalAccount *string
	Metascopes, Scopes                *[]string
	Alias                             *string
}

const (
	maxTitle  = 255
	maxSecret = 1024
	maxScopes = 64
)

// checkName checks a name, and makes one of the title where there is none.
func checkName(name, title string, problems *finding.Problems) string {
	if name == "" {
		name = ident.NameOf(title)
	}
	if !ident.IsName(name) || strings.HasPrefix(name, "ims_") || name == "import" {
		problems.Wrong("/name", "this can't be a name", ident.NameRule)
	}
	return name
}

// apply lays values over a configuration, and says what is wrong with them.
func (c *Configurations) apply(v *Values, to *Configuration) finding.Problems {
	var problems finding.Problems
	if v.Title != nil {
		to.Title = strings.TrimSpace(*v.Title)
		if utf8.RuneCountInString(to.Title) > maxTitle || strings.ContainsFunc(to.Title, unicode.IsControl) {
			problems.Wrong("/title", "the title is too long, or has control characters in it", "shorten it to one line")
		}
	}
	if v.Solution != nil {
		to.Solution = readSolution(*v.Solution, &problems)
	}
	if v.Type != nil {
		to.Type = *v.Type
	}
	if to.Type != JWT && to.Type != OAuth {
		problems.Wrong("/type", "there is no such type", `use "jwt" or "oauth"`)
	}
	serverGiven := v.Server != nil && *v.Server != ""
	if v.Server != nil {
		to.Server = readServer(*v.Server, c.config.AllowHTTP, &problems)
	}
	if v.ClientID != nil {
		to.ClientID = word("/api_key", *v.ClientID, &problems)
	}
	if v.Secret != nil {
		to.Secret = tidySecret(*v.Secret, &problems)
	}
	applyIdentity(v, to, &problems)
	if v.Payload != nil && strings.TrimSpace(*v.Payload) != "" {
		if p, ok := readPayload(*v.Payload, c.now(), &problems); ok {
			p.fill(v, to, serverGiven, &problems)
			to.Server = cmpServer(to.Server, p.server, c.config.AllowHTTP, &problems)
		}
	}
	if v.Alias != nil {
		to.Alias = strings.TrimSpace(*v.Alias)
	}
	c.doubt(to, &problems)
	return problems
}

// cmpServer takes the server of aud where none was given.
func cmpServer(given, ofAud string, allowHTTP bool, problems *finding.Problems) string {
	if given != "" || ofAud == "" {
		return given
	}
	return readServer(ofAud, allowHTTP, problems)
}

func applyIdentity(v *Values, to *Configuration, problems *finding.Problems) {
	for _, one := range []struct {
		given   *string
		to      *string
		pointer string
		form    *regexp.Regexp
		message string
	}{
		{v.IMSOrganization, &to.IMSOrganization, "/organization_id", organizationID, "this is not the id of an organization; expected is 6096892F54B5819E0A4C98A2@AdobeOrg"},
		{v.TechnicalAccount, &to.TechnicalAccount, "/technical_account", technicalAccount, "this is not the id of a technical account; expected is D8E157165FC0EAE10A495E8C@techacct.adobe.com"},
	} {
		if one.given == nil {
			continue
		}
		*one.to = strings.TrimSpace(*one.given)
		if *one.to != "" && !one.form.MatchString(*one.to) {
			problems.Wrong(one.pointer, one.message, "copy it from the credential's details in the console")
		}
	}
	if v.Metascopes != nil {
		to.Metascopes = scopes("/metascopes", *v.Metascopes, problems)
	}
	if v.Scopes != nil {
		to.Scopes = scopes("/scopes", *v.Scopes, problems)
	}
}

// fill takes what the payload says, and names where it says something else than what was given beside it.
func (p *payload) fill(v *Values, to *Configuration, serverGiven bool, problems *finding.Problems) {
	if serverGiven && to.Server != "" && p.server != "" && p.server != to.Server {
		problems.Wrong("/authorization_server", `the claim "aud" of the payload is for `+p.server+", and the authorization server is "+to.Server,
			"write "+p.server+", or paste the payload of the other server's credential")
	} else if !serverGiven && p.server != "" {
		to.Server = ""
	}
	if v.ClientID != nil && to.ClientID != "" && p.client != "" && p.client != to.ClientID {
		problems.Wrong("/api_key", `the claim "aud" of the payload is for the client `+p.client+", and the API key is "+to.ClientID,
			"copy API key and payload from the same credential: IMS answers 400 invalid_client else")
	} else if p.client != "" {
		to.ClientID = p.client
	}
	if v.IMSOrganization == nil && p.organization != "" {
		to.IMSOrganization = p.organization
	}
	if v.TechnicalAccount == nil && p.account != "" {
		to.TechnicalAccount = p.account
	}
	if v.Metascopes == nil {
		to.Metascopes = p.metascopes
	}
	if len(to.Metascopes) == 0 && !p.misnamed {
		problems.Wrong(atPayload, `there is no metascope in the payload; expected is a claim "`+DefaultServer+`/s/<metascope>": true`,
			"add an API to the credential in the console, and copy the payload anew"+usual(to.Solution))
	}
}

func usual(s Solution) string {
	about, ok := s.About()
	if !ok {
		return ""
	}
	return "; that of " + about.Title + " is " + about.Metascope
}

// doubt warns of a metascope that is not the usual one of the solution.
func (c *Configurations) doubt(to *Configuration, problems *finding.Problems) {
	about, ok := to.Solution.About()
	if !ok || to.Type != JWT || len(to.Metascopes) == 0 || slices.Contains(to.Metascopes, about.Metascope) {
		return
	}
	problems.Add(finding.Doubtful, "/metascopes", "the usual metascope of "+about.Title+" is "+about.Metascope+", and these are "+strings.Join(to.Metascopes, ", "),
		"subscribe the credential to the API of "+about.Title+" in the console, and copy the payload anew")
}

// word reads a text without blanks in it.
func word(pointer, text string, problems *finding.Problems) string {
	text = strings.TrimSpace(text)
	if len(text) > maxTitle || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '/' }) {
		problems.Wrong(pointer, "there are characters in it that no client id has", "copy it anew from the credential's details in the console")
	}
	return text
}

// tidySecret takes off the blanks that come along when a secret is copied.
func tidySecret(s secret.String, problems *finding.Problems) secret.String {
	text := strings.TrimSpace(s.Reveal())
	if len(text) > maxSecret || strings.ContainsFunc(text, unicode.IsControl) {
		problems.Wrong("/client_secret", "the secret is too long, or has line breaks in it", "copy it anew from the credential's details in the console")
	}
	if text == "" {
		return secret.String{}
	}
	return secret.New(text)
}

// scopes reads a list of scopes, each of which may itself be a list with commas or blanks, as consoles show it.
func scopes(pointer string, list []string, problems *finding.Problems) []string {
	var out []string
	for _, text := range list {
		for _, name := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || unicode.IsSpace(r) }) {
			switch {
			case !scopeName.MatchString(name) || len(out) >= maxScopes:
				problems.Wrong(pointer, "there is something in it that is no scope, or there are too many", "copy the list from the credential's details in the console")
				return out
			case !slices.Contains(out, name):
				out = append(out, name)
			}
		}
	}
	return out
}
