package project

import "fmt"

// QuotaError says that there may be no more of a thing.
type QuotaError struct {
	// What is the thing, in the plural: "projects in an organization".
	What  string
	Limit int
}

func (e *QuotaError) Error() string {
	return fmt.Sprintf("there may be %d %s, and so many there are", e.Limit, e.What)
}

// InUseError says that a thing can't be removed while others need it.
type InUseError struct {
	// What needs it, in words: "3 credentials have this product profile".
	What string
	Fix  string
}

func (e *InUseError) Error() string { return e.What }

// MigratingError says that something can't be done while a credential migrates from JWT to OAuth.
type MigratingError struct {
	Credential string
	// Message says what can't be done, or why the migration can't be finished.
	Message, Fix string
}

func (e *MigratingError) Error() string { return e.Message }
