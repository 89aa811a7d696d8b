package pebble

func filterDate(r *run, in Value, args []Value) (Value, error)         { return in, nil }
func filterNumberFormat(r *run, in Value, args []Value) (Value, error) { return in, nil }
func filterFormat(r *run, in Value, args []Value) (Value, error)       { return in, nil }
