package campaign

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"latchkey/internal/finding"
	"latchkey/internal/keypair"
	"latchkey/internal/secret"
)

// Account is a technical account as the vendor's commands take it: its parts in one argument, with slashes between.
type Account struct {
	Organization, ClientID, TechnicalAccount string
	// Secret and Key are what stood in their places, "" where they were left out.
	Secret, Key string
}

// fields are the parts in their order, by the vendor's names; OAuth has the first four.
var fields = []string{"Organization_Id", "Client_Id", "Technical_Account_ID", "Client_Secret", "Base64_encoded_Private_Key"}

// The forms of what the developer console shows.
var (
	organizationForm = regexp.MustCompile(`^[0-9A-Za-z]{20,32}@AdobeOrg$`)
	accountForm      = regexp.MustCompile(`^[0-9A-Za-z]{20,32}@techacct\.adobe\.com$`)
	clientForm       = regexp.MustCompile(`^[0-9A-Za-z_-]{8,64}$`)
)

// ParseAccount takes the argument of -setimsjwtauth, or with oauth that of -setimsoauth, apart. Base64 of a PEM file never
// has a slash in it, base64 of DER has: the last part takes all that is left. It says what is wrong by the part's number
// and name, and repeats no secret.
func ParseAccount(text string, oauth bool) (Account, finding.Problems) {
	names := fields
	if oauth {
		names = fields[:4]
	}
	parts := strings.SplitN(strings.TrimSpace(text), "/", len(names))
	var problems finding.Problems
	for len(parts) < len(fields) {
		parts = append(parts, "")
	}
	a := Account{strings.TrimSpace(parts[0]), strings.TrimSpace(parts[1]), strings.TrimSpace(parts[2]), strings.TrimSpace(parts[3]), strings.TrimSpace(parts[4])}
	for i, value := range []string{a.Organization, a.ClientID, a.TechnicalAccount} {
		if value == "" {
			problems.Wrong(fieldName(i), fieldName(i)+" is missing", "give "+strings.Join(names[:3], "/"))
		}
	}
	if len(problems) > 0 {
		return a, problems
	}
	a.checkIDs(&problems)
	a.checkSecret(oauth, &problems)
	return a, problems
}

func fieldName(i int) string { return fmt.Sprintf("field %d (%s)", i+1, fields[i]) }

// checkIDs tells of ids that are not what their place asks for, and of the one that they are.
func (a Account) checkIDs(problems *finding.Problems) {
	forms := []*regexp.Regexp{organizationForm, clientForm, accountForm}
	expected := []string{"6096892F54B5819E0A4C98A2@AdobeOrg", "a client id as the console shows it", "D8E157165FC0EAE10A495E8C@techacct.adobe.com"}
	for i, value := range []string{a.Organization, a.ClientID, a.TechnicalAccount} {
		if forms[i].MatchString(value) {
			continue
		}
		message, fix := fieldName(i)+" is not "+expected[i], "copy it from the credential's details in the console"
		if i != 1 {
			message = fmt.Sprintf("%s has not the form of %s", fieldName(i), expected[i])
		}
		if other := slices.IndexFunc(forms, func(f *regexp.Regexp) bool { return f.MatchString(value) }); other >= 0 {
			message, fix = fmt.Sprintf("%s looks like %s", fieldName(i), fields[other]), "the order is "+strings.Join(fields[:3], "/")
		}
		problems.Wrong(fieldName(i), message, fix)
	}
}

// maxSecret is longer than every client secret.
const maxSecret = 256

func (a Account) checkSecret(oauth bool, problems *finding.Problems) {
	switch looksLikeKey := strings.HasPrefix(a.Secret, "LS0tLS1CRUdJTi") || strings.Contains(a.Secret, "-----BEGIN") || len(a.Secret) > maxSecret; {
	case looksLikeKey && !oauth:
		problems.Wrong(fieldName(3), fieldName(3)+" looks like the private key", "the client secret comes before it; left out it is asked for: …/Technical_Account_ID//KEY")
	case looksLikeKey:
		problems.Wrong(fieldName(3), fieldName(3)+" looks like a private key", "OAuth server-to-server has none: -setimsoauth takes the client secret alone")
	case oauth && strings.Contains(a.Secret, "/") && !strings.HasPrefix(a.Secret, "@"):
		problems.Add(finding.Doubtful, fieldName(3), fieldName(3)+" has a slash in it; all behind the third slash was taken as the secret", "")
	case strings.ContainsAny(a.Secret, " \t\r\n"):
		problems.Wrong(fieldName(3), fieldName(3)+" has blanks or line breaks within", "copy it again")
	}
}

// ReadKey reads a technical account's private key, however it was pasted; the passphrase is of one that is encrypted.
func ReadKey(text, passphrase secret.String) (*keypair.Key, error) {
	key, err := keypair.ParseEncrypted(text, passphrase)
	if err != nil {
		return nil, err
	}
	if err := key.CheckAlgorithm("RS256"); err != nil {
		return nil, err
	}
	return key, nil
}
