package authority

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"latchkey/internal/project"
)

// The types of IMS tokens.
const (
	typeAccess  = "access_token"
	typeRefresh = "refresh_token"
	typeCode    = "authorization_code"
	// typeJWT is the header's typ of an access token of RFC 9068.
	typeJWT = "at+jwt"
)

// issue is what a token is to say.
type issue struct {
	client *project.Client
	// user is whom it is for: the technical account of a client, or a person.
	user   string
	scopes []string
	life   time.Duration
	// audience makes an access token of RFC 9068 for our own APIs instead of IMS's.
	audience []string
	// family is what the token comes from when a person granted it; signedInAt is when that person signed in.
	family     string
	signedInAt time.Time
	delegation
}

// header is a token's (RFC 7515 §4). IMS's have x5u and itt, the others typ.
type header struct {
	Alg string `json:"alg"`
	Typ string `json:"typ,omitempty"`
	X5U string `json:"x5u,omitempty"`
	Kid string `json:"kid"`
	Itt string `json:"itt,omitempty"`
}

// imsClaims are an IMS access token (spec §2.7): numbers are strings, and expiry is a sum.
type imsClaims struct {
	ID        string `json:"id"`
	Type      string `json:"type"`
	ClientID  string `json:"client_id"`
	UserID    string `json:"user_id"`
	As        string `json:"as"`
	Scope     string `json:"scope"`
	CreatedAt string `json:"created_at"`
	ExpiresIn string `json:"expires_in"`
	Org       string `json:"org,omitempty"`
	Family    string `json:"sid,omitempty"`
	delegation
}

// jwtClaims are those of RFC 9068 §2.2, and the organization.
type jwtClaims struct {
	Issuer   string   `json:"iss"`
	Subject  string   `json:"sub"`
	Audience []string `json:"aud"`
	Expires  int64    `json:"exp"`
	IssuedAt int64    `json:"iat"`
	ID       string   `json:"jti"`
	ClientID string   `json:"client_id"`
	Scope    string   `json:"scope"`
	Org      string   `json:"org"`
	Family   string   `json:"sid,omitempty"`
	AuthTime int64    `json:"auth_time,omitempty"` // §2.2.1
	delegation
}

// mint signs an access token.
func (x *exchange) mint(i issue) (token string, err error) {
	now := x.config.Clock.Now()
	id := newTokenID(now)
	if len(i.audience) > 0 {
		key := x.keys.signing(es256)
		claims := jwtClaims{
			Issuer: x.issuer(), Subject: i.user, Audience: i.audience, Expires: now.Add(i.life).Unix(), IssuedAt: now.Unix(), ID: id,
			ClientID: i.client.ClientID, Scope: strings.Join(i.scopes, " "), Org: i.client.Organization, Family: i.family,
			delegation: i.delegation,
		}
		if !i.signedInAt.IsZero() {
			claims.AuthTime = i.signedInAt.Unix()
		}
		return encode(key, header{Alg: es256, Typ: typeJWT, Kid: key.id}, claims)
	}
	key := x.keys.signing(rs256)
	return encode(key, key.imsHeader("at"), x.claims(typeAccess, i, id, now))
}

// encode makes a compact JWS (RFC 7515 §7.1).
func encode(k *key, h header, claims any) (string, error) {
	if k == nil {
		return "", errors.New("there is no signing key")
	}
	head, err := k.head(h)
	if err != nil {
		return "", fmt.Errorf("encoding a token: %w", err)
	}
	body, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("encoding a token: %w", err)
	}
	b64 := base64.RawURLEncoding
	out := make([]byte, 0, len(head)+b64.EncodedLen(len(body))+2+b64.EncodedLen(k.signatureSize()))
	out = append(append(out, head...), '.')
	out = b64.AppendEncode(out, body)
	signature, err := k.sign(out)
	if err != nil {
		return "", fmt.Errorf("signing a token: %w", err)
	}
	return string(b64.AppendEncode(append(out, '.'), signature)), nil
}

// head gives a header's encoding, which all tokens of a kind share.
func (k *key) head(h header) (string, error) {
	if made, ok := k.heads.Load(h); ok {
		return made.(string), nil
	}
	text, err := json.Marshal(h)
	if err != nil {
		return "", err
	}
	made := base64.RawURLEncoding.EncodeToString(text)
	k.heads.Store(h, made)
	return made, nil
}

// Token is one of our own access tokens, read and checked.
type Token struct {
	ID, Type, ClientID, UserID, Organization string
	// Family is what it comes from, when a person granted it; Generation is a refresh token's.
	Family              string
	Generation          int64
	Scopes              []string
	IssuedAt, ExpiresAt time.Time
	// Audience is whom it is for alone, and Issuer who it is from; IMS's tokens name neither.
	Audience []string
	Issuer   string
	delegation
	// claims are its payload, as it is.
	claims json.RawMessage
}

// The reasons why a token is none.
var (
	errMalformed = errors.New("malformed_token")
	errSignature = errors.New("bad_signature")
	errExpired   = errors.New("expired_token")
	errRevoked   = errors.New("revoked_token")
	errType      = errors.New("wrong_type")
	errIssuer    = errors.New("wrong_issuer")
	errUnread    = errors.New("temporarily_unavailable") // the store can't tell
	errAudience  = errors.New("wrong_audience")
)

const maxToken = 16 << 10

// check reads one of our own access tokens: its signature by a key and an algorithm of ours, its type, its life, its
// revocation. Codes and refresh tokens are signed by the same keys, and are no access tokens.
func (s *Server) check(token string) (*Token, error) {
	read, err := s.alive(token)
	if err == nil && read.Type != typeAccess {
		return nil, errType
	}
	return read, err
}

// alive reads a token of any type that has not ended.
func (s *Server) alive(token string) (*Token, error) {
	_, read, err := s.open(token)
	if err != nil {
		return nil, err
	}
	switch now := s.config.Clock.Now(); {
	case !now.Before(read.ExpiresAt):
		return nil, errExpired
	case s.revoked.has(read.ID), read.Family != "" && s.revoked.has(read.Family), slices.ContainsFunc(read.Origins, s.revoked.has):
		return nil, errRevoked
	}
	return read, nil
}

// open checks the signature and gives what the token says.
func (s *Server) open(token string) (body []byte, read *Token, err error) {
	head, body, signature, ok := split(token)
	if !ok {
		return nil, nil, errMalformed
	}
	var header struct{ Alg, Kid, Typ string }
	if json.Unmarshal(head, &header) != nil {
		return nil, nil, errMalformed
	}
	key := s.keys.named(header.Kid)
	if key == nil || key.Algorithm != header.Alg || !key.verify([]byte(token[:strings.LastIndexByte(token, '.')]), signature) {
		return nil, nil, errSignature
	}
	if read, err = parse(body, header.Typ); err == nil && read.Issuer != "" && !s.ours(read.Issuer) { // RFC 9068 §4
		return nil, nil, errIssuer
	}
	return body, read, err
}

// forUs tells whether a token may be used at this server's own APIs (RFC 9068 §4): IMS's tokens are for everybody.
func (s *Server) forUs(t *Token) bool {
	return t.Audience == nil || slices.ContainsFunc(t.Audience, func(name string) bool { return s.ours(strings.TrimRight(name, "/")) })
}

func split(token string) (head, body, signature []byte, ok bool) {
	parts := strings.Split(token, ".")
	if len(token) > maxToken || len(parts) != 3 {
		return nil, nil, nil, false
	}
	var out [3][]byte
	for i, part := range parts {
		decoded, err := base64.RawURLEncoding.DecodeString(part)
		if err != nil {
			return nil, nil, nil, false
		}
		out[i] = decoded
	}
	return out[0], out[1], out[2], true
}

func parse(body []byte, typ string) (*Token, error) {
	t := &Token{claims: body}
	if strings.EqualFold(strings.TrimPrefix(typ, "application/"), typeJWT) {
		var c jwtClaims
		if json.Unmarshal(body, &c) != nil || c.Issuer == "" || len(c.Audience) == 0 {
			return nil, errMalformed
		}
		t.ID, t.Type, t.ClientID, t.UserID, t.Organization, t.Scopes = c.ID, typeAccess, c.ClientID, c.Subject, c.Org, scopes(c.Scope)
		t.Family, t.Audience, t.Issuer, t.delegation = c.Family, c.Audience, c.Issuer, c.delegation
		t.IssuedAt, t.ExpiresAt = time.Unix(c.IssuedAt, 0), time.Unix(c.Expires, 0)
		return t, nil
	}
	var c refreshClaims // of which the others have a part
	if json.Unmarshal(body, &c) != nil {
		return nil, errMalformed
	}
	created, err := strconv.ParseInt(c.CreatedAt, 10, 64)
	life, err2 := strconv.ParseInt(c.ExpiresIn, 10, 64)
	if err != nil || err2 != nil {
		return nil, errMalformed
	}
	t.ID, t.Type, t.ClientID, t.UserID, t.Organization, t.Scopes = c.ID, c.Type, c.ClientID, c.UserID, c.Org, scopes(c.Scope)
	t.Family, t.Generation, t.delegation = c.Family, c.Generation, c.delegation
	t.IssuedAt, t.ExpiresAt = time.UnixMilli(created), time.UnixMilli(created+life)
	return t, nil
}
