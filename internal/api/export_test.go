package api

// What tests of this room's algorithms reach for.
var (
	AppendJSON  = appendJSON
	AppendToken = appendToken
)

// Decode reads a body of the richest request.
func Decode(raw []byte) (NewConnection, error) { return decode[NewConnection](raw) }
