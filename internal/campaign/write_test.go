package campaign_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"latchkey/internal/campaign"
	"latchkey/internal/secret"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var moment = time.Date(2026, 11, 28, 3, 0, 0, 0, time.UTC)

const plainInstance = "<serverConf>\n  <pipelined autoStart=\"true\"/>\n</serverConf>\n"

func edited(t *testing.T, i *campaign.Instance, changes ...campaign.Change) *campaign.Edit {
	t.Helper()
	e, err := i.Edit(changes...)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func contents(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The file keeps its mode, its owner and its group; a copy of what it was has the same.
func TestWriteKeepsTheFile(t *testing.T) {
	i := load(t, map[string]string{"config-sample.xml": plainInstance})
	path := filepath.Join(i.Dir, "config-sample.xml")
	root := os.Geteuid() == 0
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if root {
		if err := os.Chown(path, 12345, 23456); err != nil {
			t.Fatal(err)
		}
	}
	i, err := campaign.Load(i.Dir, "sample")
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := i.Seal("shared/ims", "authIMSTAClientSecret", secret.New("s"))
	if err != nil {
		t.Fatal(err)
	}
	done, err := edited(t, i, set("pipelined@authType", "imsJwtToken"), set("shared/ims@authIMSTAClientSecret", sealed)).Write(moment)
	if err != nil {
		t.Fatal(err)
	}
	if want := path + ".20261128T030000.000000Z.bak"; done.Backup != want || contents(t, want) != plainInstance {
		t.Errorf("%+v", done)
	}
	if text := strings.Join(done.Warnings, "\n"); !strings.Contains(text, "chmod 600") || strings.Contains(text, "the user 12345") != root {
		t.Errorf("%q", done.Warnings)
	}
	for file, mode := range map[string]os.FileMode{path: 0o640, done.Backup: 0o640, filepath.Join(i.Dir, campaign.KeyFile): 0o600, filepath.Join(i.Dir, ".latchkey.lock"): 0o600} {
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		if stat := info.Sys().(*syscall.Stat_t); info.Mode().Perm() != mode || root && (stat.Uid != 12345 || stat.Gid != 23456) {
			t.Errorf("%s has mode %04o, owner %d, group %d", file, info.Mode().Perm(), stat.Uid, stat.Gid)
		}
	}
}

// What is as it should be is not written.
func TestWriteNothing(t *testing.T) {
	i := load(t, map[string]string{"config-sample.xml": plainInstance})
	e := edited(t, i, set("pipelined@autoStart", "true"))
	if done, err := e.Write(moment); err != nil || !e.Empty() || e.Diff() != "" || done.Backup != "" {
		t.Errorf("%+v, %v, %q", done, err, e.Diff())
	}
	if entries, _ := os.ReadDir(i.Dir); len(entries) != 1 {
		t.Errorf("%v", entries)
	}
}

func TestEditedMeanwhile(t *testing.T) {
	i := load(t, map[string]string{"config-sample.xml": plainInstance})
	path := filepath.Join(i.Dir, "config-sample.xml")
	e := edited(t, i, set("pipelined@authType", "imsJwtToken"))
	theirs := strings.Replace(plainInstance, "true", "false", 1)
	if err := os.WriteFile(path, []byte(theirs), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Write(moment); !errors.Is(err, campaign.ErrChanged) || contents(t, path) != theirs {
		t.Errorf("%v", err)
	}
}

// Of many that edit at once each either writes the whole of its own, or is told to look again.
func TestConcurrentEdits(t *testing.T) {
	i := load(t, map[string]string{"config-sample.xml": plainInstance})
	var wg sync.WaitGroup
	for n := range 8 {
		wg.Go(func() {
			for {
				mine, err := campaign.Load(i.Dir, "sample")
				if err != nil {
					t.Error(err)
					return
				}
				e, err := mine.Edit(campaign.Change{Path: "pipelined", Attribute: "own" + string(rune('A'+n)), Value: "1"})
				if err == nil {
					_, err = e.Write(moment.Add(time.Duration(n) * time.Second))
				}
				if err == nil {
					return
				}
				if !errors.Is(err, campaign.ErrChanged) {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	text := contents(t, filepath.Join(i.Dir, "config-sample.xml"))
	for n := range 8 {
		if !strings.Contains(text, "own"+string(rune('A'+n))) {
			t.Errorf("an edit is lost: %s", text)
		}
	}
}

// A crash between the copy and the new file leaves the file as it was, and the next edit does not mind.
func TestCrashBetweenCopyAndFile(t *testing.T) {
	i := load(t, map[string]string{"config-sample.xml": plainInstance})
	path := filepath.Join(i.Dir, "config-sample.xml")
	e := edited(t, i, set("pipelined@authType", "imsJwtToken"))
	func() {
		defer func() { _ = recover() }()
		campaign.CrashBeforeRename(e)
		_, _ = e.Write(moment)
	}()
	if contents(t, path) != plainInstance {
		t.Fatalf("%s", contents(t, path))
	}
	if contents(t, path+".20261128T030000.000000Z.bak") != plainInstance {
		t.Error("the copy is not there")
	}
	again, err := campaign.Load(i.Dir, "sample")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := edited(t, again, set("pipelined@authType", "imsJwtToken")).Write(moment.Add(time.Second)); err != nil || !strings.Contains(contents(t, path), "imsJwtToken") {
		t.Errorf("%v", err)
	}
}

// A link stays one; what it leads to is edited.
func TestWriteThroughALink(t *testing.T) {
	dir := folder(t, map[string]string{"real.xml": plainInstance})
	link := filepath.Join(dir, "config-sample.xml")
	if err := os.Symlink("real.xml", link); err != nil {
		t.Fatal(err)
	}
	i, err := campaign.Load(dir, "sample")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := edited(t, i, set("pipelined@authType", "imsJwtToken")).Write(moment); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 || !strings.Contains(contents(t, filepath.Join(dir, "real.xml")), "imsJwtToken") {
		t.Errorf("%v %v", info, err)
	}
}

func TestSeal(t *testing.T) {
	i := load(t, map[string]string{"config-sample.xml": plainInstance})
	const path, name = "shared/ims", "authIMSTAClientSecret"
	text := strings.Repeat("p8e-ünd", 900)
	sealed, err := i.Seal(path, name, secret.New(text))
	if err != nil || strings.HasSuffix(sealed, "=") || !strings.HasPrefix(sealed, "@lk1:") {
		t.Fatalf("%s, %v", sealed, err)
	}
	if _, err := edited(t, i, set(path+"@"+name, sealed)).Write(moment); err != nil {
		t.Fatal(err)
	}
	i, err = campaign.Load(i.Dir, "sample")
	if err != nil {
		t.Fatal(err)
	}
	v := i.IMS.TechnicalSecret
	if opened, err := i.Open(v); err != nil || opened.Reveal() != text || v.Form() != campaign.FormSealed || v.Shown() != "(sealed)" {
		t.Errorf("%v %q", err, v.Shown())
	}
	if again, err := i.Seal(path, name, secret.New(text)); err != nil || again != sealed {
		t.Error("the same secret is sealed anew")
	}
	for what, c := range map[string]struct {
		value campaign.Value
		want  string
	}{
		"elsewhere":  {campaign.Value{Attribute: campaign.Attribute{Path: path, Name: "authIMSTAPrivateKey", Secret: true}, Text: v.Text}, "sealed for another attribute"},
		"damaged":    {campaign.Value{Attribute: v.Attribute, Text: v.Text[:len(v.Text)-2]}, "damaged"},
		"other key":  {campaign.Value{Attribute: v.Attribute, Text: "@lk1:00000000.AAAA"}, "sealed with another key"},
		"newer":      {campaign.Value{Attribute: v.Attribute, Text: "@lk2:00000000.AAAA"}, "a newer version"},
		"the vendor": {campaign.Value{Attribute: v.Attribute, Text: "@qQf146pexBksGvo0esVIDO=="}, campaign.ErrVendorSealed.Error()},
		"nothing":    {campaign.Value{Attribute: v.Attribute}, "it is not configured"},
	} {
		if _, err := i.Open(c.value); err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "shared/ims@authIMSTA") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if plain, err := i.Open(campaign.Value{Text: "clear"}); err != nil || plain.Reveal() != "clear" {
		t.Errorf("%v", err)
	}
	if err := os.Chmod(filepath.Join(i.Dir, campaign.KeyFile), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := i.Open(v); err == nil || !strings.Contains(err.Error(), "can be read by others") {
		t.Errorf("%v", err)
	}
}

func TestRunning(t *testing.T) {
	i := load(t, map[string]string{"config-sample.xml": plainInstance})
	if _, ok := i.Running(); ok {
		t.Error("runs without ever having run")
	}
	lock := filepath.Join(i.VarDir(), "pipelined.lock")
	if err := os.MkdirAll(i.VarDir(), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(lock, []byte("4194999\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, ok := i.Running(); ok {
		t.Error("an id that was left behind counts")
	}
	if err := os.WriteFile(lock, []byte(strconv.Itoa(os.Getpid())), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, ok := i.Running(); ok {
		t.Error("an id that another process has by now counts")
	}
	f, err := os.Open(lock)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	if pid, ok := i.Running(); !ok || pid != os.Getpid() {
		t.Errorf("Running = %d, %v", pid, ok)
	}
}
