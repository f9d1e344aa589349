package gate_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"tagout"
	"tagout/gate"
	"tagout/gate/flagd"
)

// fleetVariable tells a process of the test binary to be the clients of a benchmark:
// `sse 127.0.0.1:1234 1000`.
const fleetVariable = "TAGOUT_BENCH_FLEET"

// BenchmarkKillToStreams is the time from a stop being asked for, with its fsync, until all
// clients of another process saw an event, and the server's memory for each of them.
func BenchmarkKillToStreams(b *testing.B) {
	for _, n := range []int{1_000, 10_000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			g := crowd(b, journalPath(b))
			killToFleet(b, g, "sse "+serve(b, g), n)
		})
	}
}

// BenchmarkKillToFlagd is the same for clients of flagd sync, all of the same agent.
func BenchmarkKillToFlagd(b *testing.B) {
	for _, n := range []int{1, 100, 1_000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			g := crowd(b, journalPath(b))
			killToFleet(b, g, "flagd "+startSync(b, g).address, n)
		})
	}
}

func killToFleet(b *testing.B, g *gate.Gate, where string, n int) {
	before := footprint()
	f := launch(b, fmt.Sprintf("%s %d", where, n))
	perClient := float64(footprint()-before) / float64(n)
	var took []time.Duration
	for i := 0; b.Loop(); i++ {
		id := fmt.Sprintf("kill-%d", i)
		began := f.begin()
		_ = g.Hang(context.Background(), stopOf(id, "agent-7/email/us", tagout.Halted))
		took = append(took, f.saw(began)...)
		b.StopTimer()
		f.begin()
		g.Lift([]tagout.HoldID{tagout.HoldID(id)}, nil)
		f.saw(began)
		b.StartTimer()
	}
	report(b, took)
	b.ReportMetric(float64(slices.Max(took).Microseconds())/1000, "max-ms")
	b.ReportMetric(perClient/1024, "KB/client")
}

// footprint is what heap and stacks use.
func footprint() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}

// fleet is another process with many clients.
type fleet struct {
	b       *testing.B
	order   io.Writer
	answers *bufio.Scanner
}

func launch(b *testing.B, what string) fleet {
	b.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestBeAFleet$")
	cmd.Env = append(os.Environ(), fleetVariable+"="+what)
	cmd.Stderr = os.Stderr
	order, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	answers, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		order.Close() // it ends at the end of its input
		_ = cmd.Wait()
	})
	f := fleet{b, order, bufio.NewScanner(answers)}
	f.answers.Buffer(nil, 1<<20)
	f.expect("connected")
	return f
}

func (f fleet) expect(word string) (rest string) {
	f.b.Helper()
	if !f.answers.Scan() {
		f.b.Fatalf("the clients ended, instead of %s", word)
	}
	rest, ok := strings.CutPrefix(f.answers.Text(), word)
	if !ok {
		f.b.Fatalf("the clients said %q instead of %s", f.answers.Text(), word)
	}
	return rest
}

// begin makes the clients look out for the next event.
func (f fleet) begin() time.Time {
	_, _ = io.WriteString(f.order, "next\n")
	f.expect("looking")
	return time.Now()
}

// saw waits until every client saw it, and is how long each took.
func (f fleet) saw(began time.Time) []time.Duration {
	var took []time.Duration
	for _, at := range strings.Fields(f.expect("saw")) {
		nanoseconds, _ := strconv.ParseInt(at, 10, 64)
		took = append(took, time.Unix(0, nanoseconds).Sub(began))
	}
	return took
}

// TestBeAFleet is the clients of a benchmark, in a process of their own.
func TestBeAFleet(t *testing.T) {
	what := strings.Fields(os.Getenv(fleetVariable))
	if len(what) != 3 {
		t.Skip("only benchmarks need it")
	}
	n, err := strconv.Atoi(what[2])
	if err != nil {
		t.Fatal(err)
	}
	saw := make(chan int64, n)
	var connected sync.WaitGroup
	connected.Add(n)
	limit := make(chan struct{}, 64) // connections being made
	for range n {
		limit <- struct{}{}
		go func() {
			ready := sync.OnceFunc(func() { <-limit; connected.Done() })
			listenAs := map[string]func(string, func()) error{"sse": beListener, "flagd": beProvider}[what[0]]
			first := true
			err := listenAs(what[1], func() {
				if first { // what is sent at the beginning
					first = false
					ready()
					return
				}
				saw <- time.Now().UnixNano()
			})
			t.Log(err) // the server is gone
		}()
	}
	connected.Wait()
	fmt.Println("connected")
	for orders := bufio.NewScanner(os.Stdin); orders.Scan(); {
		fmt.Println("looking")
		fmt.Print("saw")
		for range n {
			fmt.Print(" ", <-saw)
		}
		fmt.Println()
	}
	os.Exit(0)
}

// beListener reads an event stream and tells of every event.
func beListener(address string, event func()) error {
	tcp, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	defer tcp.Close()
	if _, err := fmt.Fprintf(tcp, "GET %s?agent=agent-7 HTTP/1.1\r\nHost: gate\r\n\r\n", events); err != nil {
		return err
	}
	var buffer [512]byte
	for {
		size, err := tcp.Read(buffer[:])
		if err != nil {
			return err
		}
		for range bytes.Count(buffer[:size], []byte("data: ")) {
			event()
		}
	}
}

// beProvider takes flag definitions and tells whenever their holds change: a renewed lease
// is no event.
func beProvider(address string, event func()) error {
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithReadBufferSize(4<<10), grpc.WithWriteBufferSize(4<<10))
	if err != nil {
		return err
	}
	defer conn.Close()
	stream, err := flagd.NewFlagSyncServiceClient(conn).SyncFlags(context.Background(), &flagd.SyncFlagsRequest{Selector: "agent-7"})
	if err != nil {
		return err
	}
	held, first := false, true
	for {
		r, err := stream.Recv()
		if err != nil {
			return err
		}
		if now := strings.Contains(r.GetFlagConfiguration(), "reason of kill"); now != held || first {
			held, first = now, false
			event()
		}
	}
}
