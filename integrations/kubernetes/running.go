package kubernetes

import (
	"context"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// rolledOut reports whether a workload's controller has noticed its template, no pod of an
// older one is left, and as many as it asks for are at work.
func (o *object) rolledOut() bool {
	if o.kind.memory == suspendKey {
		return true // what it starts next has the template
	}
	s := o.Status
	return s.ObservedGeneration >= o.Metadata.Generation && s.UpdatedReplicas >= o.replicas() && s.Replicas <= s.UpdatedReplicas && s.AvailableReplicas >= o.replicas()
}

// heldUp reports whether Kubernetes has given up on a rollout.
func (o *object) heldUp() bool {
	for _, c := range o.Status.Conditions {
		if c.Type == "Progressing" && c.Status == "False" {
			return true
		}
	}
	return false
}

// versionsSeen collects what each workload and each pod of the agent says, by component.
type versionsSeen struct {
	mu   sync.Mutex
	seen map[string]map[string]bool
}

// add notes a version; "" for one that is not known or still changing.
func (v *versionsSeen) add(component, version string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.seen[component] == nil {
		v.seen[component] = map[string]bool{}
	}
	v.seen[component][version] = true
}

// all are the versions, by component: "" where there is not exactly one.
func (v *versionsSeen) all(components []component) map[string]string {
	versions := map[string]string{}
	for _, c := range components {
		versions[c.name] = ""
		for version := range v.seen[c.name] {
			if len(v.seen[c.name]) == 1 {
				versions[c.name] = version
			}
		}
	}
	return versions
}

// readVersions is what really runs: by component, the version that every workload of the
// agent has been rolled out to and every pod of it has. It is "" while that is not one
// version, or cannot be found out, which never hides a stop; and nil if this control knows no
// component.
func (c *Control) readVersions(ctx context.Context, s *survey) map[string]string {
	if len(c.components) == 0 {
		return nil
	}
	v := &versionsSeen{seen: map[string]map[string]bool{}}
	var all sync.WaitGroup
	for _, o := range s.areas[0] {
		if !o.isJob() || !o.over() {
			all.Go(func() { c.look(ctx, o, v) })
		}
	}
	for _, one := range c.components {
		if one.ConfigMap != "" {
			all.Go(func() { v.add(one.name, c.configured(ctx, one)) })
		}
	}
	all.Wait()
	return v.all(c.components)
}

// look notes what one workload and its pods run.
func (c *Control) look(ctx context.Context, o *object, v *versionsSeen) {
	pods, podsErr := c.podsOf(ctx, o)
	for _, one := range c.components {
		version, there := one.read(o.template)
		hash := ""
		if one.Deployment != "" && one.Deployment == o.Metadata.Name && o.kind.title == "Deployment" {
			version, hash = c.revisionOf(ctx, o)
			there = true
		}
		if !there {
			continue
		}
		if !o.rolledOut() || podsErr != nil {
			version = ""
		}
		v.add(one.name, version)
		for _, pod := range pods {
			has, there := one.read(pod.Object)
			switch {
			case one.Deployment != "" && pod.GetLabels()[hashLabel] != hash:
				v.add(one.name, "")
			case one.Deployment == "" && there:
				v.add(one.name, has)
			case one.Deployment == "":
				v.add(one.name, "") // it was started before the version stood there
			}
		}
	}
}

// podsOf are the pods of a workload that may still do something. A CronJob has none of its
// own.
func (c *Control) podsOf(ctx context.Context, o *object) ([]unstructured.Unstructured, error) {
	if o.Spec.Selector == nil {
		return nil, nil
	}
	selector, err := metav1.LabelSelectorAsSelector(o.Spec.Selector)
	if err != nil || selector.Empty() {
		return nil, err
	}
	list, err := c.client.Resource(podResource()).Namespace(c.namespace).List(ctx, metav1.ListOptions{LabelSelector: selector.String()})
	if err != nil {
		return nil, err
	}
	var pods []unstructured.Unstructured
	for i := range list.Items {
		if running(&list.Items[i]) {
			pods = append(pods, list.Items[i])
		}
	}
	return pods, nil
}

// revisionOf is the name of the revision that a Deployment runs, and the label of its pods;
// "" for both if that cannot be found out.
func (c *Control) revisionOf(ctx context.Context, o *object) (version, hash string) {
	revisions, err := c.revisions(ctx, o)
	if err != nil {
		return "", ""
	}
	now := newest(revisions, func(r *object) bool { return r.revision() == o.revision() })
	if now == nil {
		return "", ""
	}
	return o.revisionNow(revisions), now.Metadata.Labels[hashLabel]
}

// configured is the version in a ConfigMap, or "".
func (c *Control) configured(ctx context.Context, in component) string {
	found, err := c.client.Resource(configMaps()).Namespace(c.namespace).Get(ctx, in.ConfigMap, metav1.GetOptions{})
	if err != nil {
		return ""
	}
	version, _, _ := unstructured.NestedString(found.Object, "data", in.Key)
	return version
}
