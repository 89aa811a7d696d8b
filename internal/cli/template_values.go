package cli

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"latchkey/pebble"
)

// javaVariables reads a context with the types that a Java host binds: objects keep their order, integers are Long or
// beyond 64 bits BigInteger, other numbers Double.
func javaVariables(context json.RawMessage) (map[string]any, error) {
	if len(context) == 0 || string(context) == "null" {
		return nil, nil
	}
	value, err := pebble.FromJSON(context)
	if err != nil {
		return nil, err
	}
	object, ok := value.(*pebble.Map)
	if !ok {
		return nil, errors.New("context is not an object")
	}
	vars := map[string]any{}
	for name, value := range object.All() {
		vars[name] = javaValue(value)
	}
	return vars, nil
}

func javaValue(value any) any {
	switch value := value.(type) {
	case pebble.Number:
		return javaNumber(value)
	case *pebble.Map:
		out := pebble.NewMap()
		for name, member := range value.All() {
			out.Set(name, javaValue(member))
		}
		return out
	case []any:
		out := make([]any, len(value))
		for i, item := range value {
			out[i] = javaValue(item)
		}
		return out
	}
	return value
}

// javaNumber leaves what fits neither type as it is written: the engine takes it for a BigInteger.
func javaNumber(number pebble.Number) any {
	if strings.ContainsAny(string(number), ".eE") {
		if f, err := strconv.ParseFloat(string(number), 64); err == nil {
			return f
		}
		return number
	}
	if n, err := strconv.ParseInt(string(number), 10, 64); err == nil {
		return n
	}
	return number
}
