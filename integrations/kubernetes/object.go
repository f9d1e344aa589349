package kubernetes

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"tagout"
)

// The annotations by which an object remembers what was done to it.
const (
	heldKey     = "tagout.dev/held"     // the scopes for which it is stopped, each with its mode
	replicasKey = "tagout.dev/replicas" // what spec.replicas was before
	suspendKey  = "tagout.dev/suspend"  // what spec.suspend was before
)

// kind is a sort of object that starts pods.
type kind struct {
	title    string
	resource schema.GroupVersionResource
	memory   string   // the annotation that remembers what was before
	template []string // where the template of its pods is
}

func workloadKinds() []kind {
	pods := []string{"spec", "template"}
	apps, batch := schema.GroupVersion{Group: "apps", Version: "v1"}, schema.GroupVersion{Group: "batch", Version: "v1"}
	return []kind{
		{"Deployment", apps.WithResource("deployments"), replicasKey, pods},
		{"StatefulSet", apps.WithResource("statefulsets"), replicasKey, pods},
		{"CronJob", batch.WithResource("cronjobs"), suspendKey, []string{"spec", "jobTemplate", "spec", "template"}},
	}
}

// jobKind is the sort of what a CronJob starts.
func jobKind() kind {
	return kind{"Job", schema.GroupVersionResource{Group: "batch", Version: "v1", Resource: "jobs"}, suspendKey, []string{"spec", "template"}}
}

func podResource() schema.GroupVersionResource {
	return schema.GroupVersionResource{Version: "v1", Resource: "pods"}
}

// object is what matters of a workload.
type object struct {
	kind     kind
	Metadata struct {
		Name            string                  `json:"name"`
		UID             string                  `json:"uid"`
		ResourceVersion string                  `json:"resourceVersion"`
		Generation      int64                   `json:"generation"`
		Labels          map[string]string       `json:"labels"`
		Annotations     map[string]string       `json:"annotations"`
		Owners          []metav1.OwnerReference `json:"ownerReferences"`
	} `json:"metadata"`
	Spec struct {
		Replicas *int64                `json:"replicas"`
		Suspend  bool                  `json:"suspend"`
		Selector *metav1.LabelSelector `json:"selector"`
	} `json:"spec"`
	Status struct {
		ObservedGeneration int64 `json:"observedGeneration"`
		Replicas           int64 `json:"replicas"`
		UpdatedReplicas    int64 `json:"updatedReplicas"`
		AvailableReplicas  int64 `json:"availableReplicas"`
		Conditions         []struct {
			Type   string `json:"type"`
			Status string `json:"status"`
		} `json:"conditions"`
	} `json:"status"`
	template template `json:"-"` // of its pods
}

func newObject(k kind, from *unstructured.Unstructured) (*object, error) {
	o := &object{kind: k}
	text, err := from.MarshalJSON()
	if err == nil {
		err = json.Unmarshal(text, o)
	}
	if found, ok, _ := unstructured.NestedMap(from.Object, k.template...); ok {
		o.template = found
	}
	return o, err
}

func (o *object) String() string { return o.kind.title + " " + o.Metadata.Name }

// key tells the object from the others of the namespace.
func (o *object) key() string { return o.kind.resource.Resource + "/" + o.Metadata.Name }

func (o *object) isJob() bool { return o.kind.title == "Job" }

// replicas is how many pods it asks for; the API server's default is one.
func (o *object) replicas() int64 {
	if o.Spec.Replicas == nil {
		return 1
	}
	return *o.Spec.Replicas
}

// stopped reports whether the object starts no pod any more, and its controller knows.
func (o *object) stopped() bool {
	if o.kind.memory == suspendKey {
		return o.Spec.Suspend
	}
	return o.replicas() == 0 && o.Status.ObservedGeneration >= o.Metadata.Generation
}

// over reports whether a Job has ended for good.
func (o *object) over() bool {
	for _, c := range o.Status.Conditions {
		if (c.Type == "Complete" || c.Type == "Failed") && c.Status == "True" {
			return true
		}
	}
	return false
}

// ownedBy reports whether one of the objects is the controller of o.
func (o *object) ownedBy(uids map[string]bool) bool {
	return slices.ContainsFunc(o.Metadata.Owners, func(r metav1.OwnerReference) bool { return uids[string(r.UID)] })
}

// tags are the scopes for which an object is stopped.
type tags map[tagout.Scope]tagout.Mode

// tags reads the annotation; what it does not understand holds nothing.
func (o *object) tags() tags {
	list := tags{}
	for _, part := range strings.Split(o.Metadata.Annotations[heldKey], ",") {
		name, value, _ := strings.Cut(part, "=")
		scope, err := tagout.ParseScope(name)
		if err != nil {
			continue
		}
		if mode, err := tagout.ParseMode(value); err == nil && mode != tagout.Running {
			list[scope] = mode
		}
	}
	return list
}

// String is the form that the annotation has.
func (t tags) String() string {
	var parts []string
	for scope, mode := range t {
		parts = append(parts, scope.String()+"="+string(mode))
	}
	slices.Sort(parts)
	return strings.Join(parts, ",")
}

// next is what the object should carry: what is wanted of the agent, beside what other
// agents put there. Unless it may be loosened, what stands is kept.
func (t tags) next(agent string, wanted tags, mayLoosen bool) tags {
	next := maps.Clone(wanted)
	if next == nil {
		next = tags{}
	}
	for scope, mode := range t {
		if scope.Agent == agent && mayLoosen {
			continue
		}
		if now, there := next[scope]; !there || mode.Stricter(now) {
			next[scope] = mode
		}
	}
	return next
}

// halts reports whether one of the tags drops what is in flight.
func (t tags) halts() bool {
	for _, mode := range t {
		if mode == tagout.Halted {
			return true
		}
	}
	return false
}

// patch is what must change so that the object carries the tags: nil for nothing.
func (o *object) patch(next tags) (map[string]any, error) {
	_, remembered := o.Metadata.Annotations[o.kind.memory]
	_, tagged := o.Metadata.Annotations[heldKey]
	switch {
	case len(next) == 0 && !remembered && !tagged:
		return nil, nil
	case len(next) == 0:
		return o.release()
	case o.isJob() && !remembered && (o.over() || !next.halts()):
		return nil, nil // it may finish
	}
	return o.stop(next), nil
}

// stop remembers what is, and stops it, in one step.
func (o *object) stop(next tags) map[string]any {
	annotations, spec := map[string]any{}, map[string]any{}
	if o.Metadata.Annotations[heldKey] != next.String() {
		annotations[heldKey] = next.String()
	}
	_, remembered := o.Metadata.Annotations[o.kind.memory]
	if o.kind.memory == suspendKey {
		if !remembered {
			annotations[suspendKey] = strconv.FormatBool(o.Spec.Suspend)
		}
		if !o.Spec.Suspend {
			spec["suspend"] = true
		}
	} else {
		if !remembered {
			annotations[replicasKey] = strconv.FormatInt(o.replicas(), 10)
		}
		if o.replicas() != 0 {
			spec["replicas"] = 0
		}
	}
	return changes(annotations, spec)
}

// release gives the object back what it had.
func (o *object) release() (map[string]any, error) {
	was := o.Metadata.Annotations[o.kind.memory]
	spec := map[string]any{}
	if o.kind.memory == suspendKey {
		suspended, err := strconv.ParseBool(was)
		if err != nil {
			return nil, o.forgot()
		}
		spec["suspend"] = suspended
	} else {
		count, err := strconv.ParseInt(was, 10, 32)
		if err != nil || count < 0 {
			return nil, o.forgot()
		}
		spec["replicas"] = count
	}
	return changes(map[string]any{heldKey: nil, o.kind.memory: nil}, spec), nil
}

func (o *object) forgot() error {
	return tagout.Final(tagout.Errorf(tagout.Conflict, "The %s cannot be given back what it had, since its annotation %s is gone or was changed. Fix: Scale or resume it by hand, and remove its annotations that start with tagout.dev/.",
		o, o.kind.memory))
}

// changes is a merge patch of these, or nil.
func changes(annotations, spec map[string]any) map[string]any {
	patch := map[string]any{}
	if len(annotations) > 0 {
		patch["metadata"] = map[string]any{"annotations": annotations}
	}
	if len(spec) > 0 {
		patch["spec"] = spec
	}
	if len(patch) == 0 {
		return nil
	}
	return patch
}
