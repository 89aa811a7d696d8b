package app

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"latchkey/internal/seal"
)

// rootFile is where the root key lies: where the configuration says, in the data directory on a workstation.
func (c *Config) rootFile() string { return cmp.Or(c.RootKeyFile, c.path("keys", "root.key")) }

// openOrCreateRoot gives the root key, made at the first start. A key that is lost is not replaced: another one opens
// nothing of what is there, and would only hide what happened. made tells that the key is new.
func (c *Config) openOrCreateRoot() (root seal.Root, made bool, err error) {
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

// explainRoot says of a root key that does not fit the data which file it is of.
func (c *Config) explainRoot(err error) error {
	wrong, ok := errors.AsType[*seal.WrongRootError](err)
	if !ok {
		return err
	}
	return hinted(fmt.Errorf("the file %s holds another root key (%s) than the one that %s is sealed with (%s)",
		c.rootFile(), wrong.Have, c.database(), wrong.Want), "put back the file that was used with this data")
}
