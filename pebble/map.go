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
	members []member
	index   map[string]int // key → place, once there are more than scanKeys
}

type member struct {
	key   string
	code  keyCode
	value any
}

// keyCode stands for a key: codes compare much faster than strings. That of a key
// of up to 7 bytes holds all of it; keys of the same longKey may still differ.
type keyCode uint64

const longKey keyCode = 1 << 63

func codeOf(key string) keyCode {
	head, c := key, keyCode(len(key))
	if len(key) > 7 {
		head, c = key[len(key)-6:], longKey>>48|c<<8|keyCode(key[0])
	}
	for i := 0; i < len(head); i++ {
		c = c<<8 | keyCode(head[i])
	}
	return c
}

// is reports whether m has the key, whose code is given.
func (m *member) is(key string, c keyCode) bool {
	return m.code == c && (c < longKey || m.key == key)
}

// scanKeys is up to how many keys a look-up scans; past it an index pays.
const scanKeys = 8

// NewMap returns an empty map.
func NewMap() *Map { return &Map{} }

// Set sets the value of key and returns m.
func (m *Map) Set(key string, value any) *Map {
	if i := m.find(key); i >= 0 {
		m.members[i].value = value
		return m
	}
	m.members = append(m.members, member{key, codeOf(key), value})
	if m.index != nil {
		m.index[key] = len(m.members) - 1
	} else if len(m.members) > scanKeys {
		m.index = make(map[string]int, 2*len(m.members))
		for i := range m.members {
			m.index[m.members[i].key] = i
		}
	}
	return m
}

// Get returns the value of key.
func (m *Map) Get(key string) (any, bool) {
	if i := m.find(key); i >= 0 {
		return m.members[i].value, true
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
	for i := range m.members {
		if m.members[i].key == key {
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
	return len(m.members)
}

// Keys returns the keys in order. The slice is a copy.
func (m *Map) Keys() []string {
	if m.Len() == 0 {
		return nil
	}
	keys := make([]string, len(m.members))
	for i := range keys {
		keys[i] = m.members[i].key
	}
	return keys
}

// All iterates over keys and values in order.
func (m *Map) All() iter.Seq2[string, any] {
	return func(yield func(string, any) bool) {
		for i := 0; i < m.Len(); i++ {
			if !yield(m.members[i].key, m.members[i].value) {
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
		key, err := json.Marshal(m.members[i].key)
		if err != nil {
			return nil, err
		}
		b.Write(key)
		b.WriteByte(':')
		value, err := json.Marshal(m.members[i].value)
		if err != nil {
			return nil, err
		}
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}
