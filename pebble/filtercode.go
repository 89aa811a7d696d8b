package pebble

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
)

func filterBase64Encode(r *run, in Value, _ []Value) (Value, error) {
	return r.encode(in, base64.StdEncoding.EncodeToString)
}

// filterBase64URL encodes with the alphabet for URLs, without padding, as JSON
// Web Tokens do.
func filterBase64URL(r *run, in Value, _ []Value) (Value, error) {
	return r.encode(in, base64.RawURLEncoding.EncodeToString)
}

// filterMD5 and filterSHA1 exist for services that still ask for these digests.
func filterMD5(r *run, in Value, _ []Value) (Value, error) {
	return r.encode(in, func(b []byte) string { d := md5.Sum(b); return hex.EncodeToString(d[:]) })
}

func filterSHA1(r *run, in Value, _ []Value) (Value, error) {
	return r.encode(in, func(b []byte) string { d := sha1.Sum(b); return hex.EncodeToString(d[:]) })
}

func filterSHA256(r *run, in Value, args []Value) (Value, error) {
	if in.kind != kNull && in.kind != kString {
		return in, raise(KindPebble, "Need a string to hash\n")
	}
	return r.encode(in, func(b []byte) string { d := sha256.Sum256(b); return hex.EncodeToString(d[:]) })
}

func (r *run) encode(in Value, f func([]byte) string) (Value, error) {
	if in.kind == kNull {
		return in, nil
	}
	s, err := r.text(in)
	if err != nil {
		return in, err
	}
	if err := r.room(len(s)); err != nil {
		return in, err
	}
	return r.sized(f([]byte(s)))
}

func filterBase64Decode(r *run, in Value, _ []Value) (Value, error) {
	if in.kind == kNull {
		return in, nil
	}
	if in.kind != kString {
		return in, raise(KindPebble, "This filter applies to String\n")
	}
	// Go skips line breaks in base64, Java refuses them.
	data, err := base64.RawStdEncoding.DecodeString(trimPadding(in.str()))
	if err != nil || strings.ContainsAny(in.str(), "\r\n") {
		return in, raise(KindPebble, "Please provide a correctly Base64 encoded string containing an UTF-8 string\n")
	}
	return r.sized(strings.ToValidUTF8(string(data), "\uFFFD"))
}

// trimPadding removes padding that fits. Padding that does not stays, and makes
// the decoding fail.
func trimPadding(s string) string {
	if len(s)%4 != 0 {
		return s
	}
	return strings.TrimSuffix(strings.TrimSuffix(s, "="), "=")
}
