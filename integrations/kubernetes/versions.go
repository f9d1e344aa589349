package kubernetes

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"tagout"
)

// rollback brings workloads to the wanted versions of the components that this control
// knows.
type rollback struct {
	control *Control
	wanted  map[string]string // by component
	maps    map[string]func() error
}

func (c *Control) newRollback(ctx context.Context, versions map[string]string) *rollback {
	r := &rollback{control: c, wanted: map[string]string{}, maps: map[string]func() error{}}
	for _, one := range c.components {
		version := versions[one.name]
		if version == "" {
			continue
		}
		r.wanted[one.name] = version
		if one.ConfigMap != "" {
			r.maps[one.name] = sync.OnceValue(func() error { return c.configure(ctx, one, version) })
		}
	}
	return r
}

// of is the error of one component.
func of(c component, err error) error {
	if err == nil {
		return nil
	}
	told := tagout.Errorf(tagout.CodeOf(err), "Version of %s: %s", c.name, tagout.Sentence(err))
	if tagout.IsFinal(err) {
		return tagout.Final(told)
	}
	return told
}

// step is the template and the annotations that a workload should have: nil where nothing
// changes. The error names each component that cannot be brought to its version; the others
// are in the step all the same.
func (r *rollback) step(ctx context.Context, o *object) (next template, annotations map[string]any, err error) {
	if o.template == nil || o.isJob() {
		return nil, nil, r.stuck(o)
	}
	var errs []error
	next, annotations = o.template.clone(), map[string]any{}
	if back, found, err := r.undone(ctx, o); err != nil {
		errs = append(errs, err)
	} else if back != nil {
		next = back
		maps.Copy(annotations, found)
	} else {
		maps.Copy(annotations, found)
	}
	for _, c := range r.control.components {
		version, wanted := r.wanted[c.name]
		if !wanted || c.Undo {
			continue
		}
		if c.Restart {
			if err := r.maps[c.name](); err != nil {
				continue // told once, by [rollback.configured]; what runs is not restarted for it
			}
		} else if _, there := c.read(next); !there {
			continue
		}
		if now, _ := c.read(next); now != version {
			errs = append(errs, of(c, c.write(next, version)))
		}
	}
	return next, annotations, tagout.Together(errs)
}

// patch is what a workload must change to be of the wanted versions: empty for nothing.
func (r *rollback) patch(ctx context.Context, o *object) (map[string]any, error) {
	next, annotations, problem := r.step(ctx, o)
	if next == nil {
		return nil, problem
	}
	patch := changes(annotations, nil)
	if change := differences(o.template, next); len(change) > 0 {
		patch = merged(patch, change, o.kind.template...)
	}
	return patch, problem
}

// held is the error for a rollout that Kubernetes has given up on.
func (r *rollback) held(o *object) error {
	for _, c := range r.control.components {
		if _, there := c.read(o.template); r.wanted[c.name] != "" && o.heldUp() && o.replicas() > 0 && (there || c.Deployment == o.Metadata.Name) {
			return of(c, tagout.Final(tagout.Errorf(tagout.Unavailable, "The rollout of the %s does not get on. Fix: Look at its pods.", o)))
		}
	}
	return nil
}

// stuck is the error for a Job that works on with another version than the wanted one: a
// Job cannot be changed.
func (r *rollback) stuck(o *object) error {
	if !o.isJob() || o.over() {
		return nil
	}
	var errs []error
	for _, c := range r.control.components {
		if version, there := c.read(o.template); there && r.wanted[c.name] != "" && version != r.wanted[c.name] {
			errs = append(errs, of(c, tagout.Final(tagout.Errorf(tagout.Conflict, "The %s was started with another version, and cannot be changed. Fix: Wait until it ends, or delete it.", o))))
		}
	}
	return tagout.Together(errs)
}

// undone is the template of an earlier revision, if one of the wanted versions asks for
// that, and what is to be noted of it.
func (r *rollback) undone(ctx context.Context, o *object) (template, map[string]any, error) {
	if o.kind.title != "Deployment" {
		return nil, nil, nil
	}
	var asking []component
	for _, c := range r.control.components {
		_, wanted := r.wanted[c.name]
		version, there := c.read(o.template)
		if wanted && (c.Deployment == o.Metadata.Name || c.Undo && there && version != r.wanted[c.name]) {
			asking = append(asking, c)
		}
	}
	note := map[string]any{}
	if _, noted := o.Metadata.Annotations[undoneKey]; noted {
		note[undoneKey] = nil
	}
	if len(asking) == 0 {
		return nil, note, nil
	}
	revisions, err := r.control.revisions(ctx, o)
	if err != nil {
		return nil, nil, of(asking[0], err)
	}
	var errs []error
	target := newest(revisions, func(past *object) bool { return r.hasAll(past, asking) })
	for _, c := range asking {
		version := r.wanted[c.name]
		if c.Deployment == "" {
			if target == nil {
				errs = append(errs, of(c, o.lost()))
			}
			continue
		}
		delete(note, undoneKey)
		if o.revisionNow(revisions) == version {
			return nil, note, nil
		}
		if target = o.revisionNamed(version, revisions); target == nil {
			errs = append(errs, of(c, o.lost()))
			continue
		}
		note[undoneKey] = version + "=" + target.Metadata.Name
	}
	if target == nil || len(errs) > 0 {
		return nil, nil, tagout.Together(errs)
	}
	return target.past(), note, nil
}

// hasAll reports whether a revision has the wanted versions of these components.
func (r *rollback) hasAll(past *object, asking []component) bool {
	return !slices.ContainsFunc(asking, func(c component) bool {
		version, there := c.read(past.template)
		return c.inTemplate() && (!there || version != r.wanted[c.name])
	})
}

// configured changes the ConfigMaps that hold wanted versions.
func (r *rollback) configured() error {
	var mu sync.Mutex
	var all sync.WaitGroup
	var errs []error
	for _, c := range r.control.components {
		if change := r.maps[c.name]; change != nil {
			all.Go(func() {
				err := of(c, change())
				mu.Lock()
				defer mu.Unlock()
				errs = append(errs, err)
			})
		}
	}
	all.Wait()
	return tagout.Together(errs)
}

func configMaps() schema.GroupVersionResource {
	return schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}
}

// configure puts a version into a ConfigMap.
func (c *Control) configure(ctx context.Context, in component, version string) error {
	resource := c.client.Resource(configMaps()).Namespace(c.namespace)
	for try := 1; ; try++ {
		found, err := resource.Get(ctx, in.ConfigMap, metav1.GetOptions{})
		if err != nil {
			return c.failure(ctx, err, "read the ConfigMap "+in.ConfigMap)
		}
		if now, _, _ := unstructured.NestedString(found.Object, "data", in.Key); now == version {
			return nil
		}
		body, err := json.Marshal(map[string]any{"metadata": map[string]any{"resourceVersion": found.GetResourceVersion()}, "data": map[string]any{in.Key: version}})
		if err != nil {
			return tagout.Final(tagout.Errorf(tagout.Internal, "The change of the ConfigMap %s cannot be written.", in.ConfigMap))
		}
		_, err = resource.Patch(ctx, in.ConfigMap, types.MergePatchType, body, metav1.PatchOptions{FieldManager: "tagout"})
		if err == nil {
			return nil
		}
		if !apierrors.IsConflict(err) || try == attempts {
			return c.failure(ctx, err, "change the ConfigMap "+in.ConfigMap)
		}
	}
}

// nowhere is the error for each wanted component that no workload has.
func (r *rollback) nowhere(s *survey) error {
	if len(s.errs) > 0 {
		return nil
	}
	var errs []error
	for _, c := range r.control.components {
		if _, wanted := r.wanted[c.name]; wanted && c.ConfigMap == "" && !s.carries(c) {
			errs = append(errs, of(c, tagout.Final(tagout.Errorf(tagout.NotFound, "The %s finds no workload that has it, so that it cannot be set. Fix: Correct components or versions.", r.control.what()))))
		}
	}
	return tagout.Together(errs)
}

// carries reports whether a workload of the agent has the component.
func (s *survey) carries(c component) bool {
	for _, o := range s.areas[0] {
		_, there := c.read(o.template)
		if there || c.Deployment != "" && o.kind.title == "Deployment" && o.Metadata.Name == c.Deployment {
			return true
		}
	}
	return false
}
