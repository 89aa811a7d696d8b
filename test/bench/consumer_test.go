package bench_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/test/harness"
)

// consumed is how many events each connector gets, and slowEvents how many there are for the slow one (EVENTS changes that).
const (
	consumed   = 30_000
	slowEvents = 1_000_000
)

// BenchmarkPipelineConsumer measures what goes through pipelined, as it runs, with its durable pointer, into a file, a table and
// an HTTP receiver, the order of each partition kept; beside it a bare loop that reads the same stream and writes a file, without syncs and without remembering
// anything. `slow` is memory: a receiver takes an event a second while the broker has a million.
func BenchmarkPipelineConsumer(b *testing.B) {
	s := harness.Dev(b)
	for _, c := range []struct{ name, settings string }{
		{"bare", ""},
		{"file", "{file: {path: out.jsonl}}"},
		{"sql", "{sql: {database: \"sqlite:out.db\"}}"},
		{"http-batch", "{http: {url: \"$URL\", batch: 100}}"},
		{"http", "{http: {url: \"$URL\"}}"},
	} {
		b.Run(c.name, func(b *testing.B) {
			for n := range b.N {
				topic := fmt.Sprintf("bench-%s-%d-%d", c.name, b.N, n)
				filled(b, s, topic, consumed)
				if c.name == "bare" {
					bareLoop(b, s, topic)
					continue
				}
				through(b, s, topic, c.settings)
			}
		})
	}
	b.Run("slow", func(b *testing.B) {
		for n := range b.N {
			slowReceiver(b, s, fmt.Sprintf("bench-slow-%d-%d", b.N, n))
		}
	})
}

// filled makes a topic with events in it.
func filled(b *testing.B, s *harness.Server, topic string, events int) {
	b.Helper()
	s.Must(http.StatusCreated, http.MethodPost, "/api/v1/topics", map[string]any{"name": topic})
	var senders sync.WaitGroup
	for client := range pipelineClients {
		senders.Go(func() {
			for from := client * pipelineBatch; from < events; from += pipelineClients * pipelineBatch {
				var body bytes.Buffer
				body.WriteString(`{"messages":[`)
				for n := from; n < from+pipelineBatch; n++ {
					if n > from {
						body.WriteByte(',')
					}
					fmt.Fprintf(&body, `{"key":"v%d","messageId":"%s-%d","value":{"triggerId":"t","triggerTimestamp":1516324157228,"mcId":"%d","enrichments":{"n":"%s"}}}`,
						n%1000, topic, n, n%1000, strings.Repeat("x", 250))
				}
				body.WriteString("]}")
				request, err := http.NewRequestWithContext(b.Context(), http.MethodPost, s.URL+"/pipeline/topics/"+topic+"/messages", &body)
				if err != nil {
					b.Error(err)
					return
				}
				request.Header.Set("Authorization", "Bearer "+s.AdminKey)
				answer, err := http.DefaultClient.Do(request)
				if err != nil {
					b.Error(err)
					return
				}
				_, _ = io.Copy(io.Discard, answer.Body)
				_ = answer.Body.Close()
				if answer.StatusCode != http.StatusOK {
					b.Errorf("producing: %s", answer.Status)
					return
				}
			}
		})
	}
	senders.Wait()
}

func bareLoop(b *testing.B, s *harness.Server, topic string) {
	request, err := http.NewRequestWithContext(b.Context(), http.MethodGet, s.URL+"/pipeline/topics/"+topic+"/messages?group=bare", nil)
	if err != nil {
		b.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+s.AdminKey)
	begun := time.Now()
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	in := bufio.NewReaderSize(answer.Body, 64<<10)
	file, err := os.Create(filepath.Join(b.TempDir(), "out.jsonl"))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	out := bufio.NewWriter(file)
	for range consumed {
		line := nextEvent(b, in)
		var envelope struct{ Offset int64 }
		if err := json.Unmarshal(line, &envelope); err != nil {
			b.Fatal(err)
		}
		_, _ = out.Write(line)
	}
	if err := out.Flush(); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(consumed/time.Since(begun).Seconds(), "events/s")
}

// daemon is a pipelined in a process of its own.
type daemon struct {
	b       *testing.B
	command *exec.Cmd
	dir     string
}

// startDaemon runs the sample's instance from a folder of its own, on another topic and with another connector.
func startDaemon(b *testing.B, s *harness.Server, topic, settings string) *daemon {
	b.Helper()
	root := b.TempDir()
	conf := filepath.Join(root, "conf")
	if err := os.CopyFS(conf, os.DirFS(filepath.Join(s.Data, "sample", "conf"))); err != nil {
		b.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(conf, ".latchkey.key"), 0o600); err != nil {
		b.Fatal(err)
	}
	for name, text := range map[string]string{
		"NmsPipeline_Config-sample.json": fmt.Sprintf(`{"topics": [{"name": %q, "consumer": "bench", "triggers": [{"name": "*", "jsConnector": "bench"}]}]}`, topic),
		"pipelined-sample.yaml":          "connectors: {bench: " + settings + "}\n",
	} {
		if err := os.WriteFile(filepath.Join(conf, name), []byte(text), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	d := &daemon{b: b, dir: filepath.Join(root, "var", "sample")}
	d.command = exec.Command(harness.Binary(b), "pipelined", "--instance", "sample", "--conf", conf, "--status-listen", "127.0.0.1:0")
	if err := d.command.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(d.stop)
	return d
}

func (d *daemon) stop() {
	if d.command.ProcessState == nil {
		_ = d.command.Process.Kill()
		_ = d.command.Wait()
	}
}

// processed tells how many events were delivered.
func (d *daemon) processed() int64 {
	var at struct {
		StatusURL string `json:"status_url"`
	}
	text, err := os.ReadFile(filepath.Join(d.dir, "pipelined.control.json"))
	if err != nil || json.Unmarshal(text, &at) != nil || at.StatusURL == "" {
		return 0
	}
	answer, err := http.Get(at.StatusURL)
	if err != nil {
		return 0
	}
	defer func() { _ = answer.Body.Close() }()
	var status struct {
		Agents []struct {
			Stats struct {
				Processed int64 `json:"trigger-processed"`
			} `json:"stats"`
		} `json:"agents"`
	}
	if json.NewDecoder(answer.Body).Decode(&status) != nil || len(status.Agents) == 0 {
		return 0
	}
	return status.Agents[0].Stats.Processed
}

// receiving is a receiver that takes a pause for each request.
func receiving(b *testing.B, pause time.Duration) string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			_, _ = io.WriteString(w, r.URL.Query().Get("challenge"))
			return
		}
		_, _ = io.Copy(io.Discard, r.Body)
		time.Sleep(pause)
	}))
	b.Cleanup(s.Close)
	return s.URL
}

func through(b *testing.B, s *harness.Server, topic, settings string) {
	d := startDaemon(b, s, topic, strings.ReplaceAll(settings, "$URL", receiving(b, 0)))
	var begun time.Time
	first := int64(0)
	for deadline := time.Now().Add(5 * time.Minute); ; time.Sleep(5 * time.Millisecond) {
		done := d.processed()
		if begun.IsZero() && done > 0 {
			begun, first = time.Now(), done
		}
		if done >= consumed {
			break
		}
		if time.Now().After(deadline) {
			b.Fatalf("%d of %d were delivered", done, consumed)
		}
	}
	b.ReportMetric(float64(consumed-first)/time.Since(begun).Seconds(), "events/s")
	b.ReportMetric(float64(spent(b, d.command.Process.Pid).Microseconds())/consumed, "cpu-µs/event")
	d.stop()
	if strings.HasPrefix(settings, "{file:") {
		inOrder(b, filepath.Join(d.dir, "out.jsonl"))
	}
}

// inOrder holds that each event of each partition was handed on, once and in its order.
func inOrder(b *testing.B, path string) {
	b.Helper()
	file, err := os.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	next, count := map[int]int64{}, 0
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		var one struct {
			Event struct {
				Partition int
				Offset    int64
			}
		}
		if err := json.Unmarshal(lines.Bytes(), &one); err != nil || one.Event.Offset != next[one.Event.Partition] {
			b.Fatalf("partition %d: %d came, want %d (%v)", one.Event.Partition, one.Event.Offset, next[one.Event.Partition], err)
		}
		next[one.Event.Partition]++
		count++
	}
	if count != consumed || lines.Err() != nil {
		b.Fatalf("%d events in the file, want %d (%v)", count, consumed, lines.Err())
	}
}

// slowReceiver looks at the memory of both processes for half a minute, once the daemon has taken in what it takes.
func slowReceiver(b *testing.B, s *harness.Server, topic string) {
	events := slowEvents
	if text := os.Getenv("EVENTS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			b.Fatal(err)
		}
		events = n
	}
	filled(b, s, topic, events)
	d := startDaemon(b, s, topic, strings.ReplaceAll("{http: {url: \"$URL\"}}", "$URL", receiving(b, time.Second)))
	time.Sleep(15 * time.Second)
	early := [2]float64{memory(s.PID), memory(d.command.Process.Pid)}
	time.Sleep(30 * time.Second)
	late := [2]float64{memory(s.PID), memory(d.command.Process.Pid)}
	for i, name := range []string{"broker", "daemon"} {
		b.ReportMetric(early[i], name+"-after-15s-MiB")
		b.ReportMetric(late[i], name+"-after-45s-MiB")
	}
	d.stop()
}
