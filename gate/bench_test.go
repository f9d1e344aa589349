package gate_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tagout"
	"tagout/gate"
)

// crowd is 1,000 agents under 1,000 holds, a tenth of them on a region of every agent's.
func crowd(b *testing.B, journal string) *gate.Gate {
	b.Helper()
	registry := tagout.Registry{}
	var holds []tagout.Hold
	for i := range 1000 {
		name := fmt.Sprintf("agent-%d", i)
		registry[name] = &tagout.Agent{Name: name, Channels: []string{"email", "sms"}, Regions: []string{"us", "eu"},
			Tools: map[string]tagout.Risk{"send": tagout.HighRisk, "read": tagout.LowRisk}}
		scope := name + "/email/eu"
		if i%10 == 0 {
			scope = fmt.Sprintf("*/*/zone-%d", i)
		}
		holds = append(holds, holdOn(fmt.Sprintf("h%d", i), scope, tagout.Paused))
	}
	return loaded(b, gate.Options{Agents: registry, Journal: journal}, holds...)
}

func BenchmarkEvaluate(b *testing.B) {
	g := crowd(b, "")
	names := make([]string, 1000)
	for i := range names {
		names[i] = fmt.Sprintf("agent-%d", i)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		g.Decide(names[i%1000], tagout.Attributes{Channel: "email", Region: "us", Tool: "send"})
	}
}

func BenchmarkHandler(b *testing.B) {
	handler := crowd(b, "").Handler()
	body := `{"context":{"targetingKey":"mailer-1","channel":"email","region":"us","tool":"send"}}`
	w := &discard{header: http.Header{}}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		r := httptest.NewRequest(http.MethodPost, fmt.Sprintf("%s/agent-%d.mode", evaluate, i%1000), strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		handler.ServeHTTP(w, r)
	}
}

type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
func (d *discard) WriteHeader(int)             {}

// BenchmarkHang is a stop with its fsync, on the disk of the temporary folder.
func BenchmarkHang(b *testing.B) {
	g := crowd(b, journalPath(b))
	for i := 0; b.Loop(); i++ {
		s := stopOf(fmt.Sprintf("kill-%d", i), fmt.Sprintf("agent-%d", i%1000), tagout.Halted)
		_ = g.Hang(context.Background(), s) // a slow disk is what is measured
	}
}

// BenchmarkLoad evaluates over TCP on 16 connections, each asking again as soon as it was
// answered. The load generator shares the processors with the gate.
func BenchmarkLoad(b *testing.B) {
	address := serve(b, crowd(b, ""))
	var asked atomic.Int64
	took := make([][]time.Duration, 16)
	b.ResetTimer()
	var all sync.WaitGroup
	for n := range took {
		all.Go(func() {
			c := dial(b, address)
			defer c.close()
			for i := n; asked.Add(1) <= int64(b.N); i += 16 {
				began := time.Now()
				c.evaluate(fmt.Sprintf("agent-%d", i%1000))
				took[n] = append(took[n], time.Since(began))
			}
		})
	}
	all.Wait()
	b.StopTimer()
	report(b, slices.Concat(took...))
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "evaluations/s")
}

// BenchmarkKillToAnswer is the time from a stop being asked for to the first OFREP answer
// over TCP that obeys it, with the fsync of the journal, while another connection asks all
// the time.
func BenchmarkKillToAnswer(b *testing.B) {
	g := crowd(b, journalPath(b))
	c := dial(b, serve(b, g))
	defer c.close()
	took := make([]time.Duration, 0, b.N)
	for i := 0; b.Loop(); i++ {
		id, name := fmt.Sprintf("kill-%d", i), fmt.Sprintf("agent-%d", 1+i%9)
		began := time.Now()
		go func() { _ = g.Hang(context.Background(), stopOf(id, name+"/email/us", tagout.Halted)) }()
		for !bytes.Contains(c.evaluate(name), []byte(`"halted"`)) {
		}
		took = append(took, time.Since(began))
		b.StopTimer()
		g.Lift([]tagout.HoldID{tagout.HoldID(id)}, nil)
		b.StartTimer()
	}
	report(b, took)
}

func report(b *testing.B, took []time.Duration) {
	b.Helper()
	slices.Sort(took)
	at := func(q float64) float64 { return float64(took[int(q*float64(len(took)-1))].Microseconds()) / 1000 }
	b.ReportMetric(at(0.5), "p50-ms")
	b.ReportMetric(at(0.99), "p99-ms")
	b.ReportMetric(0, "ns/op")
}

func serve(b *testing.B, g *gate.Gate) string {
	b.Helper()
	server := httptest.NewServer(g.Handler())
	b.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

// connection speaks just enough HTTP to cost little beside what is measured.
type connection struct {
	b      *testing.B
	tcp    net.Conn
	reader *bufio.Reader
	body   []byte
}

func dial(b *testing.B, address string) *connection {
	b.Helper()
	tcp, err := net.Dial("tcp", address)
	if err != nil {
		b.Fatal(err)
	}
	return &connection{b: b, tcp: tcp, reader: bufio.NewReader(tcp)}
}

func (c *connection) close() { _ = c.tcp.Close() }

func (c *connection) evaluate(agent string) []byte {
	const body = `{"context":{"targetingKey":"mailer-1","channel":"email","region":"us","tool":"send"}}`
	_, err := fmt.Fprintf(c.tcp, "POST %s/%s.mode HTTP/1.1\r\nHost: gate\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", evaluate, agent, len(body), body)
	if err != nil {
		c.b.Error(err)
	}
	length := 0
	for {
		line, err := c.reader.ReadSlice('\n')
		if err != nil {
			c.b.Error(err)
			return nil
		}
		if text, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			_, _ = fmt.Sscan(string(text), &length)
		}
		if len(line) <= 2 {
			break
		}
	}
	if cap(c.body) < length {
		c.body = make([]byte, length)
	}
	c.body = c.body[:length]
	if _, err := io.ReadFull(c.reader, c.body); err != nil {
		c.b.Error(err)
	}
	return c.body
}
