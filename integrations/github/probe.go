package github

import "context"

// Probe reads the repository.
func (t *Tracker) Probe(ctx context.Context) error {
	if _, _, err := t.client.Repositories.Get(ctx, t.owner, t.repository); err != nil {
		return explain(ctx, err)
	}
	return nil
}
