package tagout

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Code says what kind of failure an [Error] is; each edge (Slack, HTTP, command line)
// maps it once to its own language.
type Code string

// The codes. Every error that a person may see carries one.
const (
	Invalid      Code = "invalid"      // the input is wrong; the message says where and how to fix it
	Unauthorized Code = "unauthorized" // who is asking could not be established
	Forbidden    Code = "forbidden"    // known, but not allowed to do this
	NotFound     Code = "not_found"    // the thing named does not exist
	Conflict     Code = "conflict"     // the state does not allow it (already done, void, raced)
	Expired      Code = "expired"      // it was valid once
	TooLarge     Code = "too_large"    // the input exceeds a limit
	TooMany      Code = "too_many"     // asked too often
	Unavailable  Code = "unavailable"  // something that is needed cannot be reached; nothing was changed
	Internal     Code = "internal"     // a defect of Tagout's
)

// Error is a failure with a sentence that a person can act on.
type Error struct {
	Code    Code
	Message string // a full sentence; never holds a secret or foreign payload text
	Err     error  // the cause, for logs; may be nil
}

// Errorf makes an [Error]. A %w verb in the format keeps its operand as the cause.
func Errorf(code Code, format string, args ...any) *Error {
	wrapped := fmt.Errorf(format, args...)
	return &Error{Code: code, Message: wrapped.Error(), Err: errors.Unwrap(wrapped)}
}

// Error is the sentence.
func (e *Error) Error() string { return e.Message }

// Unwrap returns the cause, or nil.
func (e *Error) Unwrap() error { return e.Err }

// CodeOf is the code of the first [Error] in err's chain: Internal if there is none, "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return Internal
}

// Sentence is what a person may read of err: the message of the first [Error] in its
// chain, or a general sentence that reveals nothing of an internal failure.
func Sentence(err error) string {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Message
	}
	return "Something went wrong inside Tagout. Nothing was resumed; the log has the details."
}

type finalError struct{ error }

func (f finalError) Unwrap() error { return f.error }

// Final marks err as one that a retry cannot cure, so that an effect or a page is given
// up (loudly) rather than repeated. Final(nil) is nil.
func Final(err error) error {
	if err == nil {
		return nil
	}
	return finalError{err}
}

// IsFinal reports whether err was marked by [Final].
func IsFinal(err error) bool {
	var f finalError
	return errors.As(err, &f)
}

type postponedError struct {
	error
	pause time.Duration
}

func (p postponedError) Unwrap() error { return p.error }

// Postpone marks err as no failure: what it kept from being done is to be tried again after
// this pause, and not by the pauses that follow a failure. Postpone(nil, d) is nil.
func Postpone(err error, pause time.Duration) error {
	if err == nil {
		return nil
	}
	return postponedError{err, pause}
}

// Postponed is for how long err was postponed by [Postpone]; false if it was not.
func Postponed(err error) (time.Duration, bool) {
	p, ok := errors.AsType[postponedError](err)
	return p.pause, ok
}

// maxTold is how many failures one sentence tells of.
const maxTold = 6

// Together is one error of many, nil for none: final only if all are, since otherwise trying
// again helps. It says each sentence once, and no more than a few.
func Together(errs []error) error {
	var sentences []string
	var code Code
	final := true
	for _, err := range errs {
		if err == nil {
			continue
		}
		if sentence := Sentence(err); len(sentences) < maxTold && !slices.Contains(sentences, sentence) {
			sentences = append(sentences, sentence)
		}
		if code == "" || final && !IsFinal(err) {
			code = CodeOf(err)
		}
		final = final && IsFinal(err)
	}
	if len(sentences) == 0 {
		return nil
	}
	err := Errorf(code, "%s", strings.Join(sentences, " "))
	if final {
		return Final(err)
	}
	return err
}
