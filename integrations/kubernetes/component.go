package kubernetes

import (
	"cmp"
	"regexp"
	"slices"

	"tagout"
)

// place is where the version of a component stands: one of the image of a container, a
// variable of its environment, an annotation of the pods, a key of a ConfigMap, or the
// revision of a Deployment.
type place struct {
	Container  string `yaml:"container"`
	Env        string `yaml:"env"`
	Annotation string `yaml:"annotation"`
	ConfigMap  string `yaml:"configmap"`
	Key        string `yaml:"key"`
	Restart    bool   `yaml:"restart"`
	Deployment string `yaml:"deployment"`
	Undo       bool   `yaml:"undo"`
}

// component is a part of the agent whose version this control knows and can set.
type component struct {
	name string
	place
}

// versionKey begins the annotation of pods that says with which version of a ConfigMap
// they were started; the component's name follows.
const versionKey = "tagout.dev/version."

// newComponents reads where versions stand. It returns Invalid with the place of the
// settings.
func newComponents(v tagout.Vendor, s settings) ([]component, error) {
	places := map[string]place{}
	for name, container := range s.Versions {
		places[name] = place{Container: container}
	}
	deployments := map[string]bool{}
	for name, p := range s.Components {
		_, twice := places[name]
		if p.Key == "" {
			p.Key = name
		}
		places[name] = p
		problem := p.problem()
		switch {
		case twice:
			problem = "stands under versions and under components. Fix: Keep one of them."
		case p.Deployment != "" && deployments[p.Deployment]:
			problem = "has the Deployment of another component. Fix: A revision is one version; keep one component."
		case p.ConfigMap != "" && !regexp.MustCompile(`^[A-Za-z0-9_.-]{1,40}$`).MatchString(name):
			problem = "has a name that no annotation can have. Fix: Use letters, digits, '.', '_' and '-'."
		}
		deployments[p.Deployment] = p.Deployment != ""
		if problem != "" {
			return nil, tagout.Errorf(tagout.Invalid, "%s: The component %s of the Kubernetes control %s", v.Place, name, problem)
		}
	}
	var list []component
	for name, p := range places {
		list = append(list, component{name, p})
	}
	slices.SortFunc(list, func(a, b component) int { return cmp.Compare(a.name, b.name) })
	return list, nil
}

// problem is what is wrong with a place, as the end of a sentence and a fix, or "".
func (p place) problem() string {
	ways := 0
	for _, way := range []string{p.Container, p.Annotation, p.ConfigMap, p.Deployment} {
		if way != "" {
			ways++
		}
	}
	switch {
	case ways != 1:
		return "must have its version in one place. Fix: Write one of container (with or without env), annotation, configmap and deployment."
	case p.Env != "" && p.Container == "":
		return "has env without container. Fix: Name the container whose environment it is."
	case p.Restart && p.ConfigMap == "":
		return "has restart without configmap. Fix: Remove it; other changes start new pods by themselves."
	case p.Undo && p.Container == "" && p.Annotation == "":
		return "has undo, which only a container or an annotation can have. Fix: Remove it."
	}
	return ""
}

// inTemplate reports whether the version stands in the template of the pods.
func (c component) inTemplate() bool { return c.Container != "" || c.Annotation != "" }

// read is the version in a template of pods, or in a pod. It is false if the component has
// no version there.
func (c component) read(t template) (string, bool) {
	switch {
	case c.Env != "":
		return t.variable(c.Container, c.Env)
	case c.Container != "":
		image, ok := t.container(c.Container)["image"].(string)
		return versionOf(image), ok
	case c.Annotation != "":
		value, ok := t.annotations()[c.Annotation]
		return value, ok
	case c.Restart:
		value, ok := t.annotations()[versionKey+c.name]
		return value, ok
	}
	return "", false
}

// write sets the version in a template of pods. It returns a final error for a version that
// cannot stand there.
func (c component) write(t template, version string) error {
	switch {
	case c.Env != "":
		t.setVariable(c.Container, c.Env, version)
	case c.Container != "":
		if !isTag(version) {
			return tagout.Final(tagout.Errorf(tagout.Invalid, "The wanted version cannot be the tag of an image."))
		}
		in := t.container(c.Container)
		image, _ := in["image"].(string)
		in["image"] = withVersion(image, version)
	case c.Annotation != "":
		t.annotate(c.Annotation, version)
	case c.Restart:
		t.annotate(versionKey+c.name, version)
	}
	return nil
}
