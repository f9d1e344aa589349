package flagd

import (
	"google.golang.org/grpc/encoding"
	grpcproto "google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"
)

// written is a message as it goes over the wire: made once, however many streams send it.
type written struct{ buffer mem.SliceBuffer }

func write(text string) *written {
	bytes, _ := proto.Marshal(&SyncFlagsResponse{FlagConfiguration: text}) // JSON is valid UTF-8
	return &written{bytes}
}

// codec is that of gRPC, which also takes what is written already.
type codec struct{ encoding.CodecV2 }

func newCodec() codec { return codec{encoding.GetCodecV2(grpcproto.Name)} }

// Marshal returns the bytes of a message. Those that were written before are shared, and
// only read.
func (c codec) Marshal(message any) (mem.BufferSlice, error) {
	if w, ok := message.(*written); ok {
		return mem.BufferSlice{w.buffer}, nil
	}
	return c.CodecV2.Marshal(message)
}
