package web_test

import (
	"testing"

	"latchkey/internal/web"
)

// TestPagesCanBeRead holds what a start does not look at: a page is read when it is first shown.
func TestPagesCanBeRead(t *testing.T) {
	if err := web.ReadPages(); err != nil {
		t.Error(err)
	}
}
