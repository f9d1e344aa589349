package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// protocol is how a client of a fleet connects, and what of that which it reads is news.
// The clients speak just enough to cost little beside what is measured.
type protocol interface {
	// hello is what a client sends first, to hear of one agent.
	hello(agent string) []byte
	// take reads what arrived, and returns how many pieces of news ended in it, what is left
	// over, and what must be answered.
	take(arrived []byte) (news int, rest, answer []byte)
}

func protocolOf(name string) (protocol, error) {
	switch name {
	case "sse":
		return sse{}, nil
	case "flagd":
		return flagdSync{}, nil
	}
	return nil, fmt.Errorf("there is no protocol %q", name)
}

// sse reads OFREP event streams.
type sse struct{}

func (sse) hello(agent string) []byte {
	return fmt.Appendf(nil, "GET /ofrep/v1/events?agent=%s HTTP/1.1\r\nHost: tagout\r\n\r\n", agent)
}

func (sse) take(arrived []byte) (news int, rest, answer []byte) {
	end := bytes.LastIndexByte(arrived, '\n') + 1
	news = bytes.Count(arrived[:end], []byte("\ndata: "))
	if bytes.HasPrefix(arrived[:end], []byte("data: ")) {
		news++
	}
	return news, arrived[end:], nil
}

// flagdSync is a client of flagd.sync.v1.SyncFlags: gRPC on plain HTTP/2, with windows so
// large that none is ever renewed.
type flagdSync struct{}

// The types and flags of HTTP/2 frames.
const (
	frameData, frameHeaders, frameSettings, framePing, frameGoAway, frameWindow = 0, 1, 4, 6, 7, 8

	flagAck, flagEndStream, flagEndHeaders = 1, 1, 4

	frameHeader = 9
)

func frame(kind, flags byte, stream uint32, payload []byte) []byte {
	out := make([]byte, frameHeader, frameHeader+len(payload))
	binary.BigEndian.PutUint32(out, uint32(len(payload))<<8|uint32(kind))
	out[4] = flags
	binary.BigEndian.PutUint32(out[5:], stream)
	return append(out, payload...)
}

func (flagdSync) hello(agent string) []byte {
	const widest = 1<<31 - 1
	out := []byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
	out = append(out, frame(frameSettings, 0, 0, binary.BigEndian.AppendUint32([]byte{0, 4}, widest))...)
	out = append(out, frame(frameWindow, 0, 0, binary.BigEndian.AppendUint32(nil, widest-65535))...)
	var headers []byte
	for _, h := range [][2]string{
		{":method", "POST"}, {":scheme", "http"}, {":path", "/flagd.sync.v1.FlagSyncService/SyncFlags"}, {":authority", "tagout"},
		{"content-type", "application/grpc"}, {"te", "trailers"}, {"flagd-selector", agent},
	} {
		headers = append(headers, 0, byte(len(h[0]))) // literal, not indexed, not Huffman
		headers = append(append(headers, h[0]...), byte(len(h[1])))
		headers = append(headers, h[1]...)
	}
	out = append(out, frame(frameHeaders, flagEndHeaders, 1, headers)...)
	return append(out, frame(frameData, flagEndStream, 1, []byte{0, 0, 0, 0, 0})...) // an empty request
}

// take counts frames of data: the server sends a message in one, or its end in the last.
func (flagdSync) take(arrived []byte) (news int, rest, answer []byte) {
	for len(arrived) >= frameHeader {
		size := int(binary.BigEndian.Uint32(arrived) >> 8)
		if len(arrived) < frameHeader+size {
			break
		}
		kind, flags, payload := arrived[3], arrived[4], arrived[frameHeader:frameHeader+size]
		switch {
		case kind == frameData && size > 0:
			news++
		case kind == frameSettings && flags&flagAck == 0:
			answer = append(answer, frame(frameSettings, flagAck, 0, nil)...)
		case kind == framePing && flags&flagAck == 0:
			answer = append(answer, frame(framePing, flagAck, 0, payload)...)
		}
		arrived = arrived[frameHeader+size:]
	}
	return news, arrived, answer
}
