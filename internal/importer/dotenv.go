package importer

import (
	"encoding/json"
	"regexp"
	"strings"
)

// Variable is a line of a dotenv file.
type Variable struct {
	Name, Value string
	Line        int
}

var assignment = regexp.MustCompile(`^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_.]*)\s*=\s*(.*?)\s*$`)

// Dotenv reads NAME=VALUE lines: comments, "export", single and double quotes as shells know them. Nothing is expanded.
func Dotenv(file string, text []byte) ([]Variable, error) {
	var out []Variable
	var problems Problems
	number := 0
	for line := range strings.Lines(string(text)) {
		number++
		trimmed := strings.TrimSpace(line)
		if trimmed == "" || trimmed[0] == '#' {
			continue
		}
		match := assignment.FindStringSubmatch(strings.TrimRight(line, "\r\n"))
		if match == nil {
			problems = append(problems, Problem{file, number, 1, "", "this is no NAME=VALUE", "write one variable a line; comments begin with #"})
			continue
		}
		value, ok := unquoted(match[2])
		if !ok {
			problems = append(problems, Problem{file, number, strings.IndexByte(line, '=') + 2, match[1], "the quotes don't end on this line", "close them; values of several lines are not read"})
			continue
		}
		out = append(out, Variable{match[1], value, number})
	}
	return out, problems.err()
}

func unquoted(text string) (string, bool) {
	switch {
	case strings.HasPrefix(text, "'"):
		end := strings.IndexByte(text[1:], '\'')
		if end < 0 {
			return "", false
		}
		return text[1 : 1+end], true
	case strings.HasPrefix(text, `"`):
		var out strings.Builder
		for i := 1; i < len(text); i++ {
			switch {
			case text[i] == '"':
				return out.String(), true
			case text[i] == '\\' && i+1 < len(text):
				i++
				out.WriteString(map[byte]string{'n': "\n", 'r': "\r", 't': "\t"}[text[i]])
				if !strings.ContainsRune("nrt", rune(text[i])) {
					out.WriteByte(text[i])
				}
			default:
				out.WriteByte(text[i])
			}
		}
		return "", false
	}
	if at := strings.Index(text, " #"); at >= 0 {
		text = strings.TrimSpace(text[:at])
	}
	return text, true
}

// IMSVariables are the values of an IMS configuration, as consoles and SDKs name them in dotenv files.
type IMSVariables struct {
	ClientID, ClientSecret, Organization, TechnicalAccount, Server string
	Scopes, Metascopes                                             []string
}

// imsNames are what the variables are called, beside a prefix.
var imsNames = map[string]func(v *IMSVariables, text string){
	"client_id": func(v *IMSVariables, t string) { v.ClientID = t }, "api_key": func(v *IMSVariables, t string) { v.ClientID = t },
	"client_secret": func(v *IMSVariables, t string) { v.ClientSecret = t }, "client_secrets": func(v *IMSVariables, t string) { v.ClientSecret = last(t) },
	"org_id": func(v *IMSVariables, t string) { v.Organization = t }, "ims_org_id": func(v *IMSVariables, t string) { v.Organization = t }, "organization_id": func(v *IMSVariables, t string) { v.Organization = t },
	"technical_account_id": func(v *IMSVariables, t string) { v.TechnicalAccount = t }, "tech_acct_id": func(v *IMSVariables, t string) { v.TechnicalAccount = t },
	"scopes": func(v *IMSVariables, t string) { v.Scopes = several(t) }, "scope": func(v *IMSVariables, t string) { v.Scopes = several(t) },
	"metascopes": func(v *IMSVariables, t string) { v.Metascopes = several(t) }, "meta_scopes": func(v *IMSVariables, t string) { v.Metascopes = several(t) },
	"ims_endpoint": func(v *IMSVariables, t string) { v.Server = t }, "ims_host": func(v *IMSVariables, t string) { v.Server = "https://" + strings.TrimPrefix(t, "https://") },
}

// imsPrefixes are what stands before the names in files of the vendor's tools.
var imsPrefixes = []string{"IMS_OAUTH_S2S_", "ADOBE_", "AIO_", "OAUTH_SERVER_TO_SERVER_"}

// IMSOf finds an IMS configuration's values among variables, and gives those that it did not know. With a prefix it looks at
// variables of that alone.
func IMSOf(variables []Variable, prefix string) (found IMSVariables, rest []Variable) {
	prefixes := append([]string{""}, imsPrefixes...)
	if prefix != "" {
		prefixes = []string{prefix}
	}
	for _, v := range variables {
		known := false
		for _, p := range prefixes {
			name, ok := strings.CutPrefix(v.Name, p)
			if set := imsNames[strings.ToLower(name)]; ok && set != nil && v.Value != "" {
				set(&found, v.Value)
				known = true
				break
			}
		}
		if !known {
			rest = append(rest, v)
		}
	}
	return found, rest
}

// several reads a list: JSON, or with commas or blanks between.
func several(text string) []string {
	var list []string
	if json.Unmarshal([]byte(text), &list) == nil {
		return list
	}
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
}

// last gives the newest of several client secrets, which consoles write as a JSON list.
func last(text string) string {
	list := several(text)
	if len(list) == 0 {
		return text
	}
	return list[len(list)-1]
}
