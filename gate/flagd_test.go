package gate_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"tagout"
	"tagout/gate"
	"tagout/gate/flagd"
)

// synced is a gate that speaks flagd.sync.v1, and a client of it.
type synced struct {
	t       testing.TB
	ctx     context.Context
	server  *flagd.Server
	address string
	client  flagd.FlagSyncServiceClient
}

// startSync serves a gate until the test ends.
func startSync(t testing.TB, g *gate.Gate) *synced {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := flagd.New(flagd.Options{Source: g})
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(func() {
		cancel()
		server.Stop(context.Background())
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return &synced{t, ctx, server, listener.Addr().String(), connect(t, listener.Addr().String())}
}

func connect(t testing.TB, address string) flagd.FlagSyncServiceClient {
	t.Helper()
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return flagd.NewFlagSyncServiceClient(conn)
}

// stream opens a stream with these headers.
func (s *synced) stream(r *flagd.SyncFlagsRequest, headers ...string) grpc.ServerStreamingClient[flagd.SyncFlagsResponse] {
	s.t.Helper()
	stream, err := s.client.SyncFlags(metadata.AppendToOutgoingContext(s.ctx, headers...), r)
	if err != nil {
		s.t.Fatal(err)
	}
	return stream
}

// receive is the next definitions of a stream, by key.
func receive(t testing.TB, stream grpc.ServerStreamingClient[flagd.SyncFlagsResponse]) map[string]json.RawMessage {
	t.Helper()
	r, err := stream.Recv()
	if err != nil {
		t.Fatal(err)
	}
	return definitions(t, r.GetFlagConfiguration())
}

func definitions(t testing.TB, text string) map[string]json.RawMessage {
	t.Helper()
	var set struct{ Flags map[string]json.RawMessage }
	if err := json.Unmarshal([]byte(text), &set); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return set.Flags
}

func keys(flags map[string]json.RawMessage) (names []string) {
	for name := range flags {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func TestAStreamSendsTheFlagSetThatTheClientSelected(t *testing.T) {
	t.Parallel()
	s := startSync(t, loaded(t, gate.Options{}))
	mailer := []string{"mailer.allowed", "mailer.frozen", "mailer.mode"}
	all := append([]string{"acme.researcher.allowed", "acme.researcher.frozen", "acme.researcher.mode"}, mailer...)
	for name, c := range map[string]struct {
		header, request string
		want            []string
	}{
		"by header":            {"mailer", "", mailer},
		"by header, in full":   {"flagSetId=mailer", "", mailer},
		"in upper case":        {"Mailer", "", mailer},
		"by request":           {"", "mailer", mailer},
		"the header is first":  {"mailer", "acme.researcher", mailer},
		"all":                  {"", "", all},
		"a header without set": {"flagSetId=", "", all},
	} {
		var headers []string
		if c.header != "" {
			headers = []string{"flagd-selector", c.header}
		}
		if got := keys(receive(t, s.stream(&flagd.SyncFlagsRequest{Selector: c.request}, headers...))); !slices.Equal(got, c.want) {
			t.Errorf("%s: streamed %v, want %v", name, got, c.want)
		}
		fetched, err := s.client.FetchAllFlags(metadata.AppendToOutgoingContext(s.ctx, headers...), &flagd.FetchAllFlagsRequest{Selector: c.request})
		if err != nil || !slices.Equal(keys(definitions(t, fetched.GetFlagConfiguration())), c.want) {
			t.Errorf("%s: fetched %v, %v", name, fetched, err)
		}
	}
	for selector, want := range map[string]codes.Code{"ghost": codes.NotFound, "source=mailer": codes.InvalidArgument} {
		if _, err := s.stream(&flagd.SyncFlagsRequest{Selector: selector}).Recv(); status.Code(err) != want {
			t.Errorf("%s: %v, want %s", selector, err, want)
		}
	}
}

func TestAStreamHearsEveryStopOfItsAgent(t *testing.T) {
	t.Parallel()
	g := loaded(t, gate.Options{})
	s := startSync(t, g)
	mailer, all := s.stream(&flagd.SyncFlagsRequest{Selector: "mailer"}), s.stream(&flagd.SyncFlagsRequest{})
	before := receive(t, mailer)
	receive(t, all)
	hang(t, g, stopOf("h1", "acme.researcher", tagout.Halted))
	if text := string(receive(t, all)["acme.researcher.mode"]); !strings.Contains(text, "reason of h1") {
		t.Errorf("all sets: %s", text)
	}
	hang(t, g, stopOf("h2", "mailer/email", tagout.Halted))
	if after := receive(t, mailer); string(after["mailer.mode"]) == string(before["mailer.mode"]) || !strings.Contains(string(after["mailer.mode"]), "reason of h2") {
		t.Errorf("mailer: %s", after["mailer.mode"])
	}
}

func TestALeaseIsRenewed(t *testing.T) {
	t.Parallel()
	registry := agents()
	registry["mailer"].Lease = 3 * time.Second
	s := startSync(t, loaded(t, gate.Options{Agents: registry}))
	stream := s.stream(&flagd.SyncFlagsRequest{Selector: "mailer"})
	first, second := receive(t, stream), receive(t, stream) // nothing changed between them
	if string(first["mailer.mode"]) == string(second["mailer.mode"]) {
		t.Errorf("the lease stays: %s", second["mailer.mode"])
	}
}

func TestAStreamNeedsTheTokenOfItsAgent(t *testing.T) {
	t.Parallel()
	s := startSync(t, guarded(t))
	for name, c := range map[string]struct {
		selector, header string
		want             codes.Code
		agents           int
	}{
		"its own":        {"mailer", "Bearer mailers-token", codes.OK, 1},
		"another's":      {"mailer", "Bearer writers-token", codes.Unauthenticated, 0},
		"none":           {"mailer", "", codes.Unauthenticated, 0},
		"all, with one":  {"", "Bearer mailers-token", codes.OK, 2},
		"all, with none": {"", "", codes.OK, 1},
		"an open agent":  {"acme.researcher", "", codes.OK, 1},
	} {
		r, err := s.stream(&flagd.SyncFlagsRequest{Selector: c.selector}, "authorization", c.header).Recv()
		if status.Code(err) != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
		if err == nil && len(definitions(t, r.GetFlagConfiguration())) != 3*c.agents {
			t.Errorf("%s: %s", name, r.GetFlagConfiguration())
		}
	}
}

func TestClientsOfAStreamAreInstances(t *testing.T) {
	t.Parallel()
	g := loaded(t, gate.Options{})
	s := startSync(t, g)
	stream := s.stream(&flagd.SyncFlagsRequest{Selector: "mailer", ProviderId: "mailer-7"})
	receive(t, stream)
	hang(t, g, stopOf("h1", "mailer", tagout.Halted))
	receive(t, stream)
	until(t, "the instance heard the stop", func() bool {
		list := g.Instances("mailer")
		return len(list) == 1 && list[0].Name == "mailer-7" && list[0].Via == "flagd" && !list[0].HeardAt.IsZero()
	})
}

// until waits for what comes by itself.
func until(t testing.TB, what string, is func() bool) {
	t.Helper()
	deadline, poll := time.NewTimer(patience), time.NewTicker(5*time.Millisecond)
	defer deadline.Stop()
	defer poll.Stop()
	for !is() {
		select {
		case <-poll.C:
		case <-deadline.C:
			t.Fatalf("in vain: %s", what)
		}
	}
}

func TestStoppingEndsTheStreams(t *testing.T) {
	t.Parallel()
	s := startSync(t, loaded(t, gate.Options{}))
	stream := s.stream(&flagd.SyncFlagsRequest{Selector: "mailer"})
	receive(t, stream)
	s.server.Stop(s.ctx)
	if _, err := stream.Recv(); status.Code(err) != codes.Unavailable || err == io.EOF {
		t.Errorf("the stream ended with %v", err)
	}
	if _, err := s.client.FetchAllFlags(s.ctx, &flagd.FetchAllFlagsRequest{}); err == nil {
		t.Error("it goes on answering")
	}
}

func TestASlowClientGetsTheLastState(t *testing.T) {
	t.Parallel()
	g := loaded(t, gate.Options{})
	s := startSync(t, g)
	stream := s.stream(&flagd.SyncFlagsRequest{Selector: "mailer"})
	for i := range 200 { // nobody reads meanwhile
		hang(t, g, stopOf(fmt.Sprintf("h%d", i), "mailer/email", tagout.Paused))
	}
	hang(t, g, stopOf("last", "mailer", tagout.Halted))
	for !strings.Contains(string(receive(t, stream)["mailer.mode"]), "reason of last") {
	}
	until(t, "the last stop was heard", func() bool {
		list := g.Instances("mailer")
		return len(list) == 1 && !list[0].HeardAt.IsZero()
	})
}

func TestMetadataIsEmpty(t *testing.T) {
	t.Parallel()
	s := startSync(t, loaded(t, gate.Options{}))
	if got, err := s.client.GetMetadata(s.ctx, &flagd.GetMetadataRequest{}); err != nil || got.GetMetadata() != nil { //nolint:staticcheck // deprecated, not gone
		t.Errorf("%v, %v", got, err)
	}
}

func TestEveryAgentMayBeGone(t *testing.T) {
	t.Parallel()
	s := startSync(t, loaded(t, gate.Options{Agents: tagout.Registry{}}))
	if got := receive(t, s.stream(&flagd.SyncFlagsRequest{})); len(got) != 0 {
		t.Errorf("%v", got)
	}
}
