package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"latchkey/internal/seal"
	"latchkey/internal/secret"
)

// asking puts a question to whoever started the program; nil where nobody is there.
type asking func(ctx context.Context, question string) (secret.String, error)

// rootName is the root key's name: what the configuration says, the data directory's own file on a workstation.
func (c *Config) rootName() string {
	return cmp.Or(c.Root, c.RootKeyFile, c.path("keys", "root.key"))
}

// rootSetting is the setting that names the root key.
func (c *Config) rootSetting() string {
	if c.Root != "" {
		return "seal.root"
	}
	return "seal.root_key_file"
}

// rootFile is where the root key lies; "" when it is not in a file.
func (c *Config) rootFile() string {
	path, isFile := seal.FilePath(c.rootName())
	if !isFile {
		return ""
	}
	return path
}

// openOrCreateRoot gives the root key, and makes that of a file at the first start. A key that is lost is not replaced:
// another one opens nothing of what is there, and would only hide what happened. made tells that the key is new.
func (c *Config) openOrCreateRoot() (root *seal.FileKey, made bool, err error) {
	path, database := c.rootFile(), c.path("latchkey.db")
	root, err = seal.FileRoot(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return root, false, err
	}
	if _, err := os.Stat(database); err == nil {
		return nil, false, hinted(fmt.Errorf("the root key %s is gone, and %s is sealed with it", path, database),
			"restore the file from its copy; to begin anew, move the data directory away")
	}
	root, err = seal.CreateFileRoot(path)
	return root, true, err
}

// openRoots gives the root key and the one to rotate away from; nil for none.
func (c *Config) openRoots(ask asking) (root, previous seal.Root, err error) {
	around := seal.Surroundings{Getenv: os.Getenv, Ask: ask}
	root, err = seal.ParseRoot(c.rootName(), around)
	if errors.Is(err, fs.ErrNotExist) && c.rootFile() != "" {
		return nil, nil, &ConfigError{Setting: c.rootSetting(), Where: c.where(c.rootSetting()),
			Problem: fmt.Sprintf("there is no file %s", c.rootFile()), Fix: `run "latchkey setup" with this configuration: it makes one`}
	}
	if err != nil {
		return nil, nil, &ConfigError{Setting: c.rootSetting(), Where: c.where(c.rootSetting()), Problem: err.Error()}
	}
	if c.PreviousRoot == "" {
		return root, nil, nil
	}
	if previous, err = seal.ParseRoot(c.PreviousRoot, around); err != nil {
		return nil, nil, &ConfigError{Setting: "seal.previous_root", Where: c.where("seal.previous_root"), Problem: err.Error(),
			Fix: "it names the root key to rotate away from; leave it out once that is done"}
	}
	return root, previous, nil
}

// NewRootKey makes a root key in a file, for a rotation to it, and gives its id.
func NewRootKey(path string) (id string, err error) {
	key, err := seal.CreateFileRoot(path)
	if errors.Is(err, fs.ErrExist) {
		return "", hinted(fmt.Errorf("there is a file %s already", path), "give another name: a root key is never overwritten")
	}
	if err != nil {
		return "", err
	}
	return key.KeyID(), nil
}

// explainRoot says of a root key that does not fit the data what to do about it.
func (c *Config) explainRoot(err error) error {
	if wrong, ok := errors.AsType[*seal.WrongRootError](err); ok && c.rootFile() != "" && !wrong.Passphrase {
		return hinted(fmt.Errorf("the file %s holds another root key (%s) than the one that %s is sealed with (%s)",
			c.rootFile(), wrong.Have, c.database(), wrong.Want),
			"put back the file that was used with this data; to rotate to this one, name that file in seal.previous_root")
	} else if ok && !wrong.Passphrase {
		return hinted(err, "to rotate to this one, name the other in seal.previous_root")
	}
	if _, ok := errors.AsType[*seal.RetiredRootError](err); ok {
		return hinted(err, "name that one in seal.root")
	}
	if _, ok := errors.AsType[*seal.UnfinishedError](err); ok {
		return hinted(err, `name it in seal.previous_root; "latchkey keys status" tells when it can go`)
	}
	return err
}

// confirmed asks twice: a passphrase that was mistyped when it becomes the root key is lost at once.
func confirmed(ask asking) asking {
	if ask == nil {
		return nil
	}
	return func(ctx context.Context, question string) (secret.String, error) {
		first, err := ask(ctx, question)
		if err != nil {
			return first, err
		}
		again, err := ask(ctx, "Once more: ")
		if err == nil && !first.Equal(again) {
			err = errors.New("the two differ")
		}
		return first, err
	}
}
