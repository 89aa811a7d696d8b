package manifest

import "iter"

// collect makes current objects of a list's items: of those that are wanted, all with wanted nil.
func collect[T any](items iter.Seq2[T, error], wanted func(T) bool, show func(T) (*current, error)) ([]*current, error) {
	var out []*current
	for item, err := range items {
		if err != nil {
			return nil, err
		}
		if wanted != nil && !wanted(item) {
			continue
		}
		one, err := show(item)
		if err != nil {
			return nil, err
		}
		if one != nil {
			out = append(out, one)
		}
	}
	return out, nil
}
