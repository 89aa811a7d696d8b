package campaign

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"latchkey/internal/keypair"
	"latchkey/internal/seal"
	"latchkey/internal/secret"
)

// KeyFile holds the key of a folder's sealed values.
const KeyFile = ".latchkey.key"

// A sealed value is sealMark, the id of its key, a dot, and the ciphertext in base64url without padding: it never ends
// in "=", as the vendor's do. Version 1 is AES-256-GCM as seal.FileKey does it, bound to instance, path and attribute.
const sealMark = "@lk1:"

// The reasons why a value does not open.
var (
	// ErrVendorSealed is for what the vendor's own server has sealed, with a key of its database.
	ErrVendorSealed = errors.New("the vendor's server has encrypted it with a key of its own, so it can't be decrypted here: enter the value again")
	// ErrEmpty is for a secret that is not there.
	ErrEmpty = errors.New("it is not configured")
)

// Form says how a secret stands in a file.
type Form string

// The forms.
const (
	FormNone   Form = "none"
	FormSealed Form = "sealed"
	FormVendor Form = "vendor"
	// FormPlain is a secret that everybody who reads the file can read.
	FormPlain Form = "plain"
	// FormNewer was sealed by a version of Latchkey that this one does not know.
	FormNewer Form = "newer"
)

// Form tells how a secret value stands in its file.
func (v Value) Form() Form {
	switch {
	case strings.TrimSpace(v.Text) == "":
		return FormNone
	case strings.HasPrefix(v.Text, sealMark):
		return FormSealed
	case strings.HasPrefix(v.Text, "@lk"):
		return FormNewer
	case strings.HasPrefix(v.Text, "@"):
		return FormVendor
	}
	return FormPlain
}

// Shown is what may be shown of a value: the text of what is no secret, and of a secret its form in words.
func (v Value) Shown() string {
	if !v.Secret {
		return v.Text
	}
	return map[Form]string{
		FormNone: "", FormSealed: "(sealed)", FormVendor: "(encrypted by the vendor's server: enter it again)",
		FormPlain: "(in clear)", FormNewer: "(sealed by a newer Latchkey)",
	}[v.Form()]
}

// Open gives a secret. One that stands in clear is given as it is.
func (i *Instance) Open(v Value) (secret.String, error) {
	text, err := i.open(v)
	if err != nil {
		return secret.String{}, fmt.Errorf("opening %s of %s: %w", v.Attribute, FileName(i.Name), err)
	}
	return text, nil
}

func (i *Instance) open(v Value) (secret.String, error) {
	switch v.Form() {
	case FormNone:
		return secret.String{}, ErrEmpty
	case FormPlain:
		return secret.New(v.Text), nil
	case FormVendor:
		return secret.String{}, ErrVendorSealed
	case FormNewer:
		return secret.String{}, errors.New("a newer version of Latchkey has sealed it: run that one")
	}
	key, err := seal.FileRoot(i.keyFile())
	if err != nil {
		return secret.String{}, err
	}
	id, text, _ := strings.Cut(strings.TrimPrefix(v.Text, sealMark), ".")
	if id != keyID(key) {
		return secret.String{}, fmt.Errorf("it was sealed with another key than %s: bring that key's file, or enter the value again", i.keyFile())
	}
	sealed, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return secret.String{}, errors.New("it is damaged: enter the value again")
	}
	plain, err := key.Unwrap(context.Background(), sealed, i.associated(v.Attribute))
	if err != nil {
		return secret.String{}, errors.New("it is damaged, or was sealed for another attribute or instance: enter the value again")
	}
	defer clear(plain)
	return secret.New(string(plain)), nil
}

// Seal gives the form in which a secret stands in the instance's file. The key is made when it is first needed. A
// secret that is sealed there already keeps its form, so that setting it again changes nothing.
func (i *Instance) Seal(path, name string, value secret.String) (string, error) {
	if present, ok := i.Kept(path, name, value); ok {
		return present, nil
	}
	key, err := i.key()
	if err != nil {
		return "", fmt.Errorf("sealing %s@%s: %w", path, name, err)
	}
	sealed, err := key.Wrap(context.Background(), []byte(value.Reveal()), i.associated(Attribute{Path: path, Name: name}))
	if err != nil {
		return "", fmt.Errorf("sealing %s@%s: %w", path, name, err)
	}
	return sealMark + keyID(key) + "." + base64.RawURLEncoding.EncodeToString(sealed), nil
}

// Kept gives the form in which the instance's file has a secret already, when it is that one.
func (i *Instance) Kept(path, name string, value secret.String) (string, bool) {
	present := i.Value(path, name)
	if present.Form() != FormSealed || present.File != FileName(i.Name) {
		return "", false
	}
	known, err := i.open(present)
	return present.Text, err == nil && known.Equal(value)
}

// Key gives the technical account's private key.
func (i *Instance) Key() (*keypair.Key, error) {
	text, err := i.Open(i.IMS.TechnicalKey)
	if err != nil {
		return nil, err
	}
	key, err := keypair.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("reading %s of %s: %w", i.IMS.TechnicalKey.Attribute, FileName(i.Name), err)
	}
	return key, nil
}

func (i *Instance) keyFile() string { return filepath.Join(i.Dir, KeyFile) }

// key gives the folder's key, made when there is none; of two processes that make one at once both get the same. It
// belongs to whoever the instance's file belongs to.
func (i *Instance) key() (*seal.FileKey, error) {
	key, err := seal.FileRoot(i.keyFile())
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	key, err = seal.CreateFileRoot(i.keyFile())
	if errors.Is(err, fs.ErrExist) {
		return seal.FileRoot(i.keyFile())
	}
	if err != nil {
		return nil, err
	}
	return key, own(i.keyFile(), i.files[0].info)
}

// keyID shortens a key's id: it tells keys of one folder apart.
func keyID(key *seal.FileKey) string {
	id := strings.TrimPrefix(key.KeyID(), "root_")
	return id[:min(len(id), 8)]
}

// associated binds a sealed value to its place: in another attribute, or in another instance's file, it does not open.
func (i *Instance) associated(a Attribute) []byte {
	return []byte("latchkey campaign 1\x00" + i.Name + "\x00" + a.Path + "\x00" + a.Name)
}
