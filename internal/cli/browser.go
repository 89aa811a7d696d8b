package cli

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os/exec"
	"runtime"
)

// browserChoice is what the flags say about opening a browser.
type browserChoice struct {
	open, never bool
}

// wanted tells whether to try: when asked, or when a person looks at the output and a window can be shown.
func (b browserChoice) wanted(p *program) bool {
	if b.never || b.open {
		return b.open && !b.never
	}
	return atTerminal(p.Out) && hasDisplay(runtime.GOOS, p.Getenv)
}

func hasDisplay(system string, getenv func(string) string) bool {
	switch system {
	case "darwin", "windows":
		return true
	}
	return getenv("DISPLAY") != "" || getenv("WAYLAND_DISPLAY") != ""
}

// openBrowser shows a page with the system's own opener. Only web pages: the opener would run other things.
func openBrowser(ctx context.Context, page string) error {
	parsed, err := url.Parse(page)
	if err != nil || parsed.Scheme != "http" && parsed.Scheme != "https" {
		return errors.New("opening a browser: not the address of a web page")
	}
	opener := []string{"xdg-open"}
	switch runtime.GOOS {
	case "darwin":
		opener = []string{"open"}
	case "windows":
		opener = []string{"rundll32", "url.dll,FileProtocolHandler"}
	}
	// Some openers run as long as the browser does: it is started and let go.
	//nolint:gosec // the program is one of three, and the page is a web address, not a flag
	command := exec.CommandContext(context.WithoutCancel(ctx), opener[0], append(opener[1:], parsed.String())...)
	if err := command.Start(); err != nil {
		return fmt.Errorf("opening a browser: %w", err)
	}
	return command.Process.Release()
}
