//go:build !kms

package seal

import "errors"

// KMSRoot says that this build reaches no cloud's KMS: their libraries are as large as the rest of the program.
func KMSRoot(string) (Root, error) {
	return nil, errors.New("this build of latchkey holds no cloud KMS; build it with: go build -tags kms ./cmd/latchkey")
}
