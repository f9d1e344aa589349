// Package gate is the authority that answers "may this agent act?".
//
// It keeps the holds in memory as an immutable view that is replaced as a whole, so that
// an answer costs a lookup and never waits for a change. What stands in memory is what the
// database said plus the stops that the database does not know yet; the latter are also in
// the journal, a small file that outlives a crash and a database outage.
//
// Stopping and lifting go opposite ways: a stop is written to the journal and applied
// before anybody asks the database, a lift is applied only after the database committed it.
// What the gate does not know, it answers with halted.
//
// The reconciler drives the controls (enforcement points such as webhooks) to what stands
// here, reads them back, and reports how far each got.
package gate
