package seal

import "errors"

// FileRoot reads a root key from its file. A file that others than its owner may read is refused.
func FileRoot(path string) (Wrapper, error) { return nil, errors.ErrUnsupported }

// CreateFileRoot makes a new root key in a file of mode 0600, whole or not at all. A file that is there already is
// an error that satisfies errors.Is(err, fs.ErrExist): overwriting a root key would lose all that it sealed.
func CreateFileRoot(path string) (Wrapper, error) { return nil, errors.ErrUnsupported }
