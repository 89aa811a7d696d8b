package intercept

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
)

// connect is the proxy as clients see it: it answers CONNECT to a host on the list, and tells everyone else why not.
func (p *Proxy) connect(w http.ResponseWriter, r *http.Request) {
	names := strings.Join(Names(p.config.Hosts), ", ")
	if r.Method != http.MethodConnect {
		if r.URL.IsAbs() {
			refuse(w, http.StatusForbidden, "this proxy takes https alone, for these hosts: "+names)
			return
		}
		refuse(w, http.StatusBadRequest, `this is the proxy of "latchkey dev --intercept"; "latchkey env" prints the variables by which programs use it`)
		return
	}
	host, port, err := net.SplitHostPort(r.Host)
	if _, ok := find(p.config.Hosts, host); err != nil || !ok || port != "443" {
		p.config.Log.Debug("intercepting proxy: refused", "host", r.Host)
		refuse(w, http.StatusForbidden, fmt.Sprintf(
			"%.100q is not let through: this proxy answers for port 443 of these hosts, and connects to nothing: %s; name other hosts in NO_PROXY", r.Host, names))
		return
	}
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		refuse(w, http.StatusHTTPVersionNotSupported, "CONNECT is taken in HTTP/1.1 alone")
		return
	}
	if _, err := conn.Write([]byte("HTTP/1.1 200 Connection established\r\n\r\n")); err != nil {
		_ = conn.Close()
		return
	}
	p.coming.hand(&tunnel{Conn: conn, reader: buffered.Reader, host: host})
}

// tunnel is a connection of which something was read ahead.
type tunnel struct {
	net.Conn
	reader *bufio.Reader
	host   string // of the CONNECT, "" without one
}

func (t *tunnel) Read(b []byte) (int, error) { return t.reader.Read(b) }
