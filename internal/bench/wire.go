package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"
)

// wire is one HTTP/1.1 connection that speaks just enough to cost little beside what is
// measured on the same machine.
type wire struct {
	tcp    net.Conn
	reader *bufio.Reader
	out    []byte
	body   []byte
}

// answerPatience bounds the wait for one answer.
const answerPatience = 20 * time.Second

func dial(address string) (*wire, error) {
	tcp, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	return &wire{tcp: tcp, reader: bufio.NewReaderSize(tcp, 16<<10)}, nil
}

func (w *wire) close() { _ = w.tcp.Close() }

// post sends a JSON body and reads the answer, which is valid until the next call. token
// may be empty.
func (w *wire) post(path, token string, body []byte) (status int, answer []byte, err error) {
	out := append(w.out[:0], "POST "...)
	out = append(out, path...)
	out = append(out, " HTTP/1.1\r\nHost: tagout\r\nContent-Type: application/json\r\n"...)
	if token != "" {
		out = append(out, "Authorization: Bearer "...)
		out = append(out, token...)
		out = append(out, "\r\n"...)
	}
	out = append(out, "Content-Length: "...)
	out = strconv.AppendInt(out, int64(len(body)), 10)
	out = append(out, "\r\n\r\n"...)
	w.out = append(out, body...)
	if err := w.tcp.SetDeadline(time.Now().Add(answerPatience)); err != nil {
		return 0, nil, err
	}
	if _, err := w.tcp.Write(w.out); err != nil {
		return 0, nil, err
	}
	return w.read()
}

func (w *wire) read() (status int, body []byte, err error) {
	line, err := w.reader.ReadSlice('\n')
	if err != nil {
		return 0, nil, err
	}
	if len(line) < 12 {
		return 0, nil, fmt.Errorf("not an answer of HTTP: %q", line)
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, nil, err
	}
	length, chunked := 0, false
	for {
		line, err := w.reader.ReadSlice('\n')
		if err != nil {
			return 0, nil, err
		}
		if len(line) <= 2 {
			break
		}
		if text, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(text))); err != nil {
				return 0, nil, err
			}
		}
		chunked = chunked || bytes.HasPrefix(line, []byte("Transfer-Encoding: chunked"))
	}
	w.body = w.body[:0]
	if chunked {
		err = w.readChunks()
		return status, w.body, err
	}
	err = w.take(length)
	return status, w.body, err
}

// take appends n bytes to the body.
func (w *wire) take(n int) error {
	have := len(w.body)
	if cap(w.body) < have+n {
		w.body = append(make([]byte, 0, 2*(have+n)), w.body...)
	}
	w.body = w.body[:have+n]
	_, err := io.ReadFull(w.reader, w.body[have:])
	return err
}

func (w *wire) readChunks() error {
	for {
		line, err := w.reader.ReadSlice('\n')
		if err != nil {
			return err
		}
		size, err := strconv.ParseInt(string(bytes.TrimSpace(line)), 16, 32)
		if err != nil {
			return errors.New("a chunk without its size")
		}
		if err := w.take(int(size)); err != nil {
			return err
		}
		if _, err := w.reader.Discard(2); err != nil {
			return err
		}
		if size == 0 {
			return nil
		}
	}
}
