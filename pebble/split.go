package pebble

import (
	"regexp"
	"strings"
)

// splitting is Java's String.split: empty strings at the end go unless limit is
// negative, and so does an empty one before a match of no width at the start.
type splitting struct {
	r     *run
	s     string
	limit int
	last  int
	parts []string
}

// split cuts s at what delimiter matches, a regular expression unless it has no
// special character.
func (r *run) split(s, delimiter string, limit int) ([]string, error) {
	if err := r.tick(len(s)>>4 + len(delimiter)); err != nil {
		return nil, err
	}
	w := splitting{r: r, s: s, limit: limit}
	var err error
	if delimiter != "" && !strings.ContainsAny(delimiter, `\.[]{}()*+?^$|`) {
		err = w.literal(delimiter)
	} else {
		err = w.pattern(delimiter)
	}
	if err != nil {
		return nil, err
	}
	if len(w.parts) == 0 {
		return []string{s}, nil
	}
	parts := append(w.parts, s[w.last:])
	for limit == 0 && len(parts) > 0 && parts[len(parts)-1] == "" {
		parts = parts[:len(parts)-1]
	}
	return parts, r.items(len(parts))
}

func (w *splitting) full() bool { return w.limit > 0 && len(w.parts) >= w.limit-1 }

func (w *splitting) literal(delimiter string) error {
	for !w.full() {
		i := strings.Index(w.s[w.last:], delimiter)
		if i < 0 {
			return nil
		}
		if err := w.cut(w.last+i, w.last+i+len(delimiter)); err != nil {
			return err
		}
	}
	return nil
}

func (w *splitting) pattern(delimiter string) error {
	re, err := compilePattern(delimiter)
	if err == nil {
		err = w.r.tick(500) // about what compiling takes
	}
	if err != nil {
		return err
	}
	// Go's matcher takes time linear in the text for each match it looks for.
	if err := w.r.tick(len(w.s)); err != nil {
		return err
	}
	for _, m := range re.FindAllStringIndex(w.s, w.r.limits.ListItems) {
		if w.full() {
			return nil
		}
		if m[1] == 0 {
			continue
		}
		if err := w.cut(m[0], m[1]); err != nil {
			return err
		}
	}
	return nil
}

func (w *splitting) cut(start, end int) error {
	w.parts = append(w.parts, w.s[w.last:start])
	w.last = end
	if len(w.parts) >= w.r.limits.ListItems {
		return w.r.limit("ListItems")
	}
	return w.r.tick(1)
}

// maxPattern bounds a regular expression, in bytes.
const maxPattern = 1000

// compilePattern compiles a Java regular expression as far as Go has its syntax.
// Go matches in linear time, which is why look-around and back-references, which
// cannot, do not exist.
func compilePattern(p string) (*regexp.Regexp, error) {
	for _, s := range []string{"(?=", "(?!", "(?<=", "(?<!"} {
		if strings.Contains(p, s) {
			return nil, raise("PatternSyntaxException", "look-around ("+s+"…) is not supported in a pattern")
		}
	}
	for i := 0; i+1 < len(p); i++ {
		if p[i] != '\\' {
			continue
		}
		if i++; p[i] >= '1' && p[i] <= '9' || p[i] == 'k' {
			return nil, raise("PatternSyntaxException", `back-references (\`+p[i:i+1]+`) are not supported in a pattern`)
		}
	}
	if len(p) > maxPattern {
		return nil, raise("PatternSyntaxException", "pattern is too long")
	}
	re, err := regexp.Compile(p)
	if err != nil {
		return nil, raiseData("PatternSyntaxException", "pattern is not valid: "+err.Error())
	}
	return re, nil
}
