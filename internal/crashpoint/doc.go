// Package crashpoint names the moments at which a crash must not lose anything.
//
// Production code marks such a moment with Here("stop.journaled"). In an ordinary
// build the call is empty and compiled away. In a build with the tag
// "crashpoints" the process kills itself with SIGKILL at the point that the
// environment variable TAGOUT_CRASH_AT names, so that a story can start the
// program again and look at what survived:
//
//	TAGOUT_CRASH_AT=stop.journaled     dies at the first pass
//	TAGOUT_CRASH_AT=stop.journaled:3   dies at the third pass
//
// Names lists every point found in the source, so that a test can insist that each
// of them was exercised.
package crashpoint

// Variable is the environment variable that a program built with the tag
// "crashpoints" reads: NAME or NAME:N, where N ≥ 1 is the pass at which to die.
const Variable = "TAGOUT_CRASH_AT"
