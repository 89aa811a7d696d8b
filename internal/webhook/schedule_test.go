package webhook

import (
	"net/http"
	"testing"
	"time"

	"latchkey/internal/secret"
)

var noon = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

func TestNext(t *testing.T) {
	want := []time.Duration{5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 10 * time.Hour}
	for i, pause := range want {
		for _, chance := range []float64{0, 0.5, 0.999} {
			at, again := next(i+1, noon, 0, chance)
			late := at.Sub(noon) - pause
			if !again || late < 0 || late > pause/10 || pause < time.Minute && late != 0 {
				t.Errorf("next(%d) is %v after the failure, %v; want %v", i+1, at.Sub(noon), again, pause)
			}
		}
	}
	if at, again := next(8, noon, time.Hour, 0); again {
		t.Errorf("next(8) = %v, want none", at)
	}
	for asked, want := range map[time.Duration]time.Duration{
		time.Second: 5 * time.Second, time.Minute: time.Minute, 1000 * time.Hour: 24 * time.Hour,
	} {
		if at, _ := next(1, noon, asked, 0); at.Sub(noon) != want {
			t.Errorf("next() asked to wait %v = %v, want %v", asked, at.Sub(noon), want)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	for _, c := range []struct {
		status int
		value  string
		want   time.Duration
	}{
		{429, "120", 2 * time.Minute}, {503, "120", 2 * time.Minute}, {500, "120", 0}, {429, "", 0}, {429, "soon", 0},
		{503, noon.Add(time.Hour).Format(http.TimeFormat), time.Hour}, {503, noon.Add(-time.Hour).Format(http.TimeFormat), 0}, {429, "-5", 0},
	} {
		if got := retryAfter(c.status, http.Header{"Retry-After": {c.value}}, noon); got != c.want {
			t.Errorf("retryAfter(%d, %q) = %v, want %v", c.status, c.value, got, c.want)
		}
	}
}

func TestExhausted(t *testing.T) {
	const day = 24 * time.Hour
	for _, c := range []struct {
		attempt int
		failing time.Duration
		want    bool
	}{{8, 5 * day, true}, {4, 6 * day, true}, {3, 6 * day, false}, {8, 5*day - time.Second, false}} {
		if got := exhausted(c.attempt, noon.Add(-c.failing), noon); got != c.want {
			t.Errorf("exhausted(%d, %v) = %v", c.attempt, c.failing, got)
		}
	}
	if exhausted(8, time.Time{}, noon) {
		t.Error("an endpoint that did not fail before is exhausted")
	}
}

// TestStandardWebhooksSignature holds the vector that the libraries of Standard Webhooks publish.
func TestStandardWebhooksSignature(t *testing.T) {
	const published = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
	key := secret.New("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	got, err := Sign([]secret.String{key}, "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`))
	if err != nil || got != published {
		t.Errorf("Sign() = %q, %v, want %q", got, err, published)
	}
	two, err := Sign([]secret.String{NewSecret(), key}, "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`))
	if err != nil || len(two) != 2*len(published)+1 || two[len(published)+1:] != published {
		t.Errorf("Sign() with two secrets = %q, %v", two, err)
	}
	if _, err := Sign([]secret.String{secret.New("whsec_*")}, "id", noon, nil); err == nil {
		t.Error("Sign() with a secret that is none succeeded")
	}
}
