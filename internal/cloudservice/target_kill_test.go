package cloudservice_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/clock"
	"latchkey/internal/cloudservice"
	"latchkey/internal/egress"
	"latchkey/internal/seal"
	"latchkey/internal/secret"
	"latchkey/internal/store"
)

// killedDir makes the test's program a process that syncs what is in that folder, with killedVendor in the vendor's place.
const (
	killedDir    = "LATCHKEY_TEST_SYNC_DIR"
	killedVendor = "LATCHKEY_TEST_SYNC_VENDOR"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(killedDir); dir != "" {
		if err := syncUntilKilled(dir, os.Getenv(killedVendor)); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// syncUntilKilled syncs as a server does, says how it ended, and ends itself.
func syncUntilKilled(dir, vendor string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	root, err := seal.FileRoot(filepath.Join(dir, "root.key"))
	if err != nil {
		return err
	}
	kept, err := store.Open(ctx, store.Config{Path: filepath.Join(dir, "latchkey.db"), Root: root})
	if err != nil {
		return err
	}
	defer func() { _ = kept.Close() }()
	sender, err := egress.New(egress.Config{AllowLoopback: true})
	if err != nil {
		return err
	}
	services, err := cloudservice.New(cloudservice.Config{
		Store: kept.CloudServices(), Targets: kept.CloudTargets(), Sender: sender, Clock: clock.NewManual(begun), Addresses: cloudservice.Addresses{Target: vendor},
		Tokens: &targetTokens{reached: cloudservice.Reached{Access: cloudservice.Access{Token: secret.New("canary-token"), APIKey: "key1"}}},
	})
	if err != nil {
		return err
	}
	services.Syncer().Start()
	defer services.Syncer().Close()
	admin := access.Caller{ID: "key_1", Organization: targetOrganization, Scopes: access.Scopes{access.Admin}}
	for ctx.Err() == nil {
		found, err := services.SyncState(ctx, admin, acmeRef())
		if err != nil {
			return err
		}
		if found.State == cloudservice.SyncDone {
			fmt.Println(counts(found))
			return nil
		}
		time.Sleep(5 * time.Millisecond)
	}
	return ctx.Err()
}

// A server that is killed in the midst of a sync goes on when it is started again, at once and where it was.
func TestSyncOutlivesAKill(t *testing.T) {
	h := newTargetHouse(t)
	const pages, most = 40, 100
	a := newAccount(pages * most)
	a.most = most
	h.answers(a.ServeHTTP)
	h.connected()
	must(t, h.store.Close())
	process := func() (*exec.Cmd, *bufio.Scanner) {
		command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^$")
		command.Env = append(os.Environ(), killedDir+"="+h.dir, killedVendor+"="+h.vendor.URL)
		command.Stderr = os.Stderr
		out, err := command.StdoutPipe()
		must(t, err)
		must(t, command.Start())
		return command, bufio.NewScanner(out)
	}
	enough := make(chan struct{})
	a.change(func() {
		a.asked = 0
		a.after = func(asked int) {
			if asked == pages/2 {
				close(enough)
			}
		}
	})
	first, _ := process()
	<-enough
	must(t, first.Process.Kill())
	_ = first.Wait() // it says that it was killed
	before := h.asked()
	second, lines := process()
	said := ""
	for lines.Scan() {
		said += lines.Text()
	}
	must(t, second.Wait())
	if want := fmt.Sprintf("done 100%% +%d ~0 -0", pages*most); said != want {
		t.Errorf("it ended with %q, want %q", said, want)
	}
	// What was kept is not asked for again: at most the page that was under way when it was killed, and each overlaps by one.
	after := h.asked()
	if offset := offsetOf(t, after[0]); offset < (pages/2-2)*(most-1) {
		t.Errorf("it began again at %d, after %d pages", offset, len(before))
	}
	h.open()
	h.begin()
	if ids := h.ids(false); len(ids) != pages*most {
		t.Errorf("%d audiences are here, want %d", len(ids), pages*most)
	}
}

func offsetOf(t *testing.T, request string) int {
	t.Helper()
	_, query, _ := strings.Cut(request, "offset=")
	digits, _, _ := strings.Cut(query, "&")
	offset, err := strconv.Atoi(digits)
	must(t, err)
	return offset
}
