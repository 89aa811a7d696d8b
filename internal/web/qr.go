package web

import (
	"fmt"
	"html/template"
	"strings"

	"rsc.io/qr"

	"latchkey/internal/secret"
)

// qrQuiet is the light edge that readers want around the code (ISO/IEC 18004 §6.3.8), in modules.
const qrQuiet = 4

// qrPicture draws a text as a QR code. It is SVG within the page: no address of a picture holds the secret, and no cache
// keeps it. Black on white in the dark, too: readers want it so.
func qrPicture(text secret.String) (template.HTML, error) {
	code, err := qr.Encode(text.Reveal(), qr.M)
	if err != nil {
		return "", fmt.Errorf("drawing a QR code: %w", err)
	}
	var path strings.Builder
	for y := range code.Size {
		for x := 0; x < code.Size; x++ {
			width := 0
			for x+width < code.Size && code.Black(x+width, y) {
				width++
			}
			if width > 0 {
				fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", x+qrQuiet, y+qrQuiet, width, width)
				x += width
			}
		}
	}
	size := code.Size + 2*qrQuiet
	return template.HTML(fmt.Sprintf( //nolint:gosec // numbers alone
		`<svg class="qr" width="%d" height="%d" viewBox="0 0 %d %d" shape-rendering="crispEdges" role="img" aria-label="QR code for your authenticator app"><path fill="#fff" d="M0 0h%dv%dH0z"/><path fill="#000" d="%s"/></svg>`,
		size*4, size*4, size, size, size, size, path.String())), nil
}

// inGroups writes a secret in groups of four, as people type it.
func inGroups(text string) string {
	var groups []string
	for ; len(text) > 4; text = text[4:] {
		groups = append(groups, text[:4])
	}
	return strings.Join(append(groups, text), " ")
}
