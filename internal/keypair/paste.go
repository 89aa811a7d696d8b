package keypair

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
)

const (
	// maxText bounds what is looked at; an RSA key of 8192 bits is 6 KiB as PEM.
	maxText = 64 << 10
	// maxDepth bounds a key in base64 in a JSON file in base64…
	maxDepth = 4
)

// armour finds the BEGIN and END lines, with the dashes that a word processor made of them.
var armour = regexp.MustCompile(`[-–—]{1,5}\s*(BEGIN|END)\s+([A-Z0-9 ]+?)\s*[-–—]{1,5}`)

// unpack finds the key in what was pasted.
func unpack(text string) (packed, *Error) { return unpackAt(text, 0) }

func unpackAt(text string, depth int) (packed, *Error) {
	if len(text) > maxText || depth > maxDepth {
		return packed{}, &Error{"this is too long for a private key", wantedText}
	}
	if bytes.HasPrefix([]byte(text), []byte{0x30, 0x82}) {
		return packed{der: []byte(text)}, nil // a DER file as it is
	}
	text = tidy(text)
	if text == "" {
		return packed{}, &Error{"there is no private key", wantedText}
	}
	if strings.HasPrefix(text, "{") || strings.HasPrefix(text, "[") {
		if inner, ok, failure := fromJSON(text); failure != nil {
			return packed{}, failure
		} else if ok {
			return unpackAt(inner, depth+1)
		}
	}
	text = unescape(text)
	if marks := armour.FindAllStringSubmatchIndex(text, -1); len(marks) > 0 {
		return fromArmour(text, marks)
	}
	return fromBare(text, depth)
}

const wantedText = "paste the whole text of the key's file, from -----BEGIN to -----END"

// tidy takes off what surrounds a key: blanks, a byte order mark, quotes.
func tidy(text string) string {
	text = strings.Map(func(r rune) rune {
		switch r {
		case '\ufeff', '\u200b', '\u200c', '\u200d', '\u2060', 0: // marks without width
			return -1
		case '\u00a0', '\u2028', '\u2029':
			return '\n'
		}
		return r
	}, text)
	return strings.Trim(text, " \t\r\n\"'`,;“”‘’")
}

// unescaper reads what JSON, HTML and URLs make of a line break and of base64's signs.
var unescaper = strings.NewReplacer(
	`\r`, "\n", `\n`, "\n", `\t`, " ", `\/`, "/", `\u003d`, "=", `\u003D`, "=", `\u002b`, "+", `\u002B`, "+", `\u002f`, "/", `\u002F`, "/",
	`&#10;`, "\n", `&#13;`, "\n", `&#xa;`, "\n", `&#xA;`, "\n", `%0A`, "\n", `%0D`, "\n", `%2B`, "+", `%2F`, "/", `%3D`, "=",
)

// unescape turns written line breaks into real ones, however often they were escaped.
func unescape(text string) string {
	for strings.Contains(text, `\\`) {
		text = strings.ReplaceAll(text, `\\`, `\`)
	}
	return unescaper.Replace(text)
}

// keyMembers are the names under which JSON files hold a private key: Google's service accounts, AEM's service
// credentials, the console's JWT configuration, our own.
var keyMembers = []string{"private_key", "privateKey", "jwt_private_key", "privatekey", "key"}

// fromJSON takes the key out of a JSON document; not ok when it isn't one.
func fromJSON(text string) (string, bool, *Error) {
	var document any
	if json.Unmarshal([]byte(text), &document) != nil {
		return "", false, nil
	}
	if object, ok := document.(map[string]any); ok && object["kty"] != nil {
		return "", false, &Error{"this is a key in JWK form", "give it as PEM"}
	}
	if lines, ok := joined(document); ok {
		return lines, true, nil
	}
	for _, name := range keyMembers {
		if found, ok := member(document, name); ok {
			return found, true, nil
		}
	}
	return "", false, &Error{"this is a JSON document without a private key in it", "paste the file that has the member private_key"}
}

// member finds a text, or a list of lines, under a name anywhere in a document.
func member(document any, name string) (string, bool) {
	object, ok := document.(map[string]any)
	if !ok {
		return "", false
	}
	if found, ok := joined(object[name]); ok {
		return found, true
	}
	for _, inner := range slices.Sorted(maps.Keys(object)) {
		if found, ok := member(object[inner], name); ok {
			return found, true
		}
	}
	return "", false
}

func joined(value any) (string, bool) {
	switch value := value.(type) {
	case string:
		return value, value != ""
	case []any:
		var lines []string
		for _, line := range value {
			text, ok := line.(string)
			if !ok {
				return "", false
			}
			lines = append(lines, text)
		}
		return strings.Join(lines, "\n"), len(lines) > 0
	}
	return "", false
}

// fromArmour takes the private key out of a text with BEGIN lines.
func fromArmour(text string, marks [][]int) (packed, *Error) {
	var other *Error
	for i, mark := range marks {
		word, label := text[mark[2]:mark[3]], text[mark[4]:mark[5]]
		if word != "BEGIN" {
			continue
		}
		end, closed := len(text), false
		if i+1 < len(marks) {
			end, closed = marks[i+1][0], text[marks[i+1][2]:marks[i+1][3]] == "END"
		}
		body := text[mark[1]:end]
		if failure := foreign(label); failure != nil {
			if other == nil && label != "EC PARAMETERS" {
				other = failure
			}
			continue
		}
		dek, body := cutHeaders(body)
		der, ok := decode(body)
		switch {
		case ok && dek != nil:
			return packed{der, dek}, nil
		case ok && looksWhole(der):
			return packed{der: der}, nil
		case !closed:
			return packed{}, &Error{"the key is cut off: its -----END line is missing", wantedText}
		}
		return packed{}, &Error{"what stands between -----BEGIN and -----END is damaged", wantedText}
	}
	if other != nil {
		return packed{}, other
	}
	return packed{}, &Error{"the key's -----BEGIN line is missing", wantedText}
}

// foreign says what a block is that is no private key.
func foreign(label string) *Error {
	switch {
	case label == "ENCRYPTED PRIVATE KEY", label == "PRIVATE KEY", label == "RSA PRIVATE KEY", label == "EC PRIVATE KEY":
		return nil
	case label == "OPENSSH PRIVATE KEY":
		return &Error{"this is a key in OpenSSH's own form", "convert it: ssh-keygen -p -m PKCS8 -f KEY"}
	case strings.HasSuffix(label, "CERTIFICATE REQUEST"):
		return &Error{"this is a certificate request, not a private key", giveOther}
	case strings.Contains(label, "CERTIFICATE"):
		return &Error{"this is a certificate, not a private key", giveOther}
	case strings.Contains(label, "PUBLIC KEY") && !strings.HasPrefix(label, "PGP"):
		return &Error{"this is a public key, not a private one", giveOther}
	case strings.HasPrefix(label, "PGP"):
		return &Error{"this is a PGP block, not a private key for tokens", wantedKinds}
	case label == "DSA PRIVATE KEY":
		return &Error{"this is a DSA key, which can't sign tokens", wantedKinds}
	}
	return &Error{"this is not a private key", wantedText}
}

const giveOther = "the private key is in the other file, which begins with -----BEGIN PRIVATE KEY or -----BEGIN RSA PRIVATE KEY"

// fromBare reads a text without BEGIN lines: base64 of DER, or of a whole PEM file.
func fromBare(text string, depth int) (packed, *Error) {
	if strings.HasPrefix(text, "PuTTY-User-Key-File") {
		return packed{}, &Error{"this is a key in PuTTY's own form", "export it in PuTTYgen: Conversions, Export OpenSSH key, then convert it to PEM"}
	}
	der, ok := decode(text)
	if !ok || len(der) < 32 {
		if !strings.ContainsAny(text, "\n") && strings.ContainsAny(text, `/\.`) && len(text) < 260 {
			return packed{}, &Error{"this looks like the name of a file", "paste what is in the file"}
		}
		return packed{}, &Error{"this is not a private key", wantedText}
	}
	inner := bytes.TrimSpace(der)
	again := bytes.HasPrefix(inner, []byte("LS0tL")) || bytes.HasPrefix(inner, []byte("MII")) // base64 once more, of "-----" or of DER
	if again || bytes.Contains(der, []byte("BEGIN ")) || bytes.HasPrefix(inner, []byte("{")) {
		return unpackAt(string(der), depth+1)
	}
	if !looksWhole(der) {
		return packed{}, &Error{"this is base64, but of no key, or of a part of one", wantedText}
	}
	return packed{der: der}, nil
}

// decode reads base64 with whatever stands between its characters: blanks, line breaks, quotes of lists, marks of
// quoted mail; with or without padding, in either alphabet.
func decode(text string) ([]byte, bool) {
	text = strings.Map(func(r rune) rune {
		switch r {
		case ' ', '\t', '\r', '\n', '\v', '\f', '"', '\'', ',', '>', '\\', '=', '`':
			return -1
		case '-':
			return '+'
		case '_':
			return '/'
		}
		return r
	}, text)
	der, err := base64.RawStdEncoding.DecodeString(text)
	return der, err == nil && len(der) > 0
}

// looksWhole tells whether the bytes are one ASN.1 sequence, no more and no less.
func looksWhole(der []byte) bool {
	rest, ok := sequence(der)
	return ok && len(rest) == 0
}
