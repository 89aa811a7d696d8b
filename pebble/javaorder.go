package pebble

import (
	"sort"
	"unicode/utf16"
)

// order sorts the entries as Java's HashMap with a table of that size iterates
// over them: by bucket, within one bucket as they were put in.
func (d *dict) order(size int) {
	mask := int32(size - 1)
	type slot struct {
		bucket int32
		key    Value
		val    Value
	}
	slots := make([]slot, len(d.keys))
	for i, k := range d.keys {
		h := javaHash(k, 0)
		slots[i] = slot{(h ^ int32(uint32(h)>>16)) & mask, k, d.vals[i]}
	}
	sort.SliceStable(slots, func(i, j int) bool { return slots[i].bucket < slots[j].bucket })
	for i, s := range slots {
		d.keys[i], d.vals[i] = s.key, s.val
	}
	if d.index != nil {
		d.index = nil
		d.reindex(0)
	}
}

// tableSize is the size that HashMap rounds a capacity up to.
func tableSize(n int) int {
	size := 1
	for size < n {
		size <<= 1
	}
	return size
}

// javaHash is hashCode. Compound keys beyond a few levels hash alike: the order
// of such keys is no one's concern.
func javaHash(v Value, depth int) int32 {
	switch v.kind {
	case kBool:
		if v.n != 0 {
			return 1231
		}
		return 1237
	case kLong, kDouble:
		return int32(v.n ^ int64(uint64(v.n)>>32))
	case kInt, kChar, kLazy:
		return int32(v.n)
	case kString:
		var h int32
		for _, u := range utf16.Encode([]rune(v.str())) {
			h = 31*h + int32(u)
		}
		return h
	case kList:
		h := int32(1)
		for i, n := 0, v.length(); depth < 4 && i < n; i++ {
			h = 31*h + javaHash(v.at(i), depth+1)
		}
		return h
	case kMap:
		var h int32
		if depth < 4 {
			for k, x := range v.pairs {
				h += javaHash(k, depth+1) ^ javaHash(x, depth+1)
			}
		}
		return h
	}
	return 0
}
