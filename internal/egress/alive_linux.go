package egress

import (
	"crypto/tls"
	"errors"
	"net"
	"syscall"
)

// alive tells whether an idle connection is open and silent: one that has something to say says that it ends.
func (a *carried) alive() bool {
	if a.reader.Buffered() > 0 {
		return false
	}
	under := a.conn.Conn
	if t, ok := under.(*tls.Conn); ok {
		under = t.NetConn()
	}
	s, ok := under.(syscall.Conn)
	if !ok {
		return true
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return false
	}
	silent := false
	err = raw.Read(func(fd uintptr) bool {
		var one [1]byte
		_, _, err := syscall.Recvfrom(int(fd), one[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		silent = errors.Is(err, syscall.EAGAIN)
		return true
	})
	return err == nil && silent
}

var _ syscall.Conn = (*net.TCPConn)(nil)
