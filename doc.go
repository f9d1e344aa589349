// Package tagout is the domain of Tagout: lockout/tagout for AI agents.
//
// It holds the words that everything else uses — scopes, modes, holds, incidents,
// alerts, pages, resume requests, sign-offs, events, effects, neutral messages — with
// their rules, and the small interfaces that adapters fulfil. It imports the standard
// library only and does no input or output: transitions are pure functions from a state
// and a fact to a [Change], which a [Store] commits in one transaction.
//
// Two rules decide every doubt: stopping never asks and resuming always does; and what
// is unknown, unreachable or late stays stopped.
package tagout
