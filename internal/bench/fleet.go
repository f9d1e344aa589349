package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// fleetCommand runs this program as clients: `fleet sse 127.0.0.1:1234 1000 1` is 1,000 that
// all listen to the same agent; with 500 in the end, to 500 in turn.
const fleetCommand = "fleet"

const (
	fleetPatience = 60 * time.Second
	// quiet is for how long nothing may arrive before the next kill.
	quiet = 150 * time.Millisecond
	// watched is the agent to which a whole fleet listens.
	watched = 0
)

// beFleet is the clients, in a process of their own. After each line of in they look out for
// news, and it says when each client got it.
func beFleet(args []string, in io.Reader, out io.Writer) error {
	count, err := strconv.Atoi(args[2])
	if err != nil {
		return err
	}
	agents, err := strconv.Atoi(args[3])
	if err != nil {
		return err
	}
	speak, err := protocolOf(args[0])
	if err != nil {
		return err
	}
	mayOpen()
	c, err := gather(speak, args[1], count, func(i int) string { return agentName(watched + i%agents) })
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "connected")
	for orders := bufio.NewScanner(in); orders.Scan(); { // each asks for the next news
		if err := c.settle(quiet); err != nil {
			return err
		}
		c.look()
		fmt.Fprintln(out, "looking")
		times, err := c.saw(fleetPatience)
		if err != nil {
			return err
		}
		var line strings.Builder
		line.WriteString("saw")
		for _, t := range times {
			fmt.Fprint(&line, " ", t)
		}
		fmt.Fprintln(out, line.String())
	}
	return nil
}

// fleet is such a process.
type fleet struct {
	command *exec.Cmd
	order   io.WriteCloser
	answers *bufio.Reader
}

// launch starts n clients and returns once all are connected.
func launch(ctx context.Context, speak, address string, n, agents int) (*fleet, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	f := &fleet{command: exec.CommandContext(ctx, self, fleetCommand, speak, address, strconv.Itoa(n), strconv.Itoa(agents))}
	f.command.Stderr = os.Stderr
	if f.order, err = f.command.StdinPipe(); err != nil {
		return nil, err
	}
	answers, err := f.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	f.answers = bufio.NewReaderSize(answers, 1<<20)
	if err := f.command.Start(); err != nil {
		return nil, err
	}
	_, err = f.expect("connected")
	return f, err
}

func (f *fleet) expect(word string) (rest string, err error) {
	line, err := f.answers.ReadString('\n')
	rest, ok := strings.CutPrefix(line, word)
	if !ok {
		return "", fmt.Errorf("the clients ended, instead of %s: %w", word, err)
	}
	return strings.TrimSpace(rest), nil
}

// look makes the clients look out for the next news.
func (f *fleet) look() error {
	fmt.Fprintln(f.order, "next")
	_, err := f.expect("looking")
	return err
}

// saw waits until every client heard, and is how long each took.
func (f *fleet) saw(began time.Time) (latencies, error) {
	text, err := f.expect("saw")
	var took latencies
	for _, at := range strings.Fields(text) {
		nanoseconds, err := strconv.ParseInt(at, 10, 64)
		if err != nil {
			return nil, err
		}
		took = append(took, time.Unix(0, nanoseconds).Sub(began))
	}
	return took, err
}

func (f *fleet) stop() {
	_ = f.order.Close() // it ends at the end of its input
	_ = f.command.Wait()
}
