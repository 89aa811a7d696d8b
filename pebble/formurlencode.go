package pebble

// checkFormURLEncode refuses what is wrong with the arguments whatever their
// values.
func checkFormURLEncode(a arguments) string {
	if len(a.pos)%2 != 0 {
		return "formUrlEncode expects an even number of arguments"
	}
	return ""
}

func formURLEncode(r *run, args []Value) (Value, error) {
	var buf [256]byte
	b, err := appendFormURLEncode(r, buf[:0], args)
	if err != nil {
		return Value{}, err
	}
	return r.sized(string(b))
}

// appendFormURLEncode joins keys and values as a body of a form. In the
// DestinationSDK dialect a list is joined by blanks, as OAuth wants it of scopes.
func appendFormURLEncode(r *run, b []byte, args []Value) ([]byte, error) {
	if len(args)%2 != 0 {
		return b, raise(KindPebble, "formUrlEncode expects an even number of arguments")
	}
	start := len(b)
	for i, v := range args {
		switch {
		case i == 0:
		case i%2 == 0:
			b = append(b, '&')
		default:
			b = append(b, '=')
		}
		var err error
		if v.kind == kList && r.sdk() {
			if v, err = filterJoin(r, v, []Value{String(" ")}); err != nil {
				return b, err
			}
		}
		s, err := r.text(v)
		if err != nil {
			return b, err
		}
		b = appendForm(b, s)
		if len(b)-start > r.limits.StringBytes {
			return b, r.limit("StringBytes")
		}
	}
	return b, nil
}
