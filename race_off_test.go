//go:build !race

package tagout_test

// slower is by how much the race detector slows down what computes alone.
const slower = 1
