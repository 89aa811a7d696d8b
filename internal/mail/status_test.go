package mail_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"latchkey/internal/mail"
)

// TestStatus holds that what waits, what was sent and what failed is told, and that a test mail goes out at once.
func TestStatus(t *testing.T) {
	inBubble(t, -1, func(b *bench) {
		b.emit(dead(1))
		status, err := b.post.Status(context.Background())
		if err != nil || status.Waiting.IsZero() || len(status.Recent) != 0 {
			t.Errorf("before the mail Status = %+v, %v", status, err)
		}
		time.Sleep(2 * time.Minute)
		status, err = b.post.Status(context.Background())
		if err != nil || !status.Waiting.IsZero() || len(status.Recent) != 1 || status.Recent[0].State != mail.Sent || status.Recent[0].Kind != mail.Alert {
			t.Errorf("after the mail Status = %+v, %v", status, err)
		}
		if refused, err := b.post.Try(context.Background()); err != nil || refused != nil {
			t.Errorf("Try = %v, %v", refused, err)
		}
		all := b.all()
		if last := all[len(all)-1]; last.Subject != "Latchkey: a test" || !strings.Contains(last.Body, "https://latchkey.example.com") {
			t.Errorf("the test mail is %+v", last)
		}
		b.answers(errors.New("535 who are you"))
		if _, err := b.post.Try(context.Background()); err == nil || !strings.Contains(err.Error(), "535") {
			t.Errorf("Try at a server that refuses = %v", err)
		}
	})
}
