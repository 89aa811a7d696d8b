package finding

import "strings"

// Refusal is how a server said no. Its words are what a [Row] is found by.
type Refusal struct {
	// HTTP is the status; 0 when no answer came.
	HTTP              int
	Code, Description string
}

// Explanation says what a refusal means and what to do. In its texts {name} and the like stand for values that
// [Explanation.Fill] puts in.
type Explanation struct {
	Means  string
	Advice []Advice
}

// Row is one of a table of refusals: what must be true of one, and what it means then.
type Row struct {
	Code string // of the refusal; "" is any
	HTTP int    // 0 is any
	Says string // a part of the description, in small letters; "" is any
	Explanation
}

// Explain finds what a refusal means: the first row that fits counts.
func Explain(r Refusal, rows []Row) (Explanation, bool) {
	says := strings.ToLower(r.Description)
	for _, row := range rows {
		if (row.Code == "" || row.Code == r.Code) && (row.HTTP == 0 || row.HTTP == r.HTTP) && strings.Contains(says, row.Says) {
			return row.Explanation, true
		}
	}
	return Explanation{}, false
}

// Fill puts values into the texts: pairs of what stands for one, as "{name}", and the value.
func (e Explanation) Fill(pairs ...string) Explanation {
	values := strings.NewReplacer(pairs...)
	out := Explanation{Means: values.Replace(e.Means)}
	for _, a := range e.Advice {
		out.Advice = append(out.Advice, Advice{values.Replace(a.Do), values.Replace(a.Where)})
	}
	return out
}

// When makes a row: code, HTTP and says as in [Row].
func When(code string, http int, says, means string, advice ...Advice) Row {
	return Row{code, http, says, Explanation{means, advice}}
}
