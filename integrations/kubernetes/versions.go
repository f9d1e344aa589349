package kubernetes

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"tagout"
)

// container is the container of the object with this name, or nil.
func (o *object) container(name string) map[string]any {
	for _, c := range o.Spec.Template.Spec.Containers {
		if c["name"] == name {
			return c
		}
	}
	return nil
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

// withVersions adds to the patch the images that the wanted versions ask for. The error is
// for a version that no image can have; the rest of the patch stands.
func (o *object) withVersions(patch map[string]any, containers, versions map[string]string) (map[string]any, error) {
	list := o.Spec.Template.Spec.Containers
	changed := false
	var problem error
	for component, name := range containers {
		version, c := versions[component], o.container(name)
		image, _ := c["image"].(string)
		if version == "" || c == nil || versionOf(image) == version {
			continue
		}
		if !isVersion(version) {
			problem = tagout.Final(tagout.Errorf(tagout.Invalid, "The wanted version of %s cannot be the tag of an image.", component))
			continue
		}
		if !changed {
			list, changed = slices.Clone(list), true
		}
		for i := range list {
			if list[i]["name"] == name {
				list[i] = maps.Clone(list[i])
				list[i]["image"] = withVersion(image, version)
			}
		}
	}
	if !changed {
		return patch, problem
	}
	if patch == nil {
		patch = map[string]any{}
	}
	spec, _ := patch["spec"].(map[string]any)
	if spec == nil {
		spec = map[string]any{}
		patch["spec"] = spec
	}
	spec["template"] = map[string]any{"spec": map[string]any{"containers": list}}
	return patch, problem
}

func isVersion(version string) bool {
	ok, _ := regexp.MatchString(`^([A-Za-z0-9_][A-Za-z0-9._-]{0,127}|sha256:[0-9a-f]{64})$`, version)
	return ok
}

// unknownVersions is the error for a wanted component whose container no workload has.
func (c *Control) unknownVersions(s *survey, versions map[string]string) error {
	if len(s.errs) > 0 {
		return nil
	}
	for component := range versions {
		name, ours := c.containers[component]
		if ours && !slices.ContainsFunc(slices.Collect(maps.Values(s.areas[0])), func(o *object) bool { return o.container(name) != nil }) {
			return tagout.Final(tagout.Errorf(tagout.NotFound, "The %s finds no workload with the container of %s, so that its version cannot be set. Fix: Correct versions.", c.what(), component))
		}
	}
	return nil
}

// readVersions is what every workload of the agent has been rolled out to, by component; nil
// if no component is known here. One that is still being rolled out is left out.
func (c *Control) readVersions(s *survey) map[string]string {
	if len(c.containers) == 0 {
		return nil
	}
	versions := map[string]string{}
	for component, name := range c.containers {
		seen := map[string]bool{}
		for _, o := range s.areas[0] {
			if container := o.container(name); container != nil && !o.isJob() {
				image, _ := container["image"].(string)
				version := versionOf(image)
				if !o.rolledOut() {
					version = ""
				}
				seen[version] = true
			}
		}
		if len(seen) == 1 && !seen[""] {
			for version := range seen {
				versions[component] = version
			}
		}
	}
	return versions
}

// rolledOut reports whether no pod of an older template is left.
func (o *object) rolledOut() bool {
	return o.Status.ObservedGeneration >= o.Metadata.Generation && o.Status.UpdatedReplicas >= o.Status.Replicas
}
