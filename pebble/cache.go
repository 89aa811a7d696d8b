package pebble

// cacheNode is cache: within one render, a body with the same key renders once.
type cacheNode struct {
	key  expr
	body []piece
	at   mark
}

type cacheKey struct {
	node *cacheNode
	key  string
}

func (n *cacheNode) render(r *run) error {
	v, err := n.key.eval(r)
	if err != nil {
		return err
	}
	if v.kind != kNull && v.kind != kString {
		return r.at(cannotCast(v, "the key of a cache"), n.at, `tag "cache"`)
	}
	key := cacheKey{n, v.str()}
	if s, ok := r.cached[key]; ok {
		return r.write(s)
	}
	s, err := r.capture(n.body)
	if err != nil {
		return err
	}
	if r.cached == nil {
		r.cached = map[cacheKey]string{}
	}
	r.cached[key] = s
	return r.write(s)
}
