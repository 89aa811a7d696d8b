package seal

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"

	"latchkey/internal/secret"
)

// Surroundings are where a root key's name leads to.
type Surroundings struct {
	Getenv func(name string) string
	// Ask puts a question to whoever started the program; nil when nobody is there.
	Ask func(ctx context.Context, question string) (secret.String, error)
}

// ParseRoot gives the root key of a name: file:PATH (or a path), passphrase:@FILE, passphrase:$VARIABLE, passphrase
// (asks), vault://…, or a cloud's URL. Its errors never repeat the name: somebody may have written a secret there.
func ParseRoot(name string, around Surroundings) (Root, error) {
	scheme, rest, _ := strings.Cut(name, ":")
	switch {
	case scheme == "passphrase":
		return namedPassphrase(rest, around)
	case scheme == "vault" || scheme == "vault+http":
		u, err := url.Parse(name)
		if err != nil {
			return nil, errors.New("it is not a URL")
		}
		return parseVault(u, around.Getenv)
	case strings.Contains(name, "://") && scheme != "file":
		return KMSRoot(name)
	}
	path, _ := FilePath(name)
	if path == "" {
		return nil, errors.New("it names no file")
	}
	return FileRoot(path)
}

// FilePath tells whether a root key's name is a file's, and which.
func FilePath(name string) (string, bool) {
	if path, ok := strings.CutPrefix(name, "file:"); ok {
		return strings.TrimPrefix(path, "//"), true
	}
	scheme, _, _ := strings.Cut(name, ":")
	return name, name != "" && scheme != "passphrase" && !strings.Contains(name, "://")
}

// ShowName gives a root key's name as it may be shown: without what a URL might hide.
func ShowName(name string) string {
	scheme, rest, ok := strings.Cut(name, "://")
	if !ok {
		if rest, found := strings.CutPrefix(name, "passphrase:"); found && !strings.HasPrefix(rest, "@") && !strings.HasPrefix(rest, "$") {
			return "passphrase:" + secret.Redacted
		}
		return name
	}
	if u, err := url.Parse(name); err == nil && u.User == nil && scheme != "base64key" && !strings.Contains(strings.ToLower(rest), "token=") {
		return name
	}
	return scheme + "://" + secret.Redacted
}

func namedPassphrase(source string, around Surroundings) (Root, error) {
	if path, ok := strings.CutPrefix(source, "@"); ok && path != "" {
		return PassphraseRoot(func(context.Context) (secret.String, error) { return passphraseFile(path) }), nil
	}
	if variable, ok := strings.CutPrefix(source, "$"); ok && variable != "" {
		return PassphraseRoot(func(context.Context) (secret.String, error) {
			text := around.Getenv(variable)
			if text == "" {
				return secret.String{}, fmt.Errorf("$%s is not set", variable)
			}
			return secret.New(text), nil
		}), nil
	}
	if source != "" {
		return nil, errors.New("a passphrase does not stand in the configuration itself: name a file, passphrase:@FILE, or a variable, passphrase:$NAME, or nothing, and it is asked for")
	}
	if around.Ask == nil {
		return nil, errors.New("the passphrase can't be asked for where there is no terminal: name a file, passphrase:@FILE, or a variable, passphrase:$NAME")
	}
	return PassphraseRoot(askOnce(around.Ask)), nil
}

// askOnce remembers the answer: a key is opened again when the database's root keys change, and nobody sits there then.
func askOnce(ask func(ctx context.Context, question string) (secret.String, error)) func(context.Context) (secret.String, error) {
	var mu sync.Mutex
	var answer secret.String
	return func(ctx context.Context) (secret.String, error) {
		mu.Lock()
		defer mu.Unlock()
		if !answer.Empty() {
			return answer, nil
		}
		var err error
		answer, err = ask(ctx, "Passphrase of the root key: ")
		return answer, err
	}
}

// passphraseFile reads a file that its owner alone may read. One line break at its end is not part of the passphrase.
func passphraseFile(path string) (secret.String, error) {
	info, err := os.Stat(path)
	if err != nil {
		return secret.String{}, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return secret.String{}, fmt.Errorf("%s can be read by others (mode %04o): run chmod 600 %s", path, info.Mode().Perm(), path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return secret.String{}, err
	}
	return secret.New(strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r")), nil
}
