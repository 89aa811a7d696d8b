package decision

// Advice says what to do about a refusal: by what the client was told where that is one thing, else by the error's code.
func (d *Decision) Advice() string {
	for _, r := range d.Reasons {
		if r.Name == "fix" {
			return sentence(r.Value)
		}
	}
	if advice, ok := bySays[d.Says]; ok {
		return advice
	}
	if advice, ok := byCode[d.Code]; ok {
		return advice
	}
	return "Compare what the client sends with the reference of the authorization server."
}

// bySays has the advice on what the server tells with its words alone.
var bySays = map[string]string{
	"The client_secret is missing.":                                                                     "Send client_secret in the form's body, or client id and secret by HTTP Basic. Look whether the variable that holds it is empty.",
	"The client_id and client_secret do not match.":                                                     "Compare the secret that the client holds with those of the credential: one that was deleted or renewed counts no more. \"latchkey credential secret\" makes a new one beside it.",
	"The client is disabled.":                                                                           "Enable the credential, or look in the audit record for who disabled it and why.",
	"Too many wrong secrets came from there; wait a minute.":                                            "Stop the program that repeats the wrong secret, mend it, and wait a minute: even the right secret is refused until then.",
	"The client lacks the scope exchange_jwt.":                                                          "Ask for tokens by grant_type=client_credentials: the credential is of another kind, or was migrated.",
	"The aud of the JWT is not a single string.":                                                        "Send aud as one string, as in \"expected\"; some libraries make a list of it.",
	"The client_id does not match the aud of the JWT.":                                                  "Set aud to the address in \"expected\": it ends in /c/ and the client_id that is sent beside the JWT.",
	"The aud of the JWT points at another IMS environment.":                                             "Set aud to the address in \"expected\", or name the other one in authority.issuers.",
	"The exp of the JWT is not an integer: seconds since 1970.":                                         "Write exp as a number without quotes: seconds, neither milliseconds nor a date.",
	"The JWT has expired.":                                                                              "Sign a JWT for each exchange, with an exp some minutes ahead. Where delta is more than that, set the clock of the machine that signs.",
	"The JWT expires more than 24 hours from now; exp is in seconds.":                                   "Divide exp by 1000 where it is in milliseconds, and keep it within 24 hours.",
	"The jwt_token is missing.":                                                                         "Send the signed JWT as the parameter jwt_token.",
	"JWT token is incorrectly formatted, and can not be decoded.":                                       "Send three parts with dots between them, signed with RS256 and without line breaks or quotes. An empty last part is a signature that failed.",
	"Could not match JWT signature to any of the bindings":                                              "Sign with the private key of a certificate that is bound and has not ended: \"latchkey cert verify KEY CERT\" tells whether the two belong together, \"latchkey credential show\" has the fingerprints.",
	"The JWT has no metascope.":                                                                         "Add a claim whose name is the server's address, /s/ and the metascope, and whose value is true.",
	"The metascopes in the JWT are not a subset of the metascopes in the binding.":                      "Subscribe the credential to the service of the metascope that is in \"claimed\" and not in \"bound\", or leave it out.",
	"The client_assertion is not accepted; the organization's log says why.":                            "Mend what \"reason\" says. iss and sub are the client_id, aud is this server's address, exp within an hour, jti a new one each time, and the key that of a certificate which is bound to the credential.",
	"The assertion is not accepted; the organization's log says why.":                                   "Mend what \"reason\" says. iss is the client_id, sub the technical account, aud this server's address, exp within an hour, jti a new one each time, and the key that of a certificate which is bound to the credential.",
	"The client authenticates in two ways; send one.":                                                   "Send a secret by Basic, a secret in the form, or a client_assertion: some libraries add one to what you add.",
	"The subject_token does not count, or is not one to exchange.":                                      "Send an access token of this server and of the same organization, which has not ended and whose client gets tokens: the one that the service was called with.",
	"The actor_token does not count, or is not one to exchange.":                                        "Send an access token of who acts, or leave it out: then the client acts.",
	"The subject_token names another who may act.":                                                      "Exchange it as the one whom its may_act names, or with a token of that one as actor_token.",
	"The subject_token and the client have no scope in common.":                                         "Ask for a scope more where the subject's token is taken, or subscribe the credential to the service that has one of \"subject\".",
	"A resource or audience is none that tokens are issued for.":                                        "Send one of the addresses in \"known\", or leave it out.",
	"The code_verifier does not belong to the code_challenge.":                                          "Send the verifier that this very sign-in began with, not its hash. With S256 the challenge is its SHA-256 in base64url without padding.",
	"The code_verifier is missing.":                                                                     "Send the code_verifier whose challenge the sign-in began with.",
	"There is a code_verifier, and the code was asked for without a code_challenge.":                    "Begin the sign-in with code_challenge and code_challenge_method=S256, or leave the verifier out.",
	"The code_challenge is missing: a client without a secret proves by PKCE that the code is its own.": "Begin the sign-in with code_challenge and code_challenge_method=S256.",
	"The redirect_uri is not the one that the code was sent to.":                                        "Send the redirect_uri of the sign-in, letter for letter. Where that was none of the client's, the default was used in its place.",
	"The code was used before; what came of it has been revoked.":                                       "Redeem a code once. A retry, a page that is loaded again or a second instance ends its tokens: sign in again.",
	"The code has ended: it is good for five minutes.":                                                  "Redeem the code at once.",
	"The refresh_token was used before; all that came of its code has been revoked.":                    "Keep the newest refresh token, and let one process use it: each is good once. The person has to sign in again. Where nobody of yours has repeated it, somebody else has it.",
	"The refresh_token has ended.":                                                                      "Let the person sign in again. A refresh token that is used in time goes on.",
	"The person who granted it is disabled or deleted.":                                                 "Let another person consent, or an administrator enable this one.",
	"The client is not one that people sign in to.":                                                     "Make a credential of the kind oauth_web_app, oauth_single_page_app or oauth_native_app.",
	"The application belongs to another organization than the account that is signed in.":               "Sign in with an account of the application's organization.",
	"The client may not use the client_credentials grant.":                                              "Make a credential of the kind oauth_server_to_server, or start the migration of one of the kind service_account_jwt.",
	"The org_id is not the client's organization.":                                                      "Send the organization that \"latchkey credential show\" has, or leave org_id out.",
	"The iss of the JWT is not the client's.":                                                           "Set iss to the organization's id, as in \"expected\".",
	"The sub of the JWT is not the client's.":                                                           "Set sub to the id of the technical account, as in \"expected\", not to its e-mail address.",
}

// byCode has the advice on the codes.
var byCode = map[string]string{
	"invalid_client":            "Compare the client id, its secret and the way in which they are sent with the credential.",
	"invalid_request":           "Send the request as the documentation shows it: the message names the parameter.",
	"invalid_grant":             "Begin anew: a code or refresh token counts once, for the client and redirect URI that it was made for, and not for ever.",
	"invalid_token":             "Get a new token or sign a new JWT; the reasons say what is wrong with this one.",
	"invalid_signature":         "Sign with the private key of a certificate that is bound and has not ended.",
	"invalid_jti":               "Send a jti that is a decimal number in quotes, greater than every one before: the time in seconds will do.",
	"bad_request":               "Mend the claim that the message names; the reasons have the value that was expected.",
	"invalid_scope":             "Ask for scopes that are in \"allowed\" alone, or subscribe the credential to the service that has the one that is missing.",
	"invalid_target":            "Send resource as an absolute URI without a fragment.",
	"unauthorized_client":       "Use a grant that the credential's kind has, or make a credential of the right kind.",
	"unsupported_grant_type":    "Send a grant_type that discovery lists.",
	"unsupported_response_type": "Send a response_type that discovery lists.",
	"login_required":            "Send the person to the sign-in without prompt=none.",
	"consent_required":          "Send the person to the sign-in without prompt=none.",
	"access_denied":             "Ask the person, or an administrator, to consent.",
}

func sentence(text string) string {
	if text == "" {
		return text
	}
	first := text[:1]
	if first >= "a" && first <= "z" {
		text = string(text[0]-'a'+'A') + text[1:]
	}
	if last := text[len(text)-1]; last != '.' {
		text += "."
	}
	return text
}
