package config

import (
	"fmt"
	"slices"
	"strings"

	"tagout"
)

// maxProblems is how many problems one error tells of.
const maxProblems = 100

// place is a position in the file, counted from 1.
type place struct{ line, column int }

// problem is one thing that is wrong, and what to do about it.
type problem struct {
	at            place
	sentence, fix string
}

// problems collects everything that is wrong with one file.
type problems struct {
	file string
	list []problem
}

// add tells of a problem in a full sentence, and of its cure in another. Neither may hold
// a value that came from outside the file, a secret or a line of the file.
func (p *problems) add(at place, sentence, fix string) {
	p.list = append(p.list, problem{at, sentence, fix})
}

// addf is add with a formatted sentence.
func (p *problems) addf(at place, fix, format string, args ...any) {
	p.add(at, fmt.Sprintf(format, args...), fix)
}

// where is a place as errors print it: file:line:column.
func (p *problems) where(at place) string {
	return fmt.Sprintf("%s:%d:%d", p.file, at.line, at.column)
}

// err is all problems in the order of the file as one [tagout.Invalid] error, or nil.
func (p *problems) err() error {
	if len(p.list) == 0 {
		return nil
	}
	slices.SortStableFunc(p.list, func(a, b problem) int {
		if a.at.line != b.at.line {
			return a.at.line - b.at.line
		}
		return a.at.column - b.at.column
	})
	var lines []string
	for i, one := range p.list {
		if i == maxProblems {
			lines = append(lines, fmt.Sprintf("%s: There are %d more problems. Fix: Mend those above first.", p.file, len(p.list)-i))
			break
		}
		lines = append(lines, p.where(one.at)+": "+one.sentence+" Fix: "+one.fix)
	}
	return &tagout.Error{Code: tagout.Invalid, Message: strings.Join(lines, "\n")}
}
