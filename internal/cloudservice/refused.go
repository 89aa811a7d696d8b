package cloudservice

import "latchkey/internal/finding"

// RefusedError says that a product did not do what was asked, or could not be reached. Its layer tells who refused, why, and what to
// change where, as Connect does.
type RefusedError struct{ Layer finding.Layer }

func (e *RefusedError) Error() string {
	if e.Layer.Description != "" {
		return e.Layer.Message + " (" + e.Layer.Description + ")"
	}
	return e.Layer.Message
}
