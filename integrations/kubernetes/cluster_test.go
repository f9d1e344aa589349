package kubernetes_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic/fake"

	"tagout"
	"tagout/integrations/kubernetes"
)

const mailerSettings = `
namespace: agents
selector: app=mailer
scopes: [{scope: mailer/email, selector: "app=mailer,channel=email"}]
versions: {prompt: agent}
`

func vendor(settings string) tagout.Vendor {
	return tagout.Vendor{Name: "kubernetes", Kind: "kubernetes", Place: "tagout.yaml:7:3", Decode: func(into any) error {
		return yaml.UnmarshalWithOptions([]byte(settings), into, yaml.Strict())
	}}
}

// cluster is a fake API server with workloads of the mailer, and the control that reaches it.
type cluster struct {
	t       *testing.T
	client  *fake.FakeDynamicClient
	control *kubernetes.Control
}

func newCluster(t *testing.T, settings string, objects ...runtime.Object) *cluster {
	t.Helper()
	client := fake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(), map[schema.GroupVersionResource]string{
		resource("deployments"): "DeploymentList", resource("statefulsets"): "StatefulSetList",
		resource("cronjobs"): "CronJobList", resource("jobs"): "JobList", resource("pods"): "PodList",
		resource("replicasets"): "ReplicaSetList", resource("configmaps"): "ConfigMapList",
	}, objects...)
	control, err := kubernetes.NewWithClient(vendor(settings), client)
	if err != nil {
		t.Fatal(err)
	}
	return &cluster{t, client, control}
}

func resource(plural string) schema.GroupVersionResource {
	group := map[string]string{"deployments": "apps", "statefulsets": "apps", "replicasets": "apps", "cronjobs": "batch", "jobs": "batch"}[plural]
	return schema.GroupVersionResource{Group: group, Version: "v1", Resource: plural}
}

// object is one of the mailer's, written in YAML below spec and status.
func object(kind, name, labels, rest string) *unstructured.Unstructured {
	version := map[string]string{"Deployment": "apps/v1", "StatefulSet": "apps/v1", "CronJob": "batch/v1", "Job": "batch/v1", "Pod": "v1", "ConfigMap": "v1", "ReplicaSet": "apps/v1"}[kind]
	text := fmt.Sprintf("apiVersion: %s\nkind: %s\nmetadata: {name: %s, namespace: agents, uid: uid-%s, labels: {%s}}\n%s", version, kind, name, name, labels, rest)
	encoded, err := yaml.YAMLToJSON([]byte(text))
	o := &unstructured.Unstructured{}
	if err == nil {
		err = o.UnmarshalJSON(encoded)
	}
	if err != nil {
		panic(err)
	}
	return o
}

func deployment(name, labels string, replicas int) *unstructured.Unstructured {
	return object("Deployment", name, labels, fmt.Sprintf(
		"spec: {replicas: %[1]d, selector: {matchLabels: {run: %[2]s}}, template: {spec: {containers: [{name: agent, image: \"registry.example:5000/mailer:v42\", env: [{name: A, value: b}]}, {name: proxy, image: proxy}]}}}\nstatus: {replicas: %[1]d, updatedReplicas: %[1]d, availableReplicas: %[1]d}", replicas, name))
}

func pod(name, labels, phase string) *unstructured.Unstructured {
	return object("Pod", name, labels, "status: {phase: "+phase+"}")
}

func (c *cluster) get(plural, name string) *unstructured.Unstructured {
	c.t.Helper()
	o, err := c.client.Resource(resource(plural)).Namespace("agents").Get(context.Background(), name, metav1.GetOptions{})
	if err != nil {
		c.t.Fatal(err)
	}
	return o
}

func (c *cluster) replicas(plural, name string) int64 {
	c.t.Helper()
	n, _, err := unstructured.NestedInt64(c.get(plural, name).Object, "spec", "replicas")
	if err != nil {
		c.t.Fatal(err)
	}
	return n
}

func (c *cluster) suspended(plural, name string) bool {
	c.t.Helper()
	yes, _, _ := unstructured.NestedBool(c.get(plural, name).Object, "spec", "suspend")
	return yes
}

func (c *cluster) deletes(plural, name string) {
	c.t.Helper()
	if err := c.client.Resource(resource(plural)).Namespace("agents").Delete(context.Background(), name, metav1.DeleteOptions{}); err != nil {
		c.t.Fatal(err)
	}
}

// applies asks for these holds, each written as "scope mode", and returns the error.
func (c *cluster) applies(holds ...string) error {
	c.t.Helper()
	return c.control.Apply(context.Background(), wanted("mailer", holds...))
}

func (c *cluster) mustApply(holds ...string) {
	c.t.Helper()
	if err := c.applies(holds...); err != nil {
		c.t.Fatal(err)
	}
}

// shows is what is read back, as "scope=mode" parts.
func (c *cluster) shows() string {
	c.t.Helper()
	o, err := c.control.Read(context.Background(), "mailer")
	if err != nil {
		c.t.Fatal(err)
	}
	var parts []string
	for _, a := range o.Applied {
		parts = append(parts, a.Scope.String()+"="+string(a.Mode))
	}
	return strings.Join(parts, " ")
}

func (c *cluster) patches() int {
	count := 0
	for _, a := range c.client.Actions() {
		if a.GetVerb() == "patch" {
			count++
		}
	}
	return count
}

func wanted(agent string, holds ...string) tagout.Wanted {
	w := tagout.Wanted{Agent: agent, Generation: 7}
	for i, text := range holds {
		scope, mode, _ := strings.Cut(text, "=")
		w.Holds = append(w.Holds, tagout.Hold{ID: tagout.HoldID(fmt.Sprint("h-", i)), Scope: tagout.MustScope(scope), Mode: tagout.Mode(mode)})
	}
	return w
}
