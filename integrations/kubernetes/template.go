package kubernetes

import (
	"maps"
	"reflect"
	"regexp"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// template is a pod, or what pods are made from, as it is written.
type template map[string]any

func (t template) clone() template { return runtime.DeepCopyJSON(t) }

// named is the part of a list that has this name, or nil.
func named(list any, name string) map[string]any {
	items, _ := list.([]any)
	for _, item := range items {
		if one, ok := item.(map[string]any); ok && one["name"] == name {
			return one
		}
	}
	return nil
}

// container is the container with this name, or nil.
func (t template) container(name string) map[string]any {
	list, _, _ := unstructured.NestedFieldNoCopy(t, "spec", "containers")
	return named(list, name)
}

// variable is the value of a container's variable, if it is written there.
func (t template) variable(container, name string) (string, bool) {
	value, ok := named(t.container(container)["env"], name)["value"].(string)
	return value, ok
}

func (t template) setVariable(container, name, value string) {
	if one := named(t.container(container)["env"], name); one != nil {
		one["value"] = value
	}
}

func (t template) annotations() map[string]string {
	all, _, _ := unstructured.NestedStringMap(t, "metadata", "annotations")
	return all
}

func (t template) annotate(name, value string) {
	_ = unstructured.SetNestedField(t, value, "metadata", "annotations", name) // both are maps
}

// differences is a merge patch that makes one map of another; it is empty if they are equal.
func differences(from, to map[string]any) map[string]any {
	patch := map[string]any{}
	for key := range from {
		if _, stays := to[key]; !stays {
			patch[key] = nil
		}
	}
	for key, value := range to {
		before, there := from[key]
		if there && reflect.DeepEqual(before, value) {
			continue
		}
		inner, isMap := value.(map[string]any)
		outer, wasMap := before.(map[string]any)
		if isMap && wasMap {
			patch[key] = differences(outer, inner)
		} else {
			patch[key] = value
		}
	}
	return patch
}

// merged adds to a patch, in place, what stands below keys in another.
func merged(patch, more map[string]any, below ...string) map[string]any {
	if patch == nil {
		patch = map[string]any{}
	}
	into := patch
	for _, key := range below {
		inner, _ := into[key].(map[string]any)
		if inner == nil {
			inner = map[string]any{}
			into[key] = inner
		}
		into = inner
	}
	maps.Copy(into, more)
	return patch
}

// joined is two patches of different fields in one.
func joined(a, b map[string]any) map[string]any {
	if a == nil {
		return b
	}
	for key, value := range b {
		inner, isMap := value.(map[string]any)
		if into, both := a[key].(map[string]any); both && isMap {
			joined(into, inner)
		} else {
			a[key] = value
		}
	}
	return a
}

// versionOf is an image's tag, or its digest if it has one.
func versionOf(image string) string {
	if _, digest, ok := strings.Cut(image, "@"); ok {
		return digest
	}
	name := image[strings.LastIndex(image, "/")+1:]
	_, tag, _ := strings.Cut(name, ":")
	return tag
}

// withVersion is the image at another tag or digest.
func withVersion(image, version string) string {
	repository, _, _ := strings.Cut(image, "@")
	slash := strings.LastIndex(repository, "/") + 1
	if colon := strings.Index(repository[slash:], ":"); colon >= 0 {
		repository = repository[:slash+colon]
	}
	if strings.Contains(version, ":") {
		return repository + "@" + version
	}
	return repository + ":" + version
}

func isTag(version string) bool {
	ok, _ := regexp.MatchString(`^([A-Za-z0-9_][A-Za-z0-9._-]{0,127}|sha256:[0-9a-f]{64})$`, version)
	return ok
}
