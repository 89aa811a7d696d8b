package connectlink

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image/png"
	"math"
	"net/mail"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/audit"
	"latchkey/internal/finding"
)

// Brand is what customers see of an organization.
type Brand struct {
	// Name is what they know it by; "" is the organization's own. Lead are words above the form.
	Name, Lead string
	// Accent is the colour of its button, "#0b5c4f"; "" is ours.
	Accent string
	// Support is where to ask: a web address or one of mail.
	Support string
	// Logo is what its PNG is fetched by, "" for none.
	Logo      string
	UpdatedBy string
	UpdatedAt time.Time
}

// BrandStore keeps brands.
type BrandStore interface {
	// Brand gives an organization's; the zero value when it has none.
	Brand(ctx context.Context, organization string) (Brand, error)
	// SaveBrand replaces it. Logo is the PNG of brand.Logo, nil to keep the one that is there if it is that.
	SaveBrand(ctx context.Context, organization string, brand Brand, logo []byte, entry audit.Entry) error
	// Logo gives a PNG by its hash: [ErrUnknown].
	Logo(ctx context.Context, hash string) ([]byte, error)
}

// BrandEdit changes a brand.
type BrandEdit struct {
	Name, Lead, Accent, Support string
	// Logo is a new PNG, nil to keep the old; RemoveLogo takes it away.
	Logo       []byte
	RemoveLogo bool
}

const (
	maxBrandName = 80
	maxLead      = 600
	// maxLogoBytes and maxLogoSide bound a logo: what unpacks to more than it weighs is refused before it is unpacked.
	maxLogoBytes = 200 << 10
	maxLogoSide  = 1200
	// minContrast is how much a button has to stand out from the page (WCAG 2.2, 1.4.11).
	minContrast = 3.0
)

var hexColour = regexp.MustCompile(`^#[0-9a-f]{6}$`)

// Brand gives the caller's organization's.
func (l *Links) Brand(ctx context.Context, caller access.Caller) (Brand, error) {
	if err := caller.Require(access.ConnectionsRead); err != nil {
		return Brand{}, err
	}
	found, err := l.config.Store.Brand(ctx, caller.Organization)
	if err != nil {
		return Brand{}, fmt.Errorf("reading the brand: %w", err)
	}
	return found, nil
}

// Logo gives the PNG of a hash, for anybody: [ErrUnknown].
func (l *Links) Logo(ctx context.Context, hash string) ([]byte, error) {
	return l.config.Store.Logo(ctx, hash)
}

// SaveBrand checks and keeps a brand. What is wrong with it is a [finding.Problems].
func (l *Links) SaveBrand(ctx context.Context, caller access.Caller, edit BrandEdit) (Brand, error) {
	if err := caller.Require(access.ConnectionsWrite); err != nil {
		return Brand{}, err
	}
	before, err := l.Brand(ctx, caller)
	if err != nil {
		return Brand{}, err
	}
	next := Brand{
		Name: strings.TrimSpace(edit.Name), Lead: strings.TrimSpace(edit.Lead), Accent: strings.ToLower(strings.TrimSpace(edit.Accent)),
		Support: strings.TrimSpace(edit.Support), Logo: before.Logo, UpdatedBy: caller.ID, UpdatedAt: l.now(),
	}
	problems := next.check()
	var logo []byte
	if edit.RemoveLogo {
		next.Logo = ""
	} else if len(edit.Logo) > 0 {
		var wrong string
		if logo, wrong = cleanLogo(edit.Logo); wrong != "" {
			problems.Wrong("/logo", wrong, "upload a PNG of at most 200 KiB and 1200 × 1200 pixels")
		} else {
			sum := sha256.Sum256(logo)
			next.Logo = hex.EncodeToString(sum[:])
		}
	}
	if err := problems.Errors(); err != nil {
		return Brand{}, err
	}
	entry := audit.Entry{At: next.UpdatedAt, Organization: caller.Organization, Actor: caller.ID, Action: "brand.update", Subject: caller.Organization,
		Detail: map[string]string{"name": next.Name, "accent": next.Accent, "support": next.Support, "logo": next.Logo}}
	if err := l.config.Store.SaveBrand(ctx, caller.Organization, next, logo, entry); err != nil {
		return Brand{}, fmt.Errorf("keeping the brand: %w", err)
	}
	return next, nil
}

func (b *Brand) check() finding.Problems {
	var problems finding.Problems
	if len([]rune(b.Name)) > maxBrandName {
		problems.Wrong("/name", fmt.Sprintf("the name has more than %d characters", maxBrandName), "shorten it")
	}
	if len([]rune(b.Lead)) > maxLead {
		problems.Wrong("/lead", fmt.Sprintf("the text has more than %d characters", maxLead), "shorten it")
	}
	switch {
	case b.Accent == "":
	case !hexColour.MatchString(b.Accent):
		problems.Wrong("/accent", "this is no colour", "write it as #rrggbb, such as #0b5c4f")
	case Contrast(b.Accent, "#ffffff") < minContrast:
		problems.Wrong("/accent", fmt.Sprintf("the colour stands out from a white page by %.1f to 1 only; %.0f to 1 is needed for a button to be seen", Contrast(b.Accent, "#ffffff"), minContrast), "choose a darker one")
	}
	if b.Support != "" && b.SupportLink() == "" {
		problems.Wrong("/support", "this is neither a web address nor one of mail", "write it as https://… or as name@example.com")
	}
	return problems
}

// SupportLink is the address of a link to where to ask, "" for none.
func (b *Brand) SupportLink() string {
	if u, err := url.Parse(b.Support); err == nil && u.Scheme == "https" && u.Host != "" && u.User == nil {
		return u.String()
	}
	if a, err := mail.ParseAddress(b.Support); err == nil && a.Address == b.Support {
		return "mailto:" + url.PathEscape(b.Support)
	}
	return ""
}

// Ink is the colour of words on the accent: the one of black and white that stands out more. One of them always does enough.
func Ink(accent string) string {
	if Contrast(accent, "#ffffff") >= Contrast(accent, "#000000") {
		return "#ffffff"
	}
	return "#000000"
}

// Contrast is how much two colours stand out from each other, 1 to 21 (WCAG 2.2, contrast ratio).
func Contrast(a, b string) float64 {
	x, y := luminance(a), luminance(b)
	if x < y {
		x, y = y, x
	}
	return (x + 0.05) / (y + 0.05)
}

func luminance(colour string) float64 {
	n, err := strconv.ParseUint(strings.TrimPrefix(colour, "#"), 16, 32)
	if err != nil {
		return 0
	}
	linear := func(shift uint) float64 {
		c := float64(n>>shift&0xff) / 255
		if c <= 0.04045 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(16) + 0.7152*linear(8) + 0.0722*linear(0)
}

// cleanLogo reads a PNG and writes it anew, so that nothing but pixels gets through. wrong says what is.
func cleanLogo(file []byte) (clean []byte, wrong string) {
	if len(file) > maxLogoBytes {
		return nil, "the file is larger than 200 KiB"
	}
	config, err := png.DecodeConfig(bytes.NewReader(file))
	if err != nil {
		return nil, "the file is no PNG"
	}
	if config.Width > maxLogoSide || config.Height > maxLogoSide {
		return nil, fmt.Sprintf("the picture has %d × %d pixels", config.Width, config.Height)
	}
	picture, err := png.Decode(bytes.NewReader(file))
	if err != nil {
		return nil, "the PNG is broken"
	}
	var out bytes.Buffer
	if err := png.Encode(&out, picture); err != nil {
		return nil, "the PNG can’t be written anew"
	}
	return out.Bytes(), ""
}
