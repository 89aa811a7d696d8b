package authority

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"latchkey/internal/ident"
	"latchkey/internal/project"
)

// The types of IMS tokens.
const (
	typeAccess = "access_token"
	typeJWT    = "at+jwt"
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
}

// imsHeader and imsClaims are an IMS access token (spec §2.7): numbers are strings, and expiry is a sum.
type imsHeader struct {
	Alg string `json:"alg"`
	X5U string `json:"x5u"`
	Kid string `json:"kid"`
	Itt string `json:"itt"`
}

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
}

// mint signs an access token.
func (s *Server) mint(i issue) (token string, err error) {
	now := s.config.Clock.Now()
	id := strconv.FormatInt(now.UnixMilli(), 10) + "-" + ident.UUID()
	if len(i.audience) > 0 {
		key := s.keys.signing(es256)
		return encode(key, map[string]string{"alg": es256, "typ": typeJWT, "kid": key.id}, jwtClaims{
			Issuer: s.config.Issuers[0], Subject: i.user, Audience: i.audience, Expires: now.Add(i.life).Unix(), IssuedAt: now.Unix(), ID: id,
			ClientID: i.client.ClientID, Scope: strings.Join(i.scopes, " "), Org: i.client.Organization,
		})
	}
	key := s.keys.signing(rs256)
	return encode(key, imsHeader{rs256, key.id + ".cer", key.id, "at"}, imsClaims{
		ID: id, Type: typeAccess, ClientID: i.client.ClientID, UserID: i.user, As: s.config.Name, Scope: strings.Join(i.scopes, ","),
		CreatedAt: strconv.FormatInt(now.UnixMilli(), 10), ExpiresIn: strconv.FormatInt(i.life.Milliseconds(), 10), Org: i.client.Organization,
	})
}

// encode makes a compact JWS (RFC 7515 §7.1).
func encode(k *key, header, claims any) (string, error) {
	if k == nil {
		return "", errors.New("there is no signing key")
	}
	head, err := json.Marshal(header)
	if err != nil {
		return "", fmt.Errorf("encoding a token: %w", err)
	}
	body, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("encoding a token: %w", err)
	}
	b64 := base64.RawURLEncoding
	out := make([]byte, 0, b64.EncodedLen(len(head))+b64.EncodedLen(len(body))+2+b64.EncodedLen(512))
	out = append(b64.AppendEncode(out, head), '.')
	out = b64.AppendEncode(out, body)
	signature, err := k.sign(out)
	if err != nil {
		return "", fmt.Errorf("signing a token: %w", err)
	}
	return string(b64.AppendEncode(append(out, '.'), signature)), nil
}

// Token is one of our own access tokens, read and checked.
type Token struct {
	ID, Type, ClientID, UserID, Organization string
	Scopes                                   []string
	IssuedAt, ExpiresAt                      time.Time
	// claims are its payload, as it is.
	claims map[string]any
}

// The reasons why a token is none.
var (
	errMalformed = errors.New("malformed_token")
	errSignature = errors.New("bad_signature")
	errExpired   = errors.New("expired_token")
	errRevoked   = errors.New("revoked_token")
)

const maxToken = 16 << 10

// check reads one of our own access tokens: its signature by a key and an algorithm of ours, its life, its revocation.
func (s *Server) check(token string) (*Token, error) {
	read, err := s.read(token)
	if err != nil {
		return nil, err
	}
	switch now := s.config.Clock.Now(); {
	case !now.Before(read.ExpiresAt):
		return nil, errExpired
	case s.revoked.has(read.ID):
		return nil, errRevoked
	}
	return read, nil
}

// read checks the signature and gives what the token says.
func (s *Server) read(token string) (*Token, error) {
	head, body, signature, ok := split(token)
	if !ok {
		return nil, errMalformed
	}
	var header struct{ Alg, Kid, Typ string }
	if json.Unmarshal(head, &header) != nil {
		return nil, errMalformed
	}
	key := s.keys.named(header.Kid)
	if key == nil || key.Algorithm != header.Alg || !key.verify([]byte(token[:strings.LastIndexByte(token, '.')]), signature) {
		return nil, errSignature
	}
	return parse(body, header.Typ)
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
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	t := &Token{}
	if decoder.Decode(&t.claims) != nil {
		return nil, errMalformed
	}
	if typ == typeJWT {
		var c jwtClaims
		if json.Unmarshal(body, &c) != nil {
			return nil, errMalformed
		}
		t.ID, t.Type, t.ClientID, t.UserID, t.Organization, t.Scopes = c.ID, typeAccess, c.ClientID, c.Subject, c.Org, scopes(c.Scope)
		t.IssuedAt, t.ExpiresAt = time.Unix(c.IssuedAt, 0), time.Unix(c.Expires, 0)
		return t, nil
	}
	var c imsClaims
	if json.Unmarshal(body, &c) != nil {
		return nil, errMalformed
	}
	created, err := strconv.ParseInt(c.CreatedAt, 10, 64)
	life, err2 := strconv.ParseInt(c.ExpiresIn, 10, 64)
	if err != nil || err2 != nil {
		return nil, errMalformed
	}
	t.ID, t.Type, t.ClientID, t.UserID, t.Organization, t.Scopes = c.ID, c.Type, c.ClientID, c.UserID, c.Org, scopes(c.Scope)
	t.IssuedAt, t.ExpiresAt = time.UnixMilli(created), time.UnixMilli(created+life)
	return t, nil
}
