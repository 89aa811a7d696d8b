package cli

import (
	"os"

	"latchkey/client"
)

// color is an SGR parameter (ECMA-48 §8.3.117).
type color string

const (
	dim    color = "2"
	red    color = "31"
	green  color = "32"
	yellow color = "33"
)

// atTerminal tells whether a writer, or a reader, is a terminal.
func atTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && isTerminal(file)
}

// paint colors text on a terminal that has not asked to be spared (https://no-color.org).
func (p *program) paint(c color, text string) string {
	if text == "" || p.Getenv("NO_COLOR") != "" || p.Getenv("TERM") == "dumb" || !atTerminal(p.Out) {
		return text
	}
	return "\x1b[" + string(c) + "m" + text + "\x1b[0m"
}

// paintState colors the words for how a thing stands; other text stays as it is.
func (p *program) paintState(text string) string {
	switch text {
	case string(client.Active), "published", string(client.ProviderUp):
		return p.paint(green, text)
	case string(client.PendingAuthorization), string(client.Degraded), "changed",
		string(client.ProviderRecovering), string(client.ProviderThrottled), string(client.ProviderProbing):
		return p.paint(yellow, text)
	case string(client.NeedsReauthorization), "revoked", "expired", string(client.ProviderDown):
		return p.paint(red, text)
	case string(client.Disabled), "draft":
		return p.paint(dim, text)
	}
	return text
}
