package archtest_test

import (
	"go/ast"
	"testing"
)

// unrecorded lists the functions of the store that write and keep no entry of the audit record, with the reason.
var unrecorded = map[string]string{
	"Registry.TouchKeys":        "when a key was last used; the token reads say more",
	"Registry.SeeSession":       "when a browser last came; its beginning and its end are recorded",
	"Connections.writeAttempt":  "steps of a browser; FailAttempt records in it, the commit of the consent by itself",
	"Connections.Delete":        "deleteConnection records",
	"Connections.Sweep":         "deleteConnection records; attempts that ended have their records",
	"Connections.SweepHistory":  "retention of what happened, which is recorded",
	"ConnectLinks.TakeLink":     "what comes of it is recorded by LeaveLink",
	"dataKeys.CreateDataKey":    "made with an organization's first secret, which is recorded",
	"dataKeys.Rewrap":           "a step of a rotation, whose beginning and end are recorded",
	"Projects.KeepUses":         "when a secret or a certificate was last used; the authority's log says more",
	"Webhooks.Spread":           "deliveries have their own log",
	"Webhooks.Claim":            "deliveries have their own log",
	"Webhooks.Finish":           "deliveries have their own log",
	"Webhooks.Prune":            "retention of events",
	"CloudServices.KeepItems":   "pages of a list under way; EndRound records",
	"Mails.Gather":              "mail has its own log",
	"Mails.Open":                "mail has its own log",
	"Mails.Claim":               "mail has its own log",
	"Mails.Finish":              "mail has its own log",
	"Mails.Prune":               "retention of mail",
	"Calendar.Warn":             "the event tells",
	"IMS.KeepCheck":             "what a check found, which changes nothing",
	"Series.KeepSeries":         "what is measured",
	"Series.FoldSeries":         "what is measured",
	"Calendar.Forget":           "retention of warnings",
	"Revocations.Claim":         "how it ends is recorded",
	"Revocations.Prune":         "retention of what ended",
	"Authority.BeginFamily":     "that somebody signs in is recorded, and the consent; the tokens that come of it leave no row",
	"Authority.Rotate":          "the same",
	"Authority.UseJTI":          "the token that it is for leaves no row",
	"Authority.UseAssertion":    "the token that it is for leaves no row",
	"Authority.SweepAssertions": "retention of assertions that ended",
	"Decisions.KeepDecisions":   "refusals, which change nothing",
	"Decisions.ForgetDecisions": "retention of refusals",
	"CloudTargets.ClaimSync":    "how the sync ends is recorded",
	"CloudTargets.FreeSyncs":    "the same",
	"CloudTargets.KeepPage":     "how the sync ends is recorded",
	"Daemons.Tell":              "what a daemon tells of itself; orders are recorded",
	"Daemons.Settle":            "what came of an act, whose giving is recorded",
	"Daemons.Tidy":              "retention of acts that ended, and of messages",
	"Registry.UseIdentities":    "when somebody last came by the provider; the session is recorded",
	"Registry.KeepSetUpLink":    "there is no organization yet, and so no record; its use is recorded",
	"Store.Emit":                "an event without a change",
	"Store.write":               "writeOf without keys",
	"Store.sweepMarks":          "marks of transactions",
	"Store.Ping":                "writes nothing",
	"Connections.Claim":         "the refresh that it begins is recorded with its end",
	"Connections.Inherit":       "claims of processes that are gone",
	"Connections.Again":         "the refresh that it begins is recorded with its end",
	"Idempotency.Begin":         "the request that it stands for is recorded",
	"Idempotency.Finish":        "the request that it stands for is recorded",
	"Idempotency.Abandon":       "the request that it stands for is recorded",
	"Providers.Meet":            "what is measured of a provider",
	"Providers.Stand":           "what is measured of a provider",
	"Audit.OpenReads":           "the record's own",
	"Audit.KeepCheckpoint":      "the record's own",
	"Audit.KeepVerification":    "the record's own",
	"Audit.foldReads":           "foldBatches records",
}

// TestWritesAreRecorded holds that whatever writes to the database records it in the same transaction: who adds a method
// that writes adds its entry, or the reason for none above.
func TestWritesAreRecorded(t *testing.T) {
	known := map[string]bool{}
	for _, f := range house(t) {
		if f.dir != "internal/store" || f.test {
			continue
		}
		for _, declared := range f.ast.Decls {
			function, ok := declared.(*ast.FuncDecl)
			if !ok || !does(function, "write") && !does(function, "writeOf") && !does(function, "writeSoon") {
				continue
			}
			name := receiver(function) + "." + function.Name.Name
			_, exempt := unrecorded[name]
			known[name] = true
			switch recorded := does(function, "record"); {
			case !recorded && !exempt:
				t.Errorf("%s: %s writes and records nothing: hand it an audit.Entry, or give it a line in the table of this test", f.path, name)
			case recorded && exempt:
				t.Errorf("%s: %s records; take its line out of the table of this test", f.path, name)
			}
		}
	}
	for name := range unrecorded {
		if !known[name] {
			t.Errorf("%s writes no longer; take its line out of the table of this test", name)
		}
	}
}

// receiver names the type that a method is of.
func receiver(function *ast.FuncDecl) string {
	if function.Recv == nil || len(function.Recv.List) == 0 {
		return ""
	}
	of := function.Recv.List[0].Type
	if pointer, ok := of.(*ast.StarExpr); ok {
		of = pointer.X
	}
	if name, ok := of.(*ast.Ident); ok {
		return name.Name
	}
	return ""
}

// does tells whether a function calls something of that name.
func does(function *ast.FuncDecl, name string) bool {
	found := false
	ast.Inspect(function, func(node ast.Node) bool {
		call, ok := node.(*ast.CallExpr)
		if !ok {
			return true
		}
		switch called := call.Fun.(type) {
		case *ast.SelectorExpr:
			found = found || called.Sel.Name == name
		case *ast.Ident:
			found = found || called.Name == name
		}
		return true
	})
	return found
}
