package commands

import (
	"context"

	"tagout"
)

// versions tells which versions of an agent run and which were good last, as far as that is
// known. What cannot be read is left out: that the database is away is told already.
func (s statuses) versions(ctx context.Context, m tagout.Message, agent string) tagout.Message {
	if s.policy.Agents[agent] == nil {
		return m
	}
	known, err := s.desk.AgentVersions(ctx, agent)
	if err != nil {
		return m
	}
	var t tagout.Text
	for _, c := range known.Components {
		pinned := known.Pinned[c.Component]
		if c.Current == "" && pinned == "" {
			continue
		}
		if len(t) > 0 {
			t = append(t, tagout.T("\n")...)
		}
		t = append(t, versionLine(c, pinned)...)
	}
	if len(t) == 0 {
		return m
	}
	return m.Fact("Versions", t)
}

// versionLine is one component: what runs, what was good last, what is pinned.
func versionLine(c tagout.ComponentVersions, pinned string) tagout.Text {
	t := tagout.T(c.Component + " unknown")
	if c.Current != "" {
		t = tagout.T(c.Component+" "+c.Current+" since ", c.Since)
	}
	switch {
	case c.LastKnownGood != "" && c.LastKnownGood == c.Current:
		t = append(t, tagout.T(", known good")...)
	case c.LastKnownGood != "":
		t = append(t, tagout.T(", last known good "+c.LastKnownGood)...)
	}
	if pinned != "" {
		t = append(t, tagout.T(", ", tagout.Bold("pinned to "+pinned))...)
	}
	return t
}
