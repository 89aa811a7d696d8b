package audit

// The actions of this room; each other room names its own.
const (
	// ActionRead is a token handed out: count times within a second.
	ActionRead = "token.read"
	// ActionReadsDropped says how many reads could not be recorded.
	ActionReadsDropped = "audit.reads_dropped"
	// ActionUncleanEnd says that a process ended without warning, and that its last reads may be missing.
	ActionUncleanEnd = "audit.unclean_end"
	// ActionPrune says, signed, that the records up to one were let go.
	ActionPrune = "audit.prune"
)
