package app

import "tagout"

// checkRoles returns Invalid for a pager that is limited to a role that does not exist: it
// would page nobody, and nobody would know.
func (a *App) checkRoles(v tagout.Vendor, pager tagout.Pager) error {
	limited, ok := pager.(interface{ Roles() []string })
	if !ok {
		return nil
	}
	for _, role := range limited.Roles() {
		if a.config.Policy.Roles[role] == nil {
			return tagout.Errorf(tagout.Invalid, "%s: The pager %s is for the role %q, which does not exist. Fix: Write keys of `roles`, or leave `roles` out to page for all.", v.Place, v.Name, role)
		}
	}
	return nil
}

// inboxes are the pagers whose service tells what happens in its own app.
func inboxes(pagers []tagout.Pager) map[string]tagout.PageInbox {
	boxes := map[string]tagout.PageInbox{}
	for _, pager := range pagers {
		if box, ok := pager.(tagout.PageInbox); ok {
			boxes[pager.Name()] = box
		}
	}
	return boxes
}
