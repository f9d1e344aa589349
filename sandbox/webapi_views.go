package sandbox

import (
	"encoding/json"
	"maps"
	"slices"
	"time"
)

const (
	maxStack        = 3
	maxViewBytes    = 250_000
	triggerLifetime = 3 * time.Second
)

// trigger is the right to open one modal, from one thing that a person just did.
type trigger struct {
	user    string
	expires time.Time
	used    bool
	inModal bool
}

// view is an open modal or a Home tab.
type view struct {
	user string
	raw  obj // as Slack sends it, state included
}

func (v *view) id() string   { return str(v.raw, "id") }
func (v *view) hash() string { return str(v.raw, "hash") }

func (v *view) blocks() []obj {
	var out []obj
	for _, b := range list(v.raw, "blocks") {
		if block, ok := b.(obj); ok {
			out = append(out, block)
		}
	}
	return out
}

func (v *view) public() View {
	return View{
		ID: v.id(), Hash: v.hash(), Type: str(v.raw, "type"), User: v.user,
		CallbackID: str(v.raw, "callback_id"), PrivateMetadata: str(v.raw, "private_metadata"),
		ExternalID: str(v.raw, "external_id"), Title: str(sub(v.raw, "title"), "text"),
		RootViewID: str(v.raw, "root_view_id"), PreviousViewID: str(v.raw, "previous_view_id"),
		NotifyOnClose: truthy(v.raw, "notify_on_close"), ClearOnClose: truthy(v.raw, "clear_on_close"),
		Blocks: encode(v.raw["blocks"]), Raw: encode(v.raw),
	}
}

// newTriggerLocked grants a trigger, and forgets those that are long over.
func (s *Sandbox) newTriggerLocked(user string, inModal bool) string {
	if now := s.opts.Now(); len(s.triggers) > 1000 {
		maps.DeleteFunc(s.triggers, func(_ string, t *trigger) bool { return now.Sub(t.expires) > time.Minute })
	}
	id := newID("") + "." + newID("") + "." + randomHex(16)
	s.triggers[id] = &trigger{user: user, expires: s.opts.Now().Add(triggerLifetime), inModal: inModal}
	return id
}

// triggerLocked finds a trigger that may still be used.
func (s *Sandbox) triggerLocked(c *call) (*trigger, error) {
	id := c.arg("trigger_id")
	if id == "" {
		id = c.arg("interactivity_pointer")
	}
	t := s.triggers[id]
	switch {
	case t == nil:
		return nil, fail("invalid_trigger_id")
	case t.used:
		return nil, fail("exchanged_trigger_id")
	case s.opts.Now().After(t.expires):
		return nil, fail("expired_trigger_id")
	}
	return t, nil
}

// parseView reads and checks the view of a call.
func (s *Sandbox) parseViewLocked(text, kind string) (obj, error) {
	if text == "" {
		return nil, failWith("invalid_arguments", "[ERROR] missing required field: view")
	}
	if len(text) > maxViewBytes {
		return nil, fail("view_too_large")
	}
	var raw obj
	if decodeJSON([]byte(text), &raw) != nil {
		return nil, failWith("invalid_arguments", "[ERROR] view must be an object [json-pointer:/view]")
	}
	if got := str(raw, "type"); got != kind {
		return nil, failWith("invalid_arguments", "[ERROR] type must be "+kind+" [json-pointer:/view/type]")
	}
	if problems := ValidateView(json.RawMessage(text)); len(problems) > 0 {
		return nil, failProblems("invalid_arguments", problems)
	}
	blocks := (&view{raw: raw}).blocks()
	if missing := s.missingFilesLocked(blocks); len(missing) > 0 {
		return nil, failProblems("invalid_arguments", missing)
	}
	withIDs(blocks)
	return raw, nil
}

// dressLocked adds to an app's view what Slack adds.
func (s *Sandbox) dressLocked(v *view, id string) {
	for _, key := range []string{"private_metadata", "callback_id", "external_id"} {
		if v.raw[key] == nil {
			v.raw[key] = ""
		}
	}
	for _, key := range []string{"close", "submit"} {
		if v.raw[key] == nil {
			v.raw[key] = nil
		}
	}
	for _, key := range []string{"clear_on_close", "notify_on_close"} {
		v.raw[key] = truthy(v.raw, key)
	}
	v.raw["id"], v.raw["team_id"], v.raw["app_installed_team_id"] = id, TeamID, TeamID
	v.raw["app_id"], v.raw["bot_id"] = AppID, BotID
	v.raw["hash"] = s.nextTSLocked() + "." + randomHex(4)
	v.raw["root_view_id"], v.raw["previous_view_id"] = id, nil
	v.raw["state"] = obj{"values": initialState(v.blocks())}
}

func (s *Sandbox) checkExternalIDLocked(raw obj, except string) error {
	id := str(raw, "external_id")
	if id == "" {
		return nil
	}
	for _, stack := range s.stacks {
		for _, v := range stack {
			if str(v.raw, "external_id") == id && v.id() != except {
				return fail("duplicate_external_id")
			}
		}
	}
	return nil
}

func (s *Sandbox) viewsOpen(c *call) (obj, error) {
	t, err := s.triggerLocked(c)
	if err != nil {
		return nil, err
	}
	raw, err := s.parseViewLocked(c.arg("view"), "modal")
	if err != nil {
		return nil, err
	}
	if err := s.checkExternalIDLocked(raw, ""); err != nil {
		return nil, err
	}
	t.used = true
	for _, old := range s.stacks[t.user] {
		s.emitViewLocked("view_close", old)
	}
	v := &view{user: t.user, raw: raw}
	s.dressLocked(v, newID("V"))
	s.stacks[t.user] = []*view{v}
	s.emitViewLocked("view_open", v)
	return obj{"view": v.raw}, nil
}

func (s *Sandbox) viewsPush(c *call) (obj, error) {
	t, err := s.triggerLocked(c)
	if err != nil {
		return nil, err
	}
	stack := s.stacks[t.user]
	if !t.inModal || len(stack) == 0 {
		return nil, fail("invalid_trigger_id")
	}
	if len(stack) >= maxStack {
		return nil, fail("push_limit_reached")
	}
	raw, err := s.parseViewLocked(c.arg("view"), "modal")
	if err != nil {
		return nil, err
	}
	if err := s.checkExternalIDLocked(raw, ""); err != nil {
		return nil, err
	}
	t.used = true
	return obj{"view": s.pushLocked(t.user, raw).raw}, nil
}

func (s *Sandbox) pushLocked(user string, raw obj) *view {
	stack := s.stacks[user]
	v := &view{user: user, raw: raw}
	s.dressLocked(v, newID("V"))
	top := stack[len(stack)-1]
	v.raw["root_view_id"], v.raw["previous_view_id"] = top.raw["root_view_id"], top.id()
	s.stacks[user] = append(stack, v)
	s.emitViewLocked("view_push", v)
	return v
}

func (s *Sandbox) viewsUpdate(c *call) (obj, error) {
	v := s.openViewLocked(c.arg("view_id"), c.arg("external_id"))
	if v == nil {
		return nil, fail("not_found")
	}
	if hash := c.arg("hash"); hash != "" && hash != v.hash() {
		return nil, fail("hash_conflict")
	}
	raw, err := s.parseViewLocked(c.arg("view"), str(v.raw, "type"))
	if err != nil {
		return nil, err
	}
	if err := s.checkExternalIDLocked(raw, v.id()); err != nil {
		return nil, err
	}
	s.replaceViewLocked(v, raw)
	return obj{"view": v.raw}, nil
}

// replaceViewLocked changes an open view; what was typed into inputs that are still
// there stays.
func (s *Sandbox) replaceViewLocked(v *view, raw obj) {
	old := v.raw
	v.raw = raw
	s.dressLocked(v, str(old, "id"))
	v.raw["root_view_id"], v.raw["previous_view_id"] = old["root_view_id"], old["previous_view_id"]
	if str(raw, "external_id") == "" {
		v.raw["external_id"] = old["external_id"]
	}
	keepState(sub(sub(v.raw, "state"), "values"), sub(sub(old, "state"), "values"))
	s.emitViewLocked("view_update", v)
}

// openViewLocked finds an open modal or a Home tab by ID or external ID.
func (s *Sandbox) openViewLocked(id, external string) *view {
	match := func(v *view) bool {
		return id != "" && v.id() == id || id == "" && external != "" && str(v.raw, "external_id") == external
	}
	for _, stack := range s.stacks {
		if i := slices.IndexFunc(stack, match); i >= 0 {
			return stack[i]
		}
	}
	for _, v := range s.homes {
		if match(v) {
			return v
		}
	}
	return nil
}

func (s *Sandbox) viewsPublish(c *call) (obj, error) {
	user, ok := s.userLocked(c.arg("user_id"))
	if !ok || user.IsBot {
		return nil, failWith("invalid_arguments", "[ERROR] user not found [json-pointer:/user_id]")
	}
	raw, err := s.parseViewLocked(c.arg("view"), "home")
	if err != nil {
		return nil, err
	}
	v := s.homes[user.ID]
	if hash := c.arg("hash"); hash != "" && (v == nil || hash != v.hash()) {
		return nil, fail("hash_conflict")
	}
	id := newID("V")
	if v != nil {
		id = v.id()
	}
	v = &view{user: user.ID, raw: raw}
	s.dressLocked(v, id)
	s.homes[user.ID] = v
	s.emitLocked("home", user.ID, obj{"user": user.ID, "view": v.public()})
	return obj{"view": v.raw}, nil
}

func (s *Sandbox) emitViewLocked(event string, v *view) {
	s.emitLocked(event, v.user, obj{"user": v.user, "view": v.public()})
}
