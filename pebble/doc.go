// Package pebble is the Pebble template language, as the Java engine of that
// name has it, for Go. It depends on the standard library alone, uses no
// reflection, and renders templates of strangers within bounds.
//
//	t, err := pebble.Parse("greeting", "Hello {{ user.name | title }}!")
//	text, err := t.RenderString(ctx, map[string]any{"user": user})
//
// # The language
//
// Text stands for itself. {{ x }} prints an expression, {% tag %} does
// something, {# text #} is a comment. One line break after a closing delimiter
// is swallowed; a dash inside a delimiter, as in {{- x -}}, trims all blanks on
// that side.
//
// Expressions have strings 'a' and "b #{x}", numbers 1 and 1.5, true, false,
// null, lists [a, b], maps {'k': v}, variables, attributes a.b and a['b'],
// items a[0], calls f(x, name=y). Operators, loosest first:
//
//	c ? a : b    or    and    is, is not, contains    == != < > <= >=
//	+ -    * / %    | (filter)    ~ (concatenate)    a..b    not, -, + (unary)
//
// So a ~ ':' ~ b | base64encode encodes the whole, and -x | abs is a number
// that was negative. A missing variable or attribute is null, which prints
// nothing; [WithStrict] makes it an error. [Template.Check] finds misspelled
// filters, tests and functions without a render.
//
// Tags of control: if/elseif/else/endif, for x in list/else/endfor with loop.index
// (from 0), loop.length, loop.revindex, loop.first and loop.last, set x = …,
// filter f/endfilter, autoescape, verbatim. A loop over a map yields entries
// with key and value. Tags that combine templates: block, extends, include,
// embed, macro, import, from; they load from a [Loader].
//
// Filters: abbreviate abs base64decode base64encode capitalize date default
// escape first format join last length lower merge nl2br numberformat raw
// replace reverse rsort sha256 slice sort split title toJson trim upper
// urlencode. Tests: defined empty even iterable map null odd. Functions: block
// formUrlEncode max min parent range.
//
// # Escaping
//
// In the dialect [Language] what {{ }} prints is escaped for HTML, unless the
// expression is a string literal, ends in the filter raw, or calls a macro or a
// block. [WithAutoescape] and the tag autoescape choose another strategy (js,
// css, url_param, json) or none. In [DestinationSDK] nothing is escaped.
//
// # Values
//
// Variables are nil, booleans, strings, integers, floats, json.Number, [Number],
// []any, []string, map[string]any, map[string]string, map[string][]string,
// *[Map], [Value] and anything with [Attributer]. Whatever else is reached is an
// error that names its Go type. [FromJSON] reads JSON so that objects keep their
// order and numbers their text. Nothing writes to the caller's data.
//
// # Trust
//
// A template may come from a stranger: it reaches nothing but its variables and
// its Loader, and its size, nesting, loops, values, output and time have
// [Limits]. What it prints is the caller's to judge: whether text is safe in a
// header, a URL or a page depends on where it goes. The message of an [Error]
// may hold data of the render if FromData says so; SafeMessage never does.
package pebble
