package simulator

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// shape writes a token response (RFC 6749 §5.1), deformed as the faults say.
func (s *Simulator) shape(f faults, out issued) answer {
	if out.access.Empty() { // the fault extend
		return jsonAnswer(http.StatusOK, map[string]string{"result": "0000", "message": "OK"})
	}
	now := s.now()
	fields := map[string]any{"access_token": out.access.Reveal(), "token_type": "Bearer"}
	if !out.accessExpires.IsZero() {
		tellExpiry(fields, f.expiresIn, now, out.accessExpires)
	}
	if !out.refresh.Empty() {
		fields["refresh_token"] = out.refresh.Reveal()
		fields["refresh_token_expires_in"] = lifetime(now, out.refreshExpires)
	}
	fields["scope"] = joinScope(out.scope)
	if f.renamed {
		fields = rename(fields)
	}
	switch {
	case f.bare:
		return newAnswer(http.StatusOK, "text/plain; charset=utf-8", []byte(out.access.Reveal()))
	case f.form:
		form := url.Values{}
		for name, value := range fields {
			form.Set(name, fmt.Sprint(value))
		}
		return newAnswer(http.StatusOK, "application/x-www-form-urlencoded", []byte(form.Encode()))
	case f.nested:
		return jsonAnswer(http.StatusOK, map[string]any{"data": map[string]any{"token": fields}})
	}
	return jsonAnswer(http.StatusOK, fields).with("Pragma", "no-cache")
}

// lifetime gives whole seconds, rounded down: a token never outlives what is said of it.
func lifetime(now, expires time.Time) int64 {
	return int64(math.Max(0, math.Floor(expires.Sub(now).Seconds())))
}

// tellExpiry writes how long the access token lives, in the way that was asked for.
func tellExpiry(fields map[string]any, way string, now, expires time.Time) {
	left := lifetime(now, expires)
	switch way {
	case "":
		fields["expires_in"] = left
	case "none":
	case "string":
		fields["expires_in"] = strconv.FormatInt(left, 10)
	case "ms":
		fields["expires_in"] = left * 1000
	case "wrong":
		fields["expires_in"] = left * 10
	case "absolute":
		fields["expires_at"] = expires.Unix()
	case "iso":
		fields["expires_at"] = expires.UTC().Format(time.RFC3339)
	default:
		fields["expires_in"] = way
		if number := json.RawMessage(way); json.Valid(number) && way != "true" && way != "false" && way != "null" {
			fields["expires_in"] = json.Number(way)
		}
	}
}

func rename(fields map[string]any) map[string]any {
	names := map[string]string{
		"access_token": "accessToken", "token_type": "tokenType", "expires_in": "expiresIn", "expires_at": "expiresAt",
		"refresh_token": "refreshToken", "refresh_token_expires_in": "refreshTokenExpiresIn",
	}
	out := make(map[string]any, len(fields))
	for name, value := range fields {
		if other, ok := names[name]; ok {
			name = other
		}
		out[name] = value
	}
	return out
}
