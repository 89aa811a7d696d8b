package pebble

import "sort"

// builtinFilters are the filters of the language. Nothing writes to it.
var builtinFilters = map[string]*filterDef{
	"abbreviate":   {filterAbbreviate, []string{"length"}, nil},
	"abs":          {filterAbs, nil, nil},
	"base64decode": {filterBase64Decode, nil, nil},
	"base64encode": {filterBase64Encode, nil, nil},
	"capitalize":   {filterCapitalize, nil, nil},
	"date":         {filterDate, []string{"format", "existingFormat", "timeZone"}, nil},
	"default":      {filterDefault, []string{"default"}, nil},
	"escape":       {filterEscape, []string{"strategy"}, nil},
	"first":        {filterFirst, nil, nil},
	"format":       {filterFormat, nil, nil},
	"join":         {filterJoin, []string{"separator"}, appendJoin},
	"last":         {filterLast, nil, nil},
	"length":       {filterLength, nil, nil},
	"lower":        {filterLower, nil, appendLower},
	"merge":        {filterMerge, []string{"items"}, nil},
	"nl2br":        {filterNl2br, nil, nil},
	"numberformat": {filterNumberFormat, []string{"format"}, nil},
	"raw":          {filterRaw, nil, nil},
	"replace":      {filterReplace, []string{"replace_pairs"}, nil},
	"reverse":      {filterReverse, nil, nil},
	"rsort":        {filterRsort, nil, nil},
	"sha256":       {filterSHA256, nil, nil},
	"slice":        {filterSlice, []string{"fromIndex", "toIndex"}, nil},
	"sort":         {filterSort, nil, nil},
	"split":        {filterSplit, []string{"delimiter", "limit"}, nil},
	"title":        {filterTitle, nil, nil},
	"toJson":       {filterToJSON, nil, nil},
	"trim":         {filterTrim, nil, nil},
	"upper":        {filterUpper, nil, appendUpper},
	"urlencode":    {filterURLEncode, nil, appendURLEncode},
}

// sdkFilters are the filters that only the DestinationSDK dialect has. Nothing
// writes to it.
var sdkFilters = map[string]*filterDef{
	"base64url": {filterBase64URL, []string{}, nil},
	"fromJson":  {filterFromJSON, []string{}, nil},
	"md5":       {filterMD5, []string{}, nil},
	"sha1":      {filterSHA1, []string{}, nil},
	"toSeconds": {filterToSeconds, []string{}, nil},
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
	how := escapeHTML
	if args[0].kind != kNull {
		name, err := r.text(args[0])
		if err != nil {
			return in, err
		}
		if how = strategyOf(name); how == escapeUnknown {
			return in, raiseData(KindPebble, "Unknown escaping strategy ["+clip(name)+"]")
		}
	}
	s, err := r.text(in)
	if err != nil {
		return in, err
	}
	b := appendEscaped(make([]byte, 0, len(s)+16), s, how)
	return Safe(string(b)), r.room(len(b))
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
