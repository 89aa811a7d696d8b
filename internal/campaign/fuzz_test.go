package campaign_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"latchkey/internal/campaign"
)

// FuzzEdit holds that an edit changes what was asked for and nothing else, by the judgement of another parser, and that
// the bytes that it takes away are a value's, or blanks.
func FuzzEdit(f *testing.F) {
	for _, seed := range []string{
		"<serverConf><pipelined authType='no' b=\"&lt;\"/></serverConf>", "<serverconf>\r\n\t<pipelined />\r\n</serverconf>", "<serverConf/>",
		"\xef\xbb\xbf<?xml version='1.0' encoding='UTF-8'?><!-- - --><a><pipelined\n z='1'\n y='2'></pipelined><![CDATA[<pipelined/>]]>t</a>",
		"<?xml version='1.0' encoding='ISO-8859-1'?><a><pipelined x='\xe9'/></a>", "<a><pipelined/>text</a>", "<a>\n<!-- c --></a>",
	} {
		f.Add([]byte(seed), "pipelined", "authType", "imsJwtToken", false)
		f.Add([]byte(seed), "pipelined", "authType", "", true)
		f.Add([]byte(seed), "web/redirection", "IMSOrgId", `a'"<&>é`+"\n", false)
	}
	f.Fuzz(func(t *testing.T, src []byte, path, name, value string, remove bool) {
		if len(src) > 4<<10 || strings.Count(path, "/") > 4 {
			return
		}
		change := campaign.Change{Path: path, Attribute: name, Value: value, Remove: remove}
		after, err := campaign.EditText(src, change)
		if err != nil {
			return
		}
		if again, err := campaign.EditText(after, change); err != nil || !bytes.Equal(again, after) {
			t.Fatalf("the same edit again changes something, %v:\n%q\n%q", err, after, again)
		}
		if !subsequence(src, after) {
			t.Fatalf("bytes have gone:\n%q\n%q", src, after)
		}
		was, is := tokens(src), tokens(after)
		if was == nil || is == nil {
			return // encoding/xml does not read what is well-formed, as names with two colons
		}
		if got := without(is, was); got != "" {
			t.Fatalf("something else has changed: %s\n%q\n%q", got, src, after)
		}
	})
}

// subsequence holds that what is left of a text once one part of it is cut out stands in the other one, in order: an edit
// replaces one part (a value, or "/>" with the blanks before) and adds.
func subsequence(src, after []byte) bool {
	same := 0
	for same < min(len(src), len(after)) && src[same] == after[same] {
		same++
	}
	tail := 0
	for tail < min(len(src), len(after))-same && src[len(src)-1-tail] == after[len(after)-1-tail] {
		tail++
	}
	return !bytes.ContainsAny(src[same:len(src)-tail], "<")
}

// tokens gives what encoding/xml sees: elements with their attributes, comments, texts; nil when it sees an error.
func tokens(src []byte) []xml.Token {
	decoder := xml.NewDecoder(bytes.NewReader(src))
	decoder.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) {
		raw, err := io.ReadAll(in)
		var out strings.Builder
		for _, b := range raw {
			out.WriteRune(rune(b))
		}
		return strings.NewReader(out.String()), err
	}
	var all []xml.Token
	for {
		token, err := decoder.RawToken()
		if errors.Is(err, io.EOF) {
			return append(all, xml.EndElement{})
		}
		if err != nil {
			return nil
		}
		if text, ok := token.(xml.CharData); ok && len(bytes.TrimSpace(text)) == 0 {
			continue
		}
		all = append(all, xml.CopyToken(token))
	}
}

// without takes the one start tag that may differ, and the elements that may be new, out of what is there now, and gives
// the first token that is left.
func without(is, was []xml.Token) string {
	changed := 0
	for len(is) > 0 {
		if len(was) > 0 && same(was[0], is[0]) {
			was, is = was[1:], is[1:]
			continue
		}
		start, ok := is[0].(xml.StartElement)
		old, both := first(was)
		if changed++; !ok || changed > 8 {
			if _, end := is[0].(xml.EndElement); !end {
				return "a token that is no tag"
			}
			is = is[1:] // of an element that is new
			continue
		}
		if both && old.Name == start.Name && covers(start.Attr, old.Attr) {
			was = was[1:]
		}
		is = is[1:]
	}
	if len(was) > 0 {
		return "a token is gone"
	}
	return ""
}

func first(tokens []xml.Token) (xml.StartElement, bool) {
	if len(tokens) == 0 {
		return xml.StartElement{}, false
	}
	start, ok := tokens[0].(xml.StartElement)
	return start, ok
}

// covers tells whether all attributes but one are there as they were.
func covers(is, was []xml.Attr) bool {
	differ := 0
	for _, a := range was {
		if !slices.Contains(is, a) {
			differ++
		}
	}
	return differ <= 1 && len(is)-len(was) <= 1
}

func same(a, b xml.Token) bool {
	switch a := a.(type) {
	case xml.StartElement:
		b, ok := b.(xml.StartElement)
		return ok && a.Name == b.Name && slices.Equal(a.Attr, b.Attr)
	case xml.EndElement:
		return a == b
	case xml.CharData:
		b, ok := b.(xml.CharData)
		return ok && bytes.Equal(bytes.TrimSpace(a), bytes.TrimSpace(b))
	case xml.Comment:
		b, ok := b.(xml.Comment)
		return ok && bytes.Equal(a, b)
	case xml.ProcInst:
		b, ok := b.(xml.ProcInst)
		return ok && a.Target == b.Target && bytes.Equal(a.Inst, b.Inst)
	case xml.Directive:
		b, ok := b.(xml.Directive)
		return ok && bytes.Equal(a, b)
	}
	return false
}
