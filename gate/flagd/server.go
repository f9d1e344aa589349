package flagd

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"tagout"
)

const (
	selectorHeader = "flagd-selector"
	via            = "flagd"
	// leastPing is how often a client may ask whether the connection lives.
	leastPing = 10 * time.Second
	// maxRequest is the most that a request may send, in bytes.
	maxRequest = 64 << 10
	// buffer is the size of a connection's buffers, in bytes: there may be thousands.
	buffer = 4 << 10
)

// Source is the authority over the agents.
type Source interface {
	// Agents lists the declared agents in alphabetical order.
	Agents() []string
	// Standing is all that decides about a declared agent, and false for any other.
	Standing(agent string) (tagout.Standing, bool)
	// Subscribe sends after every change, until ctx ends; then it closes the channel.
	Subscribe(ctx context.Context) <-chan int64
	// Admits reports whether whoever presents this Authorization header may ask about the agent.
	Admits(agent, authorization string) bool
	// Heard takes note of an instance that was told the agent's standing of a generation.
	Heard(agent string, who tagout.Instance, generation int64)
}

// Options is what a server is made of. Source is required.
type Options struct {
	Source Source
	Clock  tagout.Clock // nil: the machine's
	Logger *slog.Logger // nil: none
}

// Server speaks flagd.sync.v1. Make it with [New], then [Server.Serve], then [Server.Stop].
type Server struct {
	UnimplementedFlagSyncServiceServer
	options Options
	grpc    *grpc.Server
	closing chan struct{}
	running sync.WaitGroup

	mu     sync.Mutex
	boards map[string]*board // by their agents
	closed bool
}

// New makes a server.
func New(o Options) *Server {
	if o.Clock == nil {
		o.Clock = tagout.SystemClock{}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Server{options: o, closing: make(chan struct{}), boards: map[string]*board{}}
	s.grpc = grpc.NewServer(
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: leastPing, PermitWithoutStream: true}),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: 30 * time.Second, Timeout: 10 * time.Second}),
		grpc.MaxRecvMsgSize(maxRequest), grpc.ReadBufferSize(buffer), grpc.WriteBufferSize(buffer),
		grpc.ForceServerCodecV2(newCodec()),
		grpc.UnaryInterceptor(s.unary), grpc.StreamInterceptor(s.streaming),
	)
	RegisterFlagSyncServiceServer(s.grpc, s)
	return s
}

// Serve answers on listener until [Server.Stop]; then it returns nil.
func (s *Server) Serve(listener net.Listener) error {
	if err := s.grpc.Serve(listener); !errors.Is(err, grpc.ErrServerStopped) {
		return err
	}
	return nil
}

// Stop ends every stream, so that clients go elsewhere, and cuts off after ctx what does not
// end. Their leases go on until they end.
func (s *Server) Stop(ctx context.Context) {
	s.mu.Lock()
	first := !s.closed
	s.closed = true
	s.mu.Unlock()
	if !first {
		return
	}
	close(s.closing)
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.grpc.GracefulStop()
		s.running.Wait()
	}()
	select {
	case <-done:
	case <-ctx.Done():
		s.grpc.Stop()
		<-done
	}
}

// SyncFlags sends the flags that the client selected, and again on every change and every
// third of the lease. A slow client misses what came between, never the last.
func (s *Server) SyncFlags(r *SyncFlagsRequest, stream grpc.ServerStreamingServer[SyncFlagsResponse]) error {
	agents, err := s.selected(stream.Context(), r.GetSelector())
	if err != nil {
		return err
	}
	b, w, ok := s.watch(agents)
	if !ok {
		return status.Error(codes.Unavailable, "Tagout is stopping; ask again elsewhere")
	}
	defer s.leave(b, w)
	who := tagout.Instance{Name: nameOf(stream.Context(), r.GetProviderId()), Via: via}
	for {
		select {
		case <-w.newer:
		case <-stream.Context().Done():
			return status.FromContextError(stream.Context().Err()).Err()
		case <-s.closing:
			return status.Error(codes.Unavailable, "Tagout is stopping; ask again elsewhere")
		}
		now := b.latest.Load()
		if err := stream.SendMsg(now.message()); err != nil {
			return err
		}
		if len(agents) == 1 {
			s.options.Source.Heard(agents[0], who, now.generation)
		}
	}
}

// FetchAllFlags sends the flags that the client selected, once. They hold for one lease.
func (s *Server) FetchAllFlags(ctx context.Context, r *FetchAllFlagsRequest) (*FetchAllFlagsResponse, error) {
	agents, err := s.selected(ctx, r.GetSelector())
	if err != nil {
		return nil, err
	}
	b := s.newBoard(agents)
	b.render(true)
	now := b.latest.Load()
	if len(agents) == 1 {
		s.options.Source.Heard(agents[0], tagout.Instance{Name: nameOf(ctx, r.GetProviderId()), Via: via}, now.generation)
	}
	return &FetchAllFlagsResponse{FlagConfiguration: now.text}, nil
}

// GetMetadata tells nothing; it is there for old clients.
func (s *Server) GetMetadata(context.Context, *GetMetadataRequest) (*GetMetadataResponse, error) {
	return &GetMetadataResponse{}, nil
}

// nameOf is how an instance calls itself, or else where it asks from.
func nameOf(ctx context.Context, provider string) string {
	if provider != "" {
		return provider
	}
	if p, ok := peer.FromContext(ctx); ok {
		return p.Addr.String()
	}
	return ""
}

// selected lists the agents that the client selected by header or, failing that, by the
// request: `mailer`, `flagSetId=mailer`, or nothing for all that it may see.
func (s *Server) selected(ctx context.Context, selector string) ([]string, error) {
	headers, _ := metadata.FromIncomingContext(ctx)
	if values := headers.Get(selectorHeader); len(values) > 0 {
		selector = values[0]
	}
	authorization := ""
	if values := headers.Get("authorization"); len(values) > 0 {
		authorization = values[0]
	}
	if key, value, paired := strings.Cut(selector, "="); paired {
		if key != "flagSetId" {
			return nil, status.Error(codes.InvalidArgument, "select a flag set by the name of its agent: mailer, or flagSetId=mailer")
		}
		selector = value
	}
	if selector = strings.ToLower(strings.TrimSpace(selector)); selector == "" {
		return s.visible(authorization)
	}
	if _, declared := s.options.Source.Standing(selector); !declared {
		return nil, status.Error(codes.NotFound, "there is no such flag set: the configuration declares no agent of that name")
	}
	if !s.options.Source.Admits(selector, authorization) {
		return nil, status.Error(codes.Unauthenticated, "this agent asks for its token: send authorization: Bearer")
	}
	return []string{selector}, nil
}

func (s *Server) visible(authorization string) ([]string, error) {
	all := s.options.Source.Agents()
	seen := slices.DeleteFunc(slices.Clone(all), func(name string) bool { return !s.options.Source.Admits(name, authorization) })
	if len(seen) == 0 && len(all) > 0 {
		return nil, status.Error(codes.Unauthenticated, "every agent asks for its token: send authorization: Bearer")
	}
	return seen, nil
}

func (s *Server) unary(ctx context.Context, r any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (answer any, err error) {
	defer s.survive(info.FullMethod, &err)
	return handle(ctx, r)
}

func (s *Server) streaming(server any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handle grpc.StreamHandler) (err error) {
	defer s.survive(info.FullMethod, &err)
	return handle(server, stream)
}

// survive turns a panic into an error of one request.
func (s *Server) survive(method string, err *error) {
	if p := recover(); p != nil {
		s.options.Logger.Error("a request panicked", "method", method, "panic", p)
		*err = status.Error(codes.Internal, "Tagout has a defect: this request failed")
	}
}
