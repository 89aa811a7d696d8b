package pebble

import "sort"

// builtinFilters are the filters of the language. Nothing writes to it.
var builtinFilters = map[string]*filterDef{
	"abbreviate":   {call: filterAbbreviate, params: []string{"length"}},
	"abs":          {call: filterAbs},
	"base64decode": {call: filterBase64Decode},
	"base64encode": {call: filterBase64Encode},
	"capitalize":   {call: filterCapitalize},
	"date":         {call: filterDate, params: []string{"format", "existingFormat", "timeZone"}},
	"default":      {call: filterDefault, params: []string{"default"}},
	"escape":       {call: filterEscape, params: []string{"strategy"}, append: appendEscape, safe: true},
	"first":        {call: filterFirst},
	"format":       {call: filterFormat},
	"join":         {call: filterJoin, params: []string{"separator"}, append: appendJoin, joins: true},
	"last":         {call: filterLast},
	"length":       {call: filterLength},
	"lower":        {call: filterLower, append: appendLower, text: appendLowerText},
	"merge":        {call: filterMerge, params: []string{"items"}},
	"nl2br":        {call: filterNl2br},
	"numberformat": {call: filterNumberFormat, params: []string{"format"}},
	"raw":          {call: filterRaw},
	"replace":      {call: filterReplace, params: []string{"replace_pairs"}},
	"reverse":      {call: filterReverse},
	"rsort":        {call: filterRsort},
	"sha256":       {call: filterSHA256},
	"slice":        {call: filterSlice, params: []string{"fromIndex", "toIndex"}},
	"sort":         {call: filterSort},
	"split":        {call: filterSplit, params: []string{"delimiter", "limit"}},
	"title":        {call: filterTitle},
	"toJson":       {call: filterToJSON},
	"trim":         {call: filterTrim},
	"upper":        {call: filterUpper, append: appendUpper, text: appendUpperText},
	"urlencode":    {call: filterURLEncode, append: appendURLEncode, text: appendForm},
}

// sdkFilters are the filters that only the DestinationSDK dialect has. Nothing
// writes to it.
var sdkFilters = map[string]*filterDef{
	"base64url": {call: filterBase64URL, params: []string{}},
	"fromJson":  {call: filterFromJSON, params: []string{}},
	"md5":       {call: filterMD5, params: []string{}},
	"sha1":      {call: filterSHA1, params: []string{}},
	"toSeconds": {call: filterToSeconds, params: []string{}},
}

func filterOf(name string, d Dialect) (*filterDef, bool) {
	f, ok := builtinFilters[name]
	if !ok && d == DestinationSDK {
		f, ok = sdkFilters[name]
	}
	return f, ok
}

// filterNames lists the filters that a misspelt one may mean.
func filterNames(c *config) []string {
	var names []string
	for n := range builtinFilters {
		names = append(names, n)
	}
	if c.dialect == DestinationSDK {
		for n := range sdkFilters {
			names = append(names, n)
		}
	}
	for n := range c.filters {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}

// asString is the Java cast that most filters for text begin with.
func asString(v Value) (string, error) {
	if v.kind != kString {
		return "", cannotCast(v, "a string")
	}
	return v.str(), nil
}

func filterRaw(r *run, in Value, _ []Value) (Value, error) {
	if in.kind == kNull {
		return in, nil
	}
	s, err := r.text(in)
	return Safe(s), err
}

func filterEscape(r *run, in Value, args []Value) (Value, error) {
	if in.kind == kNull || in.kind == kSafe {
		return in, nil
	}
	b, err := appendEscape(r, nil, in, args)
	if err != nil {
		return in, err
	}
	return Safe(string(b)), r.room(len(b))
}

func appendEscape(r *run, b []byte, in Value, args []Value) ([]byte, error) {
	how := escapeHTML
	if args[0].kind != kNull {
		name, err := r.text(args[0])
		if err != nil {
			return b, err
		}
		if how = strategyOf(name); how == escapeUnknown {
			return b, raiseData(KindPebble, "Unknown escaping strategy ["+clip(name)+"]")
		}
	}
	s, err := r.text(in)
	if err != nil {
		return b, err
	}
	return appendEscaped(b, s, how), nil
}

func filterDefault(_ *run, in Value, args []Value) (Value, error) {
	if isEmpty(in) {
		return args[0], nil
	}
	return in, nil
}

func filterLength(r *run, in Value, _ []Value) (Value, error) {
	if in.kind == kString {
		return integer(utf16Length(in.str())), r.tick(len(in.str()) >> 6)
	}
	return integer(in.length()), nil
}

func filterAbs(_ *run, in Value, _ []Value) (Value, error) {
	switch in.kind {
	case kInt, kLong:
		if in.n < 0 {
			in = Value{kind: in.kind, n: -in.n}
		}
		return in, nil
	case kDouble:
		if f := in.float(); f < 0 || f == 0 {
			return Float(0 - f), nil
		}
		return in, nil
	case kLazy, kBig:
		f := in.float()
		if f < 0 {
			f = -f
		}
		return Float(f), nil
	case kNull:
		return in, raise(KindPebble, `Can not pass null value to "abs" filter.`)
	}
	return in, raise(KindPebble, "The 'abs' filter does require as input a number.")
}
