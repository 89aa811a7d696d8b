package exchange

import (
	"context"
	"slices"
	"strings"

	"latchkey/internal/destination"
)

// judge decides whether an answer may be read for outputs (spec §3.8): the request's validations, then the
// configuration's, then the status, unless some validation compares that.
func (x *round) judge(ctx context.Context, a *answer, request *destination.Request, common []destination.Validation) error {
	vars := x.answerVars(a)
	all := slices.Concat(request.Validations, common)
	aboutStatus := false
	for _, v := range all {
		aboutStatus = aboutStatus || v.AboutStatus
		if err := x.validate(ctx, a, v, vars); err != nil {
			return err
		}
	}
	if !aboutStatus && !success(a.status) {
		return x.classify(a)
	}
	return nil
}

func (x *round) validate(ctx context.Context, a *answer, v destination.Validation, vars map[string]any) error {
	actual, err := v.Actual.Render(ctx, vars)
	if outOfTime(err) {
		return x.givenUp(a)
	}
	if err != nil {
		return x.invalid(a, v, "it could not be computed: "+safeMessage(err))
	}
	expected, err := v.Expected.Render(ctx, vars)
	if err != nil {
		return x.invalid(a, v, "what it expects could not be computed: "+safeMessage(err))
	}
	actual, expected = strings.TrimSpace(actual), strings.TrimSpace(expected)
	if actual == expected {
		return nil
	}
	pattern := v.Pattern
	if pattern == nil {
		pattern, _ = destination.WholeMatch(expected)
	}
	if pattern != nil && pattern.MatchString(actual) {
		return nil
	}
	// Only what cannot be a secret is shown: a status, or the outcome of a test.
	if v.Harmless || actual == "true" || actual == "false" {
		return x.invalid(a, v, "expected "+expected+", got "+actual)
	}
	return x.invalid(a, v, "the value is not what it expects")
}

// givenUp is the failure of an answer that there was no time to read.
func (x *round) givenUp(a *answer) error {
	f := x.failure(a, ProviderDown)
	f.Code, f.Description = codeTime, "there was no time to read the answer"
	return f
}

// invalid is the failure of a validation. An answer that is an error by itself keeps its kind.
func (x *round) invalid(a *answer, v destination.Validation, why string) error {
	var f *Failure
	if code := a.member("error"); !success(a.status) || code != "" {
		f = x.classify(a)
	} else {
		f = x.failure(a, BadResponse)
		f.Code = "validation_failed"
	}
	f.Validation = x.clean(v.Name, maxCode)
	if f.Description == "" {
		f.Description = x.clean(why, maxDescription)
	}
	return f
}
