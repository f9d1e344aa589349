package kubernetes

import (
	"context"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"tagout"
)

// Read returns the scopes whose workloads this control has stopped and of which no pod
// runs any more: a pod that is being ended still runs. What cannot be found out is an
// error, never a confirmation.
func (c *Control) Read(ctx context.Context, agent string) (tagout.Observed, error) {
	if c.broken != nil {
		return tagout.Observed{}, c.broken
	}
	p, err := c.plan(agent, nil)
	if err != nil {
		return tagout.Observed{}, err
	}
	s := c.survey(ctx, p)
	if err := tagout.Together(append(s.errs, c.nothing(s))); err != nil {
		return tagout.Observed{}, err
	}
	observed := tagout.Observed{Agent: agent, Versions: c.readVersions(ctx, s)}
	for i, a := range p.areas {
		mode := s.heldAs(p, i)
		if mode == "" {
			continue
		}
		runs, err := c.anyRuns(ctx, s.podSelectors(p, i))
		if err != nil {
			return tagout.Observed{}, err
		}
		if !runs {
			observed.Applied = append(observed.Applied, tagout.AppliedHold{Scope: a.scope, Mode: mode})
		}
	}
	return observed, nil
}

// podSelectors are those of an area itself and of each of its workloads.
func (s *survey) podSelectors(p *plan, area int) map[string]bool {
	selectors := map[string]bool{}
	for _, part := range p.within(area) {
		selectors[p.areas[part].selector.String()] = true
	}
	for _, o := range s.under(p, area) {
		if o.Spec.Selector == nil || o.isJob() && o.over() {
			continue
		}
		selector, err := metav1.LabelSelectorAsSelector(o.Spec.Selector)
		if err == nil && !selector.Empty() {
			selectors[selector.String()] = true
		}
	}
	return selectors
}

// anyRuns reports whether a pod runs that one of the selectors matches.
func (c *Control) anyRuns(ctx context.Context, selectors map[string]bool) (bool, error) {
	var mu sync.Mutex
	var all sync.WaitGroup
	var errs []error
	runs := false
	for selector := range selectors {
		all.Go(func() {
			list, err := c.client.Resource(podResource()).Namespace(c.namespace).List(ctx, metav1.ListOptions{
				LabelSelector: selector, FieldSelector: "status.phase!=Succeeded,status.phase!=Failed",
			})
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				errs = append(errs, c.failure(ctx, err, "list the pods in "+c.namespace))
				return
			}
			for i := range list.Items {
				runs = runs || running(&list.Items[i])
			}
		})
	}
	all.Wait()
	return runs, tagout.Together(errs)
}

// running reports whether a pod may still do something; in doubt it may.
func running(pod *unstructured.Unstructured) bool {
	phase, _, _ := unstructured.NestedString(pod.Object, "status", "phase")
	return phase != "Succeeded" && phase != "Failed"
}
