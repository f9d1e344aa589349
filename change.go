package tagout

import (
	"context"
	"time"
)

// ChangeInbox reads what a service, such as a code host, posts about changes that were made.
type ChangeInbox interface {
	// Changes authenticates and reads a request. It returns the changes that count by the
	// configuration, none for what concerns no agent; Unauthorized if its signature is wrong,
	// and Invalid if it cannot be read. The same event always gives changes of the same IDs.
	Changes(ctx context.Context, in Delivery) ([]Deployment, error)
}

// ChangeSource is a configured service that posts about changes.
type ChangeSource struct {
	Name   string
	Kind   string // github
	Secret string // that it signs with
	Rules  []ChangeRule
}

// ChangeRule says which events of a service are a change of which component of which agent.
type ChangeRule struct {
	Event       string   // deployment_status, deployment or push
	Repository  string   // owner/name
	Environment string   // of a deployment; "": any
	Branch      string   // of a push
	Paths       []string // of a push, that must have changed: files, folders with a slash at the end, patterns; none: any
	Agent       string
	Component   string
	Version     string // sha, ref, or payload.KEY of a deployment
}

// The events of a [ChangeRule].
const (
	OnDeployed   = "deployment_status" // it is there
	OnDeployment = "deployment"        // it was asked for
	OnPush       = "push"
)

// Deployment is a change of prompt, policy, model routing or tools of an agent.
type Deployment struct {
	ID        string    `json:"id"`
	Agent     string    `json:"agent"`
	Component string    `json:"component"`
	From      string    `json:"from,omitempty"`
	To        string    `json:"to"`
	By        string    `json:"by,omitempty"`
	URL       string    `json:"url,omitempty"`
	At        time.Time `json:"at"`
}
