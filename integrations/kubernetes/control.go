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
	areas      []area            // the first is the whole agent
	containers map[string]string // container by component, whose image's tag is its version
}

// Name is the configured name.
func (c *Control) Name() string { return c.name }

// Apply stops the workloads of every held scope, and gives the others back what they had.
// nil means that the API server took it, not that the pods have ended. What it cannot
// express — a mode or a part of the agent without a selector — is a final error that names
// it; the rest is done all the same, and nothing is restarted meanwhile.
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
	errs := append(s.errs, p.refusal(c), c.nothing(s), c.unknownVersions(s, w.Versions))
	var mu sync.Mutex
	var all sync.WaitGroup
	for _, o := range s.objects {
		all.Go(func() {
			err := c.bring(ctx, o, change{p.agent, s.wanted(p, o), sure, w.Versions})
			mu.Lock()
			defer mu.Unlock()
			errs = append(errs, err)
		})
	}
	all.Wait()
	return together(errs)
}

// change is what one object should become.
type change struct {
	agent     string
	wanted    tags
	mayLoosen bool
	versions  map[string]string
}

// bring changes one object, unless it is so already. Each change holds only for the version
// of the object that was seen; if somebody else was faster it is looked at again.
func (c *Control) bring(ctx context.Context, o *object, to change) error {
	to.wanted = maps.Clone(to.wanted)
	resource := c.client.Resource(o.kind.resource).Namespace(c.namespace)
	for try := 1; ; try++ {
		patch, err := o.patch(o.tags().next(to.agent, to.wanted, to.mayLoosen))
		if err != nil {
			return err
		}
		if patch, err = o.withVersions(patch, c.containers, to.versions); patch == nil {
			return err
		}
		body, fault := o.seal(patch)
		if fault != nil {
			return tagout.Final(tagout.Errorf(tagout.Internal, "The change of the %s cannot be written.", o))
		}
		_, fault = resource.Patch(ctx, o.Metadata.Name, types.MergePatchType, body, metav1.PatchOptions{FieldManager: "tagout"})
		switch {
		case fault == nil:
			return err
		case apierrors.IsNotFound(fault):
			return nil // it was deleted meanwhile, and runs no more
		case !apierrors.IsConflict(fault) || try == attempts:
			return c.failure(ctx, fault, "change the "+o.String())
		}
		fresh, fault := resource.Get(ctx, o.Metadata.Name, metav1.GetOptions{})
		if apierrors.IsNotFound(fault) {
			return nil
		}
		if fault == nil {
			o, fault = newObject(o.kind, fresh)
		}
		if fault != nil {
			return c.failure(ctx, fault, "read a "+o.kind.title+" again")
		}
	}
}

// seal makes the patch hold only for what was seen.
func (o *object) seal(patch map[string]any) ([]byte, error) {
	if o.Metadata.ResourceVersion != "" {
		metadata, _ := patch["metadata"].(map[string]any)
		if metadata == nil {
			metadata = map[string]any{}
			patch["metadata"] = metadata
		}
		metadata["resourceVersion"] = o.Metadata.ResourceVersion
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
