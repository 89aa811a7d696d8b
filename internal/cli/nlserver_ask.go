package cli

import (
	"context"
	"fmt"
	"os"
	"strings"

	"latchkey/internal/campaign"
	"latchkey/internal/secret"
)

// secrets gives the client secret and the private key: as the argument or a flag has them, else asked for, else from
// standard input, whose first line is the secret when that is missing too.
func (j *configJob) secrets(ctx context.Context, a campaign.Account) (clientSecret, key secret.String, err error) {
	p := j.program
	if clientSecret, err = j.given("Client_Secret", a.Secret, "--secret", j.order.secret); err != nil {
		return clientSecret, key, err
	}
	if key, err = j.given("Base64_encoded_Private_Key", a.Key, "--private-key", j.order.key); err != nil {
		return clientSecret, key, err
	}
	needKey := key.Empty() && j.put == campaign.GrantJWT
	switch {
	case !clientSecret.Empty() && !needKey:
		return clientSecret, key, nil
	case p.interactive():
		return j.askSecrets(ctx, clientSecret, key, needKey)
	case p.stdin == "" && !atTerminal(p.In):
		text, err := p.readInput("what is left out of the account", "-")
		if err != nil {
			return clientSecret, key, err
		}
		rest := string(text)
		if clientSecret.Empty() {
			var first string
			first, rest, _ = strings.Cut(rest, "\n")
			clientSecret = secret.New(strings.TrimSpace(first))
		}
		if needKey {
			key = secret.New(strings.TrimSpace(rest))
		}
	}
	if clientSecret.Empty() {
		return clientSecret, key, &usageError{text: "field 4 (Client_Secret) is missing", hint: "give --secret @FILE, or --secret - for standard input, or call it at a terminal and be asked"}
	}
	if needKey && key.Empty() {
		return clientSecret, key, &usageError{text: "field 5 (Base64_encoded_Private_Key) is missing",
			hint: "give --private-key @FILE, or --private-key - for standard input, or call it at a terminal and be asked"}
	}
	return clientSecret, key, nil
}

// given reads a secret from its place in the argument, or from its flag.
func (j *configJob) given(field, inline, flag, value string) (secret.String, error) {
	if inline != "" && value != "" {
		return secret.String{}, &usageError{text: fmt.Sprintf("%s is given twice: in the account and by %s", field, flag)}
	}
	what, text := field, inline
	if value != "" {
		what, text = flag, value
	}
	if text != "" && text != "-" && !strings.HasPrefix(text, "@") {
		j.program.warn("%s on the command line shows in the process list and the shell's history; leave it out and be asked, or give @FILE or -", what)
	}
	read, err := j.program.value(what, text)
	return secret.New(strings.TrimSpace(read)), err
}

// askSecrets asks a person. An empty answer leaves what is configured, where that can be opened.
func (j *configJob) askSecrets(ctx context.Context, clientSecret, key secret.String, needKey bool) (secret.String, secret.String, error) {
	p := j.program
	if clientSecret.Empty() {
		present, err := j.instance.Open(j.instance.IMS.TechnicalSecret)
		text, asked := p.askHidden(ctx, "Client secret"+asItIs(err == nil)+": ")
		if asked != nil {
			return clientSecret, key, asked
		}
		clientSecret = secret.New(strings.TrimSpace(text))
		if clientSecret.Empty() {
			clientSecret = present
		}
	}
	if needKey {
		present, err := j.instance.Open(j.instance.IMS.TechnicalKey)
		text, asked := p.askKey(ctx, asItIs(err == nil))
		if asked != nil {
			return clientSecret, key, asked
		}
		if key = secret.New(strings.TrimSpace(text)); key.Empty() {
			key = present
		}
	}
	if clientSecret.Empty() || needKey && key.Empty() {
		return clientSecret, key, fmt.Errorf("nothing was entered, so nothing is written")
	}
	return clientSecret, key, nil
}

func asItIs(present bool) string {
	if present {
		return " [as it is]"
	}
	return ""
}

// askKey takes a private key that is pasted over many lines, or the name of its file. Terminals hand on no line of more
// than 4095 characters, so a key in one longer line has to come from its file.
func (p *program) askKey(ctx context.Context, note string) (string, error) {
	restore, err := hideInput(p.In.(*os.File))
	if err != nil {
		return "", fmt.Errorf("hiding what is typed: %w", err)
	}
	defer restore()
	_, _ = fmt.Fprintf(p.Err, "Private key%s: the name of its file, or paste it and end with an empty line: ", note)
	text, err := p.readPasted(ctx)
	p.tell("")
	if err != nil {
		return "", err
	}
	if info, err := os.Stat(text); err == nil && info.Mode().IsRegular() {
		return p.value("the private key", "@"+text)
	}
	return text, nil
}

// readPasted reads lines: to the END line of a PEM, whose empty lines are none of its own, else to an empty one.
func (p *program) readPasted(ctx context.Context) (string, error) {
	var text strings.Builder
	for {
		line, err := p.readLine(ctx)
		if err != nil && text.Len() == 0 {
			return "", err
		}
		line = strings.TrimSpace(line)
		armoured := strings.Contains(text.String(), "-----BEGIN")
		if err != nil || line == "" && !armoured {
			return strings.TrimSpace(text.String()), ctx.Err()
		}
		text.WriteString(line + "\n")
		if strings.Contains(line, "-----END") {
			return strings.TrimSpace(text.String()), nil
		}
		if info, err := os.Stat(line); text.Len() == len(line)+1 && err == nil && info.Mode().IsRegular() {
			return line, nil
		}
	}
}
