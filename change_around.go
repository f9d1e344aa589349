package tagout

import (
	"context"
	"slices"
	"time"
)

// ChangeReader is where changes and earlier incidents are read from, as [Store] is.
type ChangeReader interface {
	// Changes lists the changes of an agent since a time; those of all agents if it is "".
	Changes(ctx context.Context, agent string, since time.Time) ([]Deployment, error)
	// Recurrences counts the incidents of an agent and class that were detected from one time
	// until right before another.
	Recurrences(ctx context.Context, agent, class string, from, before time.Time) (int, error)
}

// ChangesAround lists the changes of the agents that the incident is about or holds, from
// [CauseWindow] before it was detected until now, newest first. It returns the reader's error.
func (i *Incident) ChangesAround(ctx context.Context, r ChangeReader) ([]Deployment, error) {
	agents, everything := i.Concerns()
	if everything {
		agents = []string{""}
	}
	since := i.At(Detected).Add(-CauseWindow)
	var all []Deployment
	for _, agent := range agents {
		changes, err := r.Changes(ctx, agent, since)
		if err != nil {
			return nil, err
		}
		all = append(all, changes...)
	}
	slices.SortStableFunc(all, func(a, b Deployment) int { return b.At.Compare(a.At) })
	return all, nil
}

// KindOf is what the incident looks like: as somebody corrected it, else as the changes around
// it and earlier incidents suggest. It returns the reader's error.
func (i *Incident) KindOf(ctx context.Context, r ChangeReader, p *Policy, changes []Deployment) (KindView, error) {
	if i.Kind != nil {
		return *i.Kind, nil
	}
	f := KindFacts{Shared: i.CorrelationID != "", Class: p.ClassTitle(i.Class), Began: i.When(Onset), Onset: true, Changes: changes}
	if f.Began.IsZero() {
		f.Began, f.Onset = i.When(Detected), false
	}
	f.Agents, f.All = i.Concerns()
	if i.Scope.Agent != "" {
		detected := i.At(Detected)
		var err error
		if f.Earlier, err = r.Recurrences(ctx, i.Scope.Agent, i.Class, detected.Add(-RecurrenceWindow), detected); err != nil {
			return KindView{}, err
		}
	}
	return SuggestKind(f), nil
}
