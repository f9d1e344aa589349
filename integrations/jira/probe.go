package jira

import (
	"context"
	"net/http"
)

// Probe reads the project.
func (t *Tracker) Probe(ctx context.Context) error {
	return t.call(ctx, http.MethodGet, "project/"+t.settings.Project, nil, nil, &struct{}{})
}
