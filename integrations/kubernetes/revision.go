package kubernetes

import (
	"context"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"tagout"
)

const (
	// revisionKey is where Kubernetes numbers the revisions of a Deployment.
	revisionKey = "deployment.kubernetes.io/revision"
	// undoneKey is the annotation of a Deployment that says which revision was asked for and
	// which ReplicaSet that was: going back gives a revision a new number.
	undoneKey = "tagout.dev/undone-to"
	// hashLabel is set on a ReplicaSet's template by Kubernetes.
	hashLabel = "pod-template-hash"
	// previous asks for the revision before the one that runs.
	previous = "previous"
)

func replicaSetKind() kind {
	return kind{"ReplicaSet", schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "replicasets"}, "", []string{"spec", "template"}}
}

// revisions are the ReplicaSets of a Deployment: what it ran, and may run again.
func (c *Control) revisions(ctx context.Context, o *object) ([]*object, error) {
	selector, err := metav1.LabelSelectorAsSelector(o.Spec.Selector)
	if err != nil {
		return nil, tagout.Final(tagout.Errorf(tagout.Invalid, "The selector of the %s cannot be read.", o))
	}
	all, err := c.list(ctx, replicaSetKind(), selector.String())
	if err != nil {
		return nil, err
	}
	var own []*object
	for _, r := range all {
		if r.ownedBy(map[string]bool{o.Metadata.UID: o.Metadata.UID != ""}) {
			own = append(own, r)
		}
	}
	return own, nil
}

func (o *object) revision() int64 {
	number, _ := strconv.ParseInt(o.Metadata.Annotations[revisionKey], 10, 64)
	return number
}

// newest is the latest of the revisions that fit, or nil.
func newest(revisions []*object, fits func(*object) bool) *object {
	var found *object
	for _, r := range revisions {
		if fits(r) && (found == nil || r.revision() > found.revision()) {
			found = r
		}
	}
	return found
}

// revisionNamed is the revision that a version means, or nil: the one that was gone back to
// under that name, the one of that number, or the one before the one that runs.
func (o *object) revisionNamed(version string, revisions []*object) *object {
	if asked, name, ok := strings.Cut(o.Metadata.Annotations[undoneKey], "="); ok && asked == version {
		return newest(revisions, func(r *object) bool { return r.Metadata.Name == name })
	}
	if version == previous {
		return newest(revisions, func(r *object) bool { return r.revision() > 0 && r.revision() < o.revision() })
	}
	return newest(revisions, func(r *object) bool { return r.Metadata.Annotations[revisionKey] == version })
}

// revisionNow is by which name the Deployment's revision is known, or "": the one under
// which it was gone back to, or its number.
func (o *object) revisionNow(revisions []*object) string {
	now := newest(revisions, func(r *object) bool { return r.revision() == o.revision() })
	if now == nil || o.revision() == 0 {
		return ""
	}
	if asked, name, ok := strings.Cut(o.Metadata.Annotations[undoneKey], "="); ok && name == now.Metadata.Name {
		return asked
	}
	return o.Metadata.Annotations[revisionKey]
}

// past is the template of a revision, as it was before Kubernetes put its label on it.
func (o *object) past() template {
	t := o.template.clone()
	if metadata, ok := t["metadata"].(map[string]any); ok {
		if labels, ok := metadata["labels"].(map[string]any); ok {
			delete(labels, hashLabel)
		}
	}
	return t
}

// lost is the error for a version that no revision which is still kept has.
func (o *object) lost() error {
	return tagout.Final(tagout.Errorf(tagout.NotFound, "The %s keeps no revision of the wanted version. Fix: Deploy that version, and raise revisionHistoryLimit for the next time.", o))
}
