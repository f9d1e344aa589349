package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"tagout"
	"tagout/cmd/tagout/demo"
)

type demoCmd struct {
	Listen    string `default:"127.0.0.1:8080" help:"Where the page is; only an address of this machine itself. A port that is taken is replaced by a free one."`
	Data      string `help:"Keep the database and the journal in this folder; otherwise they are thrown away at the end."`
	NoPast    bool   `help:"Begin with an empty record, without the sample incidents of the last 90 days."`
	NoBrowser bool   `help:"Do not open the page in a browser."`
}

// Run shows the demo until it is interrupted.
func (c demoCmd) Run(env *surroundings) error {
	listener, err := c.listen()
	if err != nil {
		return err
	}
	data, cleanup, err := c.folder()
	if err != nil {
		listener.Close()
		return err
	}
	defer cleanup()
	d, err := demo.New(demo.Options{Address: listener.Addr().String(), Data: data, Logger: env.log, Version: version, Past: !c.NoPast})
	if err != nil {
		listener.Close()
		return err
	}
	return serve(env, listener, d.Handler(), announced{d, env, "http://" + listener.Addr().String() + "/", !c.NoBrowser})
}

// listen opens the page's address. The demo's page can act as anyone, so that no other
// machine may reach it.
func (c demoCmd) listen() (net.Listener, error) {
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return nil, tagout.Errorf(tagout.Invalid, "--listen %q is not an address: write 127.0.0.1:PORT.", c.Listen)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, tagout.Errorf(tagout.Invalid, "--listen %s is refused: whoever opens the demo's page can act as anyone, so it stays on this machine. Use 127.0.0.1:PORT.", c.Listen)
	}
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return net.Listen("tcp", net.JoinHostPort(host, "0"))
	}
	return listener, nil
}

func (c demoCmd) folder() (string, func(), error) {
	if c.Data != "" {
		path, err := filepath.Abs(c.Data)
		if err == nil {
			err = os.MkdirAll(path, 0o700)
		}
		return path, func() {}, err
	}
	path, err := os.MkdirTemp("", "tagout-demo-")
	return path, func() { os.RemoveAll(path) }, err
}

// announced tells where the page is once everything runs.
type announced struct {
	*demo.Demo
	env  *surroundings
	url  string
	open bool
}

// Start starts the demo and says where it is.
func (a announced) Start(ctx context.Context) error {
	if err := a.Demo.Start(ctx); err != nil {
		return err
	}
	fmt.Fprintf(a.env.stdout, "\n  The demo runs at %s\n  Press Ctrl-C to end it.\n\n", a.url)
	if a.open {
		openBrowser(a.url)
	}
	return nil
}

// Stop drains first: the demo's Slack and its agents are behind the same server.
func (a announced) Stop(ctx context.Context, closeHTTP func()) {
	a.Demo.Stop(ctx)
	closeHTTP()
}

// openBrowser tries to show the page; whoever has no browser here has the address.
func openBrowser(url string) {
	opener := map[string][]string{"darwin": {"open"}, "windows": {"rundll32", "url.dll,FileProtocolHandler"}}[runtime.GOOS]
	if opener == nil {
		opener = []string{"xdg-open"}
	}
	if path, err := exec.LookPath(opener[0]); err == nil {
		command := exec.Command(path, append(opener[1:], url)...)
		if command.Start() == nil {
			go command.Wait()
		}
	}
}
