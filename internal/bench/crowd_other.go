//go:build !linux

package main

import (
	"errors"
	"time"
)

// crowd is many clients; they are only made on Linux.
type crowd struct{}

func gather(protocol, string, int, func(int) string) (*crowd, error) {
	return nil, errors.New("fleets of clients are only made on Linux")
}

func (*crowd) settle(time.Duration) error         { return nil }
func (*crowd) look()                              {}
func (*crowd) saw(time.Duration) ([]int64, error) { return nil, nil }
func mayOpen() int                                { return 0 }
