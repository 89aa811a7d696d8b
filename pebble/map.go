package pebble

import (
	"bytes"
	"encoding/json"
	"iter"
)

// Map is a map from string to any value that keeps the order in which keys were
// first set. The zero Map is empty and ready to use. It is not safe for writing
// while a template reads it.
type Map struct {
	keys   []string
	values []any
	index  map[string]int // key → place, once there are more than scanKeys
}

// scanKeys is up to how many keys a look-up scans; past it an index pays.
const scanKeys = 8

// NewMap returns an empty map.
func NewMap() *Map { return &Map{} }

// Set sets the value of key and returns m.
func (m *Map) Set(key string, value any) *Map {
	if i := m.find(key); i >= 0 {
		m.values[i] = value
		return m
	}
	m.keys = append(m.keys, key)
	m.values = append(m.values, value)
	if m.index != nil {
		m.index[key] = len(m.keys) - 1
	} else if len(m.keys) > scanKeys {
		m.index = make(map[string]int, 2*len(m.keys))
		for i, k := range m.keys {
			m.index[k] = i
		}
	}
	return m
}

// Get returns the value of key.
func (m *Map) Get(key string) (any, bool) {
	if i := m.find(key); i >= 0 {
		return m.values[i], true
	}
	return nil, false
}

func (m *Map) find(key string) int {
	if m == nil {
		return -1
	}
	if m.index != nil {
		if i, ok := m.index[key]; ok {
			return i
		}
		return -1
	}
	for i, k := range m.keys {
		if k == key {
			return i
		}
	}
	return -1
}

// Len returns the number of keys.
func (m *Map) Len() int {
	if m == nil {
		return 0
	}
	return len(m.keys)
}

// Keys returns the keys in order. The slice is a copy.
func (m *Map) Keys() []string {
	if m == nil {
		return nil
	}
	return append([]string(nil), m.keys...)
}

// All iterates over keys and values in order.
func (m *Map) All() iter.Seq2[string, any] {
	return func(yield func(string, any) bool) {
		for i := 0; i < m.Len(); i++ {
			if !yield(m.keys[i], m.values[i]) {
				return
			}
		}
	}
}

// MarshalJSON writes the map as a JSON object in the order of its keys.
func (m *Map) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i := 0; i < m.Len(); i++ {
		if i > 0 {
			b.WriteByte(',')
		}
		key, err := json.Marshal(m.keys[i])
		if err != nil {
			return nil, err
		}
		b.Write(key)
		b.WriteByte(':')
		value, err := json.Marshal(m.values[i])
		if err != nil {
			return nil, err
		}
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}
