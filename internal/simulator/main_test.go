package simulator_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if file := os.Getenv(killedFile); file != "" {
		serveUntilKilled(file)
		return
	}
	goleak.VerifyTestMain(m)
}
