// Package flagd speaks flagd.sync.v1: it hands the holds to OpenFeature's in-process
// providers, which then decide by themselves, and to flagd as a relay.
//
// What it sends is an allow-list that ends in halted, and a lease: the definitions decide
// until the lease ends, and say halted after it, without anybody's help.
package flagd

//go:generate ./generate.sh
