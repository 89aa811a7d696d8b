package cloudservice

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"latchkey/internal/access"
	"latchkey/internal/finding"
)

// ErrNoLibrary is given where no client library of one's own was uploaded.
var ErrNoLibrary = errors.New("no client library of your own was uploaded")

// OwnLibrary is an at.js or mbox.js of one's own.
type OwnLibrary struct {
	Service string
	// Name is the file's, Content its text.
	Name, Content string
	// Hash is the content's SHA-256, in hex.
	Hash       string
	UploadedAt time.Time
}

// maxLibrary bounds one: the vendor's at.js has about 100 KB.
const maxLibrary = 512 << 10

// UploadLibrary keeps a library in the place of the one before.
func (s *Services) UploadLibrary(ctx context.Context, caller access.Caller, ref Ref, name, content string) (OwnLibrary, error) {
	of, err := s.targetOne(ctx, caller, ref, access.ConnectionsWrite)
	if err != nil {
		return OwnLibrary{}, err
	}
	var problems finding.Problems
	if of.Target.Library.managed() {
		problems.Wrong("/content", "a tag manager delivers the library of this service", "set it to at.js first: latchkey cloud-service edit "+of.Name+" --library at.js")
	}
	if name = strings.TrimSpace(name); !strings.HasSuffix(name, ".js") || len(name) > 100 || strings.ContainsAny(name, "/\\\"'<>&") || strings.ContainsFunc(name, unicode.IsControl) || !utf8.ValidString(name) {
		problems.Wrong("/name", "this is not the name of a script", "write a file's name that ends in .js")
	}
	if content == "" || len(content) > maxLibrary || !utf8.ValidString(content) || strings.ContainsRune(content, 0) {
		problems.Wrong("/content", fmt.Sprintf("this is no script of at most %d KiB in UTF-8", maxLibrary>>10), "upload the file that Target gave: Administration, Implementation, Download")
	}
	if err := problems.Errors(); err != nil {
		return OwnLibrary{}, err
	}
	sum := sha256.Sum256([]byte(content))
	kept := OwnLibrary{Service: of.ID, Name: name, Content: content, Hash: hex.EncodeToString(sum[:]), UploadedAt: s.now()}
	entry := of.entry(caller, "cloud_service.library.upload", kept.UploadedAt)
	entry.Detail = map[string]string{"name": of.Name, "file": name, "sha256": kept.Hash}
	return kept, s.config.Targets.KeepLibrary(ctx, kept, entry)
}

// OwnLibrary gives the library that was uploaded: [ErrNoLibrary].
func (s *Services) OwnLibrary(ctx context.Context, caller access.Caller, ref Ref) (OwnLibrary, error) {
	of, err := s.targetOne(ctx, caller, ref, access.ConnectionsRead)
	if err != nil {
		return OwnLibrary{}, err
	}
	return s.config.Targets.FindLibrary(ctx, of.ID)
}

// RemoveLibrary removes it.
func (s *Services) RemoveLibrary(ctx context.Context, caller access.Caller, ref Ref) error {
	of, err := s.targetOne(ctx, caller, ref, access.ConnectionsWrite)
	if err != nil {
		return err
	}
	entry := of.entry(caller, "cloud_service.library.delete", s.now())
	entry.Detail = map[string]string{"name": of.Name}
	return s.config.Targets.RemoveLibrary(ctx, of.ID, entry)
}
