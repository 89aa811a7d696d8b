package bench_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"latchkey/test/harness"
)

// These make the program what the proxies are measured with, each in a process of its own.
const (
	serviceVariable = "LATCHKEY_BENCH_SERVICE"
	reverseVariable = "LATCHKEY_BENCH_REVERSE" // to where
)

// streamLength is how long what /stream answers is.
const streamLength = 100 << 20

// BenchmarkProxy has the same calls made through Latchkey, through nginx and through Go's own reverse proxy, to the same service. All
// put a token in; Latchkey also knows the caller's key, the connection, and writes who called.
func BenchmarkProxy(b *testing.B) {
	service := serviceBeside(b)
	b.Run("service", func(b *testing.B) { load(b, service.address(), "/hello", "none") })
	b.Run("httputil", func(b *testing.B) { load(b, reverse(b, service).address(), "/hello", "none") })
	b.Run("nginx", func(b *testing.B) {
		server, ok := nginx(b, service)
		if !ok {
			b.Skip("nginx is not installed: apt-get install nginx-light")
		}
		load(b, server.address(), "/hello", "none")
	})
	b.Run("latchkey", func(b *testing.B) {
		s := harness.Dev(b)
		load(b, strings.TrimPrefix(s.URL, "http://"), proxied(b, s, service)+"/hello", s.AdminKey)
	})
}

// BenchmarkProxyStreams has a thousand answers of 100 MiB flow through Latchkey at once.
func BenchmarkProxyStreams(b *testing.B) {
	const streams = 1000
	service := serviceBeside(b)
	s := harness.Dev(b)
	paths := []string{proxied(b, s, service)} // a connection has 512 calls under way at most
	for i := 1; i < 4; i++ {
		made := s.Must(http.StatusCreated, "POST", "/api/v1/connections", map[string]any{"definition": "measured", "label": fmt.Sprint("measured ", i)}).JSON(b)
		paths = append(paths, "/api/v1/proxy/"+made["id"].(string))
	}
	idle := memory(s.PID)
	for b.Loop() {
		var got atomic.Int64
		var wait sync.WaitGroup
		for i := range streams {
			wait.Go(func() {
				n, err := stream(s.URL, paths[i%len(paths)]+"/stream", s.AdminKey, &got)
				if err != nil || n != streamLength {
					b.Errorf("a stream ended after %d bytes: %v", n, err)
				}
			})
		}
		done := make(chan struct{})
		go func() { wait.Wait(); close(done) }()
		var most, early float64
		for flows := true; flows; {
			select {
			case <-done:
				flows = false
			case <-time.After(200 * time.Millisecond):
				now := memory(s.PID)
				most = max(most, now)
				if early == 0 && got.Load() > streams*streamLength/20 {
					early = now
				}
			}
		}
		b.ReportMetric(float64(got.Load())/(1<<20)/b.Elapsed().Seconds(), "MiB/s")
		b.ReportMetric(idle, "idle-MiB")
		b.ReportMetric(early, "after-5-percent-MiB")
		b.ReportMetric(most, "most-MiB")
	}
}

// stream reads an answer to its end, with as little as can be.
func stream(address, path, key string, got *atomic.Int64) (int64, error) {
	conn, err := net.Dial("tcp", strings.TrimPrefix(address, "http://"))
	if err != nil {
		return 0, err
	}
	defer func() { _ = conn.Close() }()
	if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: latchkey\r\nConnection: close\r\nAuthorization: Bearer %s\r\n\r\n", path, key); err != nil {
		return 0, err
	}
	response, err := http.ReadResponse(bufio.NewReaderSize(conn, 64<<10), nil)
	if err != nil {
		return 0, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("the answer is %s", response.Status)
	}
	var total int64
	buffer := make([]byte, 64<<10)
	for {
		n, err := response.Body.Read(buffer)
		total += int64(n)
		got.Add(int64(n))
		if err == io.EOF {
			return total, nil
		}
		if err != nil {
			return total, err
		}
	}
}

// proxied connects a sample account to a definition whose service is the given one, and gives its path at the proxy.
func proxied(b *testing.B, s *harness.Server, service rival) string {
	b.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "internal", "app", "samples", "sample-client-credentials.json"))
	if err != nil {
		b.Fatal(err)
	}
	moved := bytes.ReplaceAll(text, []byte("https://api.moviestar.com\""), []byte(service.URL+`"`))
	moved = bytes.Replace(moved, []byte("sample-client-credentials"), []byte("measured"), 1)
	if bytes.Equal(moved, text) {
		b.Fatalf("the sample has no proxy: %s", text)
	}
	s.Must(http.StatusCreated, "POST", "/api/v1/definitions", string(moved))
	s.Must(http.StatusOK, "POST", "/api/v1/definitions/measured/publish", nil)
	made := s.Must(http.StatusCreated, "POST", "/api/v1/connections", map[string]any{"definition": "measured", "label": "measured"}).JSON(b)
	return "/api/v1/proxy/" + made["id"].(string)
}

func serviceBeside(b *testing.B) rival {
	b.Helper()
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), serviceVariable+"=1")
	return begin(b, command)
}

func reverse(b *testing.B, service rival) rival {
	b.Helper()
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), reverseVariable+"="+service.URL)
	return begin(b, command)
}

// nginx starts one with a worker for each processor, connections kept open and the log off.
func nginx(b *testing.B, service rival) (rival, bool) {
	b.Helper()
	program, err := exec.LookPath("nginx")
	if err != nil {
		return rival{}, false
	}
	folder := b.TempDir()
	address := freeAddress(b)
	config := fmt.Sprintf(`daemon off;
worker_processes auto;
pid %[1]s/pid;
error_log stderr crit;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path %[1]s/body;
  proxy_temp_path %[1]s/proxy;
  fastcgi_temp_path %[1]s/fastcgi;
  uwsgi_temp_path %[1]s/uwsgi;
  scgi_temp_path %[1]s/scgi;
  keepalive_requests 100000000;
  upstream service { server %[2]s; keepalive 128; keepalive_requests 100000000; }
  server {
    listen %[3]s;
    location / {
      proxy_pass http://service;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Authorization "Bearer token";
    }
  }
}
`, folder, service.address(), address)
	file := filepath.Join(folder, "nginx.conf")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		b.Fatal(err)
	}
	command := exec.Command(program, "-c", file, "-p", folder)
	command.Stderr = os.Stderr
	if err := command.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = command.Process.Signal(os.Interrupt)
		_ = command.Wait()
	})
	for range 200 {
		if conn, err := net.Dial("tcp", address); err == nil {
			_ = conn.Close()
			return rival{URL: "http://" + address, PIDs: []int{command.Process.Pid}}, true
		}
		time.Sleep(20 * time.Millisecond)
	}
	b.Fatal("nginx does not serve")
	return rival{}, false
}

func freeAddress(b *testing.B) string {
	b.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

// serveReverse is Go's own reverse proxy, with as many connections kept as there are callers.
func serveReverse(to string) error {
	target, err := url.Parse(to)
	if err != nil {
		return err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 128
	proxy := &httputil.ReverseProxy{Transport: transport, Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Header.Set("Authorization", "Bearer token")
	}}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Printf(`{"url":"http://%s","pids":[%d]}`+"\n", listener.Addr(), os.Getpid())
	return (&http.Server{Handler: proxy, ReadHeaderTimeout: 10 * time.Second}).Serve(listener)
}

// serveService answers as cheaply as can be, so that the machine's time goes to what is measured.
func serveService() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Printf(`{"url":"http://%s","pids":[%d]}`+"\n", listener.Addr(), os.Getpid())
	for {
		conn, err := listener.Accept()
		if err != nil {
			return err
		}
		go answerAll(conn)
	}
}

func answerAll(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	const hello = `{"hello":"world"}`
	answer := fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(hello), hello)
	in := bufio.NewReader(conn)
	block := make([]byte, 64<<10)
	for {
		streams := false
		for {
			line, err := in.ReadSlice('\n')
			if err != nil {
				return
			}
			streams = streams || bytes.HasPrefix(line, []byte("GET /stream"))
			if len(line) == 2 {
				break
			}
		}
		if !streams {
			if _, err := conn.Write(answer); err != nil {
				return
			}
			continue
		}
		if _, err := fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: %d\r\n\r\n", streamLength); err != nil {
			return
		}
		for sent := 0; sent < streamLength; sent += len(block) {
			if _, err := conn.Write(block); err != nil {
				return
			}
		}
	}
}
