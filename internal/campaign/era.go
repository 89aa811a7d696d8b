package campaign

// What the vendor has said about its ways to authenticate, by spec/campaign-and-pipeline.md §1.4 and §1.8. The dates are
// the vendor's own and hold for its servers; Latchkey's authority takes all three.

// Builds tells from which of the vendor's builds on a form of a command works.
func Builds(g Grant) string {
	switch g {
	case GrantJWT:
		return "Campaign Classic 19.1.8, 20.2.4, 20.3, Gold Standard 11, or newer"
	case GrantOAuth:
		return "Campaign 7.4.1 or newer"
	case GrantGateway:
		return "Campaign 6.11 build 8705 or newer"
	}
	return ""
}

// Retired says when the vendor ends, or has ended, a way; "" for one that stays.
func Retired(g Grant) string {
	switch g {
	case GrantGateway:
		return "the vendor has retired the legacy gateway: announced for 2021-04-30, moved to 2021-11-30 and on, for hosted instances off since 2022-05-25; " +
			"its host api.omniture.com ended with Analytics 1.4 on 2026-08-12"
	case GrantJWT:
		return "the vendor makes no JWT credentials since 2024-06-03, ended support on 2025-06-30 (first 2025-01-27), and takes none from 2026-03-01 on " +
			"or when the certificate ends, whichever comes first; OAuth server-to-server takes their place (-setimsoauth, " + Builds(GrantOAuth) + ")"
	}
	return ""
}
