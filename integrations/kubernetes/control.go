package kubernetes

import (
	"context"
	"encoding/json"
	"maps"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"

	"tagout"
)

// attempts is how often a change is made anew when somebody else was faster.
const attempts = 5

// Control stops the workloads of one agent in one namespace of a cluster.
//
// There is deliberately no circuit breaker: a stop is always tried.
type Control struct {
	name       string
	namespace  string
	client     dynamic.Interface
	broken     error // why the cluster cannot be reached at all
	kinds      []kind
	areas      []area      // the first is the whole agent
	components []component // whose versions are known here
}

// Name is the configured name.
func (c *Control) Name() string { return c.name }

// Apply stops the workloads of every held scope, and gives the others back what they had.
// nil means that the API server took it, not that the pods have ended. What it cannot
// express — a mode or a part of the agent without a selector — is a final error that names
// it; the rest is done all the same, and nothing is restarted meanwhile. So is a version
// that a component cannot have.
func (c *Control) Apply(ctx context.Context, w tagout.Wanted) error {
	if c.broken != nil {
		return c.broken
	}
	p, err := c.plan(w.Agent, w.Holds)
	if err != nil {
		return err
	}
	s := c.survey(ctx, p)
	sure := len(s.errs) == 0 && len(p.unmet) == 0
	back := c.newRollback(ctx, w.Versions)
	errs := append(s.errs, p.refusal(c), c.nothing(s), back.nowhere(s))
	var mu sync.Mutex
	var all sync.WaitGroup
	do := func(step func() error) {
		all.Go(func() {
			err := step()
			mu.Lock()
			defer mu.Unlock()
			errs = append(errs, err)
		})
	}
	for _, o := range s.objects {
		do(func() error { return c.bring(ctx, o, change{p.agent, s.wanted(p, o), sure, back}) })
	}
	do(back.configured)
	all.Wait()
	return tagout.Together(errs)
}

// change is what one object should become.
type change struct {
	agent     string
	wanted    tags
	mayLoosen bool
	back      *rollback
}

// bring stops an object at once if it should be, then brings it to the wanted versions, and
// only then gives it back what it had: it never starts with another version than the wanted
// one.
func (c *Control) bring(ctx context.Context, o *object, to change) error {
	to.wanted = maps.Clone(to.wanted)
	releases := func(o *object) bool { return len(o.tags().next(to.agent, to.wanted, to.mayLoosen)) == 0 }
	tag := func(o *object) (map[string]any, error) {
		return o.patch(o.tags().next(to.agent, to.wanted, to.mayLoosen))
	}
	if !releases(o) {
		stopped, err := c.make(ctx, o, tag)
		if stopped == nil || err != nil {
			return err
		}
		o = stopped
	}
	now, err := c.make(ctx, o, func(o *object) (map[string]any, error) {
		patch, problem := to.back.patch(ctx, o)
		if problem != nil || !releases(o) || to.back.configured() != nil {
			return patch, problem
		}
		release, err := tag(o)
		return joined(release, patch), err
	})
	if err == nil && now != nil {
		err = to.back.held(now)
	}
	return err
}

// make changes one object, unless there is nothing to change, and returns how it is then: nil
// if it is gone. Each change holds only for the version of the object that was seen; if
// somebody else was faster it is looked at again.
func (c *Control) make(ctx context.Context, o *object, patchFor func(*object) (map[string]any, error)) (*object, error) {
	resource := c.client.Resource(o.kind.resource).Namespace(c.namespace)
	for try := 1; ; try++ {
		patch, problem := patchFor(o)
		if len(patch) == 0 {
			return o, problem
		}
		body, fault := o.seal(patch)
		if fault != nil {
			return o, tagout.Final(tagout.Errorf(tagout.Internal, "The change of the %s cannot be written.", o))
		}
		changed, fault := resource.Patch(ctx, o.Metadata.Name, types.MergePatchType, body, metav1.PatchOptions{FieldManager: "tagout"})
		if fault == nil {
			if o, fault = newObject(o.kind, changed); fault != nil {
				return nil, c.failure(ctx, fault, "read a "+o.kind.title+" again")
			}
			return o, problem
		}
		if apierrors.IsNotFound(fault) {
			return nil, nil // it was deleted meanwhile, and runs no more
		}
		if !apierrors.IsConflict(fault) || try == attempts {
			return o, c.failure(ctx, fault, "change the "+o.String())
		}
		fresh, fault := resource.Get(ctx, o.Metadata.Name, metav1.GetOptions{})
		if apierrors.IsNotFound(fault) {
			return nil, nil
		}
		if fault == nil {
			o, fault = newObject(o.kind, fresh)
		}
		if fault != nil {
			return o, c.failure(ctx, fault, "read a "+o.kind.title+" again")
		}
	}
}

// seal makes the patch hold only for what was seen.
func (o *object) seal(patch map[string]any) ([]byte, error) {
	if o.Metadata.ResourceVersion != "" {
		patch = merged(patch, map[string]any{"resourceVersion": o.Metadata.ResourceVersion}, "metadata")
	}
	return json.Marshal(patch)
}

// nothing is the error for an agent without a workload: a stop that stops nothing.
func (c *Control) nothing(s *survey) error {
	if len(s.errs) > 0 || s.workloads(0) > 0 {
		return nil
	}
	return tagout.Final(tagout.Errorf(tagout.NotFound, "The %s finds no workload in the namespace %s that its selector matches, so it stops nothing. Fix: Correct the selector, the namespace or the kinds.", c.what(), c.namespace))
}
