//go:build !linux

package pgtest

import "syscall"

// dieWithParent does nothing where the kernel has no such promise: the next test
// process stops what a killed one left behind.
func dieWithParent(*syscall.SysProcAttr) {}
