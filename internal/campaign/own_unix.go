//go:build unix

package campaign

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// owner gives who a file belongs to.
func owner(info fs.FileInfo) (uid, gid int, ok bool) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0, false
	}
	return int(stat.Uid), int(stat.Gid), true
}

// own gives a file to the owner and group of another one.
func own(path string, like fs.FileInfo) error {
	uid, gid, ok := owner(like)
	if !ok {
		return nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if u, g, _ := owner(info); u == uid && g == gid {
		return nil
	}
	if err := os.Chown(path, uid, gid); err != nil {
		return fmt.Errorf("giving %s to %s, as %s is: %w", path, userName(uid), like.Name(), err)
	}
	return nil
}

// alive tells whether there is a process of an id.
func alive(pid int) bool {
	err := syscall.Kill(pid, 0)
	return err == nil || errors.Is(err, syscall.EPERM)
}

// stranger names the owner of a file when the process runs as somebody else.
func stranger(info fs.FileInfo) (name string, strange bool) {
	uid, _, ok := owner(info)
	if !ok || uid == os.Geteuid() {
		return "", false
	}
	return userName(uid), true
}

func userName(uid int) string {
	if u, err := user.LookupId(strconv.Itoa(uid)); err == nil {
		return u.Username
	}
	return "the user " + strconv.Itoa(uid)
}

// hold locks a file that is made for that, for as long as the process has it open. A second process gets errHeld, or
// waits when it is told to.
func hold(path string, wait bool) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	how := syscall.LOCK_EX
	if !wait {
		how |= syscall.LOCK_NB
	}
	err = syscall.Flock(int(f.Fd()), how)
	for errors.Is(err, syscall.EINTR) {
		err = syscall.Flock(int(f.Fd()), how)
	}
	if err != nil {
		_ = f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, errHeld
		}
		return nil, fmt.Errorf("locking %s: %w", path, err)
	}
	return f, nil
}
