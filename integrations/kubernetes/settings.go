// Package kubernetes stops an agent where it runs in a cluster: Deployments and
// StatefulSets are scaled to 0, CronJobs suspended, and all are given back what they had.
// What was found before the stop is remembered on the object itself, so that a restart of
// Tagout, or another replica of it, restores the same.
package kubernetes

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"tagout"
)

// settings are the keys of the control.
type settings struct {
	Namespace  string            `yaml:"namespace" need:"true"`
	Selector   string            `yaml:"selector" need:"true"`
	Kubeconfig string            `yaml:"kubeconfig"`
	Context    string            `yaml:"context"`
	Kinds      []string          `yaml:"kinds" allow:"deployments,statefulsets,cronjobs"`
	Modes      []string          `yaml:"modes" allow:"halted,paused,review,capped"`
	Scopes     []scopeSettings   `yaml:"scopes"`
	Versions   map[string]string `yaml:"versions"` // container whose image's tag is the version, by component
	Components map[string]place  `yaml:"components"`
}

// scopeSettings are the workloads that do one part of the agent's work.
type scopeSettings struct {
	Scope    string   `yaml:"scope" need:"true"`
	Selector string   `yaml:"selector" need:"true"`
	Modes    []string `yaml:"modes" allow:"halted,paused,review,capped"`
}

// area is a scope, and the workloads that do its work.
type area struct {
	scope    tagout.Scope
	selector labels.Selector
	modes    []tagout.Mode // which this control answers by stopping the workloads
}

// New makes a control that reaches the cluster of the kubeconfig, or the one in which this
// process runs. It returns Invalid, with the place, if the settings cannot work.
func New(v tagout.Vendor) (*Control, error) {
	s, c, err := decode(v)
	if err != nil {
		return nil, err
	}
	config, err := restConfig(s)
	if err != nil && s.Kubeconfig != "" {
		return nil, tagout.Errorf(tagout.Invalid, "%s: The kubeconfig cannot be used. Fix: Check that the file is readable, and that it holds the context.", v.Place)
	}
	if err != nil { // the configuration may be checked outside the cluster in which it will be used
		c.broken = tagout.Final(tagout.Errorf(tagout.Unavailable, "The %s has no kubeconfig, and Tagout does not run inside a cluster. Fix: Set kubeconfig.", c.what()))
		return c, nil
	}
	c.client, err = connect(config)
	if err != nil {
		return nil, tagout.Errorf(tagout.Invalid, "%s: The cluster's address or certificates cannot be used. Fix: Check the kubeconfig.", v.Place)
	}
	return c, nil
}

// NewWithClient makes a control that reaches the cluster through client.
func NewWithClient(v tagout.Vendor, client dynamic.Interface) (*Control, error) {
	_, c, err := decode(v)
	if err != nil {
		return nil, err
	}
	c.client = client
	return c, nil
}

func restConfig(s settings) (*rest.Config, error) {
	if s.Kubeconfig == "" {
		return rest.InClusterConfig()
	}
	rules := &clientcmd.ClientConfigLoadingRules{ExplicitPath: s.Kubeconfig}
	return clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, &clientcmd.ConfigOverrides{CurrentContext: s.Context}).ClientConfig()
}

// connect makes a client that neither waits nor retries by itself: the reconciler does.
func connect(config *rest.Config) (dynamic.Interface, error) {
	config = rest.CopyConfig(config)
	config.UserAgent, config.QPS, config.Timeout = "tagout", -1, 10*time.Second
	config.WarningHandler = rest.NoWarnings{}
	config.Wrap(func(inner http.RoundTripper) http.RoundTripper { return transport{inner} })
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, err
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return dynamic.NewForConfigAndClient(config, client)
}

func decode(v tagout.Vendor) (settings, *Control, error) {
	var s settings
	if err := v.Decode(&s); err != nil {
		return s, nil, err
	}
	c := &Control{name: v.Name, namespace: s.Namespace, kinds: kindsOf(s.Kinds)}
	components, err := newComponents(v, s)
	if err != nil {
		return s, nil, err
	}
	c.components = components
	whole, err := newArea(v, tagout.Scope{}, s.Selector, s.Modes)
	if err != nil {
		return s, nil, err
	}
	c.areas = []area{whole}
	for _, one := range s.Scopes {
		scope, err := tagout.ParseScope(one.Scope)
		if err != nil {
			return s, nil, tagout.Errorf(tagout.Invalid, "%s: A scope of the Kubernetes control cannot be read. Fix: Write agent/channel/region, and tool:NAME after it if need be.", v.Place)
		}
		part, err := newArea(v, scope, one.Selector, one.Modes)
		if err != nil {
			return s, nil, err
		}
		c.areas = append(c.areas, part)
	}
	return s, c, nil
}

func newArea(v tagout.Vendor, scope tagout.Scope, selector string, modes []string) (area, error) {
	parsed, err := labels.Parse(selector)
	if err != nil || parsed.Empty() {
		return area{}, tagout.Errorf(tagout.Invalid, "%s: A selector of the Kubernetes control cannot be read, or would select everything. Fix: Write labels as in selector: app=mailer,channel=email.", v.Place)
	}
	a := area{scope: scope, selector: parsed, modes: []tagout.Mode{tagout.Halted, tagout.Paused}}
	if len(modes) > 0 {
		a.modes = nil
	}
	for _, m := range modes {
		mode, err := tagout.ParseMode(m)
		if err != nil || mode == tagout.Running {
			return area{}, tagout.Errorf(tagout.Invalid, "%s: A mode of the Kubernetes control is not known. Fix: Write halted, paused, review or capped.", v.Place)
		}
		a.modes = append(a.modes, mode)
	}
	return a, nil
}

func kindsOf(names []string) []kind {
	var kinds []kind
	for _, k := range workloadKinds() {
		if len(names) == 0 || slices.Contains(names, k.resource.Resource) {
			kinds = append(kinds, k)
		}
	}
	return kinds
}

// what names the control in errors.
func (c *Control) what() string { return "control " + strings.TrimSpace(c.name) }
