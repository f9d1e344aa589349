package kubernetes_test

import (
	"fmt"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	kubetest "k8s.io/client-go/testing"

	"tagout"
	"tagout/integrations/kubernetes"
)

// versioned are settings with these components.
func versioned(components string) string {
	return "namespace: agents\nselector: app=mailer\ncomponents: {" + components + "}\n"
}

// podTemplate has a version in each of its places, and is marked by a flag of its own.
func podTemplate(version string) string {
	return fmt.Sprintf(`{metadata: {labels: {run: send}, annotations: {example.com/model: %[1]s}},
    spec: {containers: [{name: agent, image: "mailer:%[1]s", args: [--of=%[1]s], env: [{name: POLICY, value: %[1]s}, {name: OTHER, value: x}]}, {name: proxy, image: "proxy:p1"}]}}`, version)
}

// send is a Deployment in its third revision, which has v42; the ones before had v40 and v41.
func send(replicas int) []runtime.Object {
	d := object("Deployment", "send", "app: mailer", fmt.Sprintf(`spec: {replicas: %[1]d, selector: {matchLabels: {run: send}}, template: %[2]s}
status: {replicas: %[1]d, updatedReplicas: %[1]d, availableReplicas: %[1]d}`, replicas, podTemplate("v42")))
	d.SetAnnotations(map[string]string{"deployment.kubernetes.io/revision": "3"})
	all := []runtime.Object{d}
	for number, version := range []string{"v40", "v41", "v42"} {
		all = append(all, replicaSet(fmt.Sprint("send-", version), number+1, version))
	}
	return all
}

func replicaSet(name string, revision int, version string) *unstructured.Unstructured {
	r := object("ReplicaSet", name, "run: send, pod-template-hash: "+version, "spec: {template: "+podTemplate(version)+"}")
	r.SetAnnotations(map[string]string{"deployment.kubernetes.io/revision": fmt.Sprint(revision)})
	r.SetOwnerReferences([]metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "Deployment", Name: "send", UID: "uid-send"}})
	_ = unstructured.SetNestedField(r.Object, version, "spec", "template", "metadata", "labels", "pod-template-hash")
	return r
}

// renumbers plays the Deployment's controller: the revision with this version is the newest.
func (c *cluster) renumbers(version, revision string) {
	c.t.Helper()
	for plural, name := range map[string]string{"replicasets": "send-" + version, "deployments": "send"} {
		o := c.get(plural, name)
		annotations := o.GetAnnotations()
		annotations["deployment.kubernetes.io/revision"] = revision
		o.SetAnnotations(annotations)
		if _, err := c.client.Resource(resource(plural)).Namespace("agents").Update(c.t.Context(), o, metav1.UpdateOptions{}); err != nil {
			c.t.Fatal(err)
		}
	}
}

// sets asks for versions, each written as component=version, under these holds.
func (c *cluster) sets(versions string, holds ...string) error {
	w := wanted("mailer", holds...)
	w.Versions = map[string]string{}
	for _, part := range strings.Fields(versions) {
		component, version, _ := strings.Cut(part, "=")
		w.Versions[component] = version
	}
	return c.control.Apply(c.t.Context(), w)
}

func (c *cluster) mustSet(versions string, holds ...string) {
	c.t.Helper()
	if err := c.sets(versions, holds...); err != nil {
		c.t.Fatal(err)
	}
}

// runs is what is read back of versions.
func (c *cluster) runs() map[string]string {
	c.t.Helper()
	o, err := c.control.Read(c.t.Context(), "mailer")
	if err != nil {
		c.t.Fatal(err)
	}
	return o.Versions
}

func TestAVersionStandsWhereTheSettingsSay(t *testing.T) {
	t.Parallel()
	settings := object("ConfigMap", "settings", "", "data: {rules: v42, other: x}")
	for place, changes := range map[string]int{
		"{container: agent}": 1, "{container: agent, env: POLICY}": 1, "{annotation: example.com/model}": 1,
		"{configmap: settings, key: rules}": 1, "{configmap: settings, key: rules, restart: true}": 2, "{container: agent, undo: true}": 1,
	} {
		t.Run(place, func(t *testing.T) {
			t.Parallel()
			c := newCluster(t, versioned("policy: "+place), append(send(3), settings.DeepCopy())...)
			if now := c.runs(); now["policy"] != "v42" && !strings.Contains(place, "restart") {
				t.Errorf("runs %v", now)
			}
			for range 3 {
				c.mustSet("policy=v41 prompt=of-another-control")
			}
			if now := c.runs(); len(now) != 1 || now["policy"] != "v41" {
				t.Errorf("runs %v", now)
			}
			if c.patches() != changes || c.replicas("deployments", "send") != 3 {
				t.Errorf("%d changes, %d replicas", c.patches(), c.replicas("deployments", "send"))
			}
			if data, _, _ := unstructured.NestedStringMap(c.get("configmaps", "settings").Object, "data"); data["other"] != "x" {
				t.Errorf("data %v", data)
			}
		})
	}
}

func TestUndoGoesBackToTheWholeRevisionThatHadTheVersion(t *testing.T) {
	t.Parallel()
	c := newCluster(t, versioned("prompt: {container: agent, undo: true}, policy: {container: proxy}"), send(3)...)
	c.mustSet("prompt=v40 policy=p0")
	text := fmt.Sprint(c.get("deployments", "send").Object["spec"])
	if !strings.Contains(text, "--of=v40") || !strings.Contains(text, "proxy:p0") || strings.Contains(text, "pod-template-hash") || strings.Contains(text, "v42") {
		t.Errorf("spec %s", text)
	}
	if err := c.sets("prompt=v12"); !tagout.IsFinal(err) || !strings.Contains(err.Error(), "prompt") || !strings.Contains(err.Error(), "revisionHistoryLimit") {
		t.Errorf("error %v", err)
	}
}

func TestARevisionKeepsTheNameByWhichItWasAskedFor(t *testing.T) {
	t.Parallel()
	for asked, version := range map[string]string{"1": "v40", "previous": "v41"} {
		t.Run(asked, func(t *testing.T) {
			t.Parallel()
			c := newCluster(t, versioned("prompt: {deployment: send}"), send(3)...)
			if now := c.runs(); now["prompt"] != "3" {
				t.Errorf("runs %v", now)
			}
			c.mustSet("prompt=" + asked)
			c.renumbers(version, "4")
			for range 2 {
				c.mustSet("prompt=" + asked)
			}
			if now := c.runs(); now["prompt"] != asked || c.patches() != 1 {
				t.Errorf("runs %v after %d changes", now, c.patches())
			}
			if text := fmt.Sprint(c.get("deployments", "send").Object["spec"]); !strings.Contains(text, "--of="+version) {
				t.Errorf("spec %s", text)
			}
			c.mustApply() // not pinned any more
			if now := c.runs(); now["prompt"] != "4" {
				t.Errorf("runs %v", now)
			}
			if err := c.sets("prompt=77"); !tagout.IsFinal(err) || tagout.CodeOf(err) != tagout.NotFound {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestAStoppedWorkloadIsRolledBackWithoutBeingStarted(t *testing.T) {
	t.Parallel()
	c := newCluster(t, versioned("prompt: {container: agent, undo: true}"), send(3)...)
	c.mustSet("prompt=v41", "mailer=halted")
	if c.replicas("deployments", "send") != 0 || c.shows() != "mailer=halted" || !strings.Contains(fmt.Sprint(c.get("deployments", "send").Object), "mailer:v41") {
		t.Errorf("%d replicas, shows %q", c.replicas("deployments", "send"), c.shows())
	}
	if c.patches() != 2 {
		t.Errorf("%d changes: the stop comes first, and alone", c.patches())
	}
	c.client.PrependReactor("list", "replicasets", func(kubetest.Action) (bool, runtime.Object, error) {
		return true, nil, apierrors.NewInternalError(fmt.Errorf("s3cret-answer"))
	})
	if err := c.sets("prompt=v40"); err == nil || tagout.IsFinal(err) || strings.Contains(err.Error(), "s3cret") || !strings.Contains(err.Error(), "prompt") {
		t.Errorf("error %v", err)
	}
	if c.replicas("deployments", "send") != 0 {
		t.Error("started with a version that was not wanted")
	}
	c.mustSet("prompt=v41")
	if c.replicas("deployments", "send") != 3 {
		t.Errorf("given back %d", c.replicas("deployments", "send"))
	}
}

func TestAStopDoesNotWaitForARollbackThatFails(t *testing.T) {
	t.Parallel()
	c := newCluster(t, versioned("prompt: {container: agent, undo: true}, tools: {configmap: missing}"), send(3)...)
	if err := c.sets("prompt=v12 tools=t1", "mailer=halted"); !tagout.IsFinal(err) {
		t.Errorf("error %v", err)
	}
	if c.replicas("deployments", "send") != 0 || c.shows() != "mailer=halted" {
		t.Errorf("%d replicas, shows %q", c.replicas("deployments", "send"), c.shows())
	}
	if err := c.sets("tools=t1"); err == nil || c.replicas("deployments", "send") != 0 {
		t.Errorf("error %v, started without its tools", err)
	}
}

func TestAVersionCountsOnceEveryPodHasItAndWorks(t *testing.T) {
	t.Parallel()
	place := "prompt: {container: agent}"
	old := func() runtime.Object {
		return object("Pod", "send-old", "run: send, pod-template-hash: v41", "spec: {containers: [{name: agent, image: \"mailer:v41\"}]}\nstatus: {phase: Running}")
	}
	for name, change := range map[string]func(d *unstructured.Unstructured) []runtime.Object{
		"an old pod runs": func(*unstructured.Unstructured) []runtime.Object { return []runtime.Object{old()} },
		"a pod that does not say": func(*unstructured.Unstructured) []runtime.Object {
			return []runtime.Object{pod("send-x", "run: send", "Running")}
		},
		"not noticed": func(d *unstructured.Unstructured) []runtime.Object { d.SetGeneration(2); return nil },
		"new pods do not work": func(d *unstructured.Unstructured) []runtime.Object {
			_ = unstructured.SetNestedField(d.Object, int64(2), "status", "availableReplicas")
			return nil
		},
		"more pods than the new ones": func(d *unstructured.Unstructured) []runtime.Object {
			_ = unstructured.SetNestedField(d.Object, int64(4), "status", "replicas")
			return nil
		},
		"another workload has another": func(*unstructured.Unstructured) []runtime.Object {
			return []runtime.Object{object("CronJob", "nightly", "app: mailer", "spec: {jobTemplate: {spec: {template: "+podTemplate("v41")+"}}}")}
		},
		"a Job has another": func(*unstructured.Unstructured) []runtime.Object {
			return []runtime.Object{object("Job", "now", "app: mailer", "spec: {template: "+podTemplate("v41")+"}")}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			objects := send(3)
			objects = append(objects, change(objects[0].(*unstructured.Unstructured))...)
			c := newCluster(t, versioned(place), objects...)
			if version, known := c.runs()["prompt"]; version != "" || !known {
				t.Errorf("runs %q, known %t", version, known)
			}
		})
	}
}

func TestEachComponentThatCannotBeRolledBackIsNamed(t *testing.T) {
	t.Parallel()
	c := newCluster(t, versioned("prompt: {container: agent}, policy: {container: nobody}, tools: {configmap: missing, key: v}, model: {container: agent, env: POLICY}"), send(3)...)
	err := c.sets("prompt=bad!tag policy=p1 tools=t1 model=v41")
	if !tagout.IsFinal(err) {
		t.Errorf("error %v", err)
	}
	for _, name := range []string{"Version of prompt", "Version of policy", "Version of tools"} {
		if !strings.Contains(fmt.Sprint(err), name) {
			t.Errorf("%q is not in %v", name, err)
		}
	}
	if now := c.runs(); now["model"] != "v41" || now["prompt"] != "v42" || now["policy"] != "" || now["tools"] != "" || len(now) != 4 {
		t.Errorf("runs %v", now)
	}
	stuck := send(3)
	_ = unstructured.SetNestedSlice(stuck[0].(*unstructured.Unstructured).Object, []any{map[string]any{"type": "Progressing", "status": "False"}}, "status", "conditions")
	c = newCluster(t, versioned("prompt: {container: agent}"), stuck...)
	if err := c.sets("prompt=v41"); !tagout.IsFinal(err) || !strings.Contains(err.Error(), "does not get on") {
		t.Errorf("error %v", err)
	}
	job := object("Job", "now", "app: mailer", "spec: {template: "+podTemplate("v42")+"}")
	c = newCluster(t, versioned("prompt: {container: agent}"), append(send(1), job)...)
	if err := c.sets("prompt=v41"); !tagout.IsFinal(err) || !strings.Contains(err.Error(), "Job now") {
		t.Errorf("error %v", err)
	}
}

func TestPlacesOfVersionsThatCannotBeAreRefused(t *testing.T) {
	t.Parallel()
	for name, settings := range map[string]string{
		"nowhere":      versioned("prompt: {}"),
		"two places":   versioned("prompt: {container: a, annotation: b}"),
		"env alone":    versioned("prompt: {annotation: a, env: B}"),
		"restart":      versioned("prompt: {container: a, restart: true}"),
		"undo":         versioned("prompt: {configmap: a, undo: true}"),
		"said twice":   versioned("prompt: {container: a}") + "versions: {prompt: a}\n",
		"one revision": versioned("prompt: {deployment: a}, policy: {deployment: a}"),
	} {
		_, err := kubernetes.New(vendor(settings))
		if tagout.CodeOf(err) != tagout.Invalid || !strings.Contains(err.Error(), "tagout.yaml:7:3") || !strings.Contains(err.Error(), "Fix:") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
