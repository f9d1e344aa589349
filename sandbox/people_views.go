package sandbox

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
)

// Submission is a filled form. Values maps block IDs to answers: a string, number or
// time.Time; for selects an option's value or its text; []string for several; or the
// full form {action ID: {"type", "value" | "selected_…"}}. Inputs that are left out
// keep their initial values.
type Submission struct {
	User   string
	ViewID string // empty means the modal on top
	Values map[string]any
	Team   string // a foreign team ID, to see it refused
}

// Submit sends an open modal. It returns the complaints by block ID, those of
// Slack's own client included; no complaints means that the app has accepted.
// Errors: view_not_found, DispatchFailed, OperationTimeout, invalid_response_action
// if the app's answer makes no sense, and a sentence for an impossible answer.
func (s *Sandbox) Submit(ctx context.Context, sub Submission) (map[string]string, error) {
	out, err := s.submit(ctx, sub)
	return out.Errors, err
}

// submitted is what became of a form.
type submitted struct {
	Action string            `json:"response_action"`
	Errors map[string]string `json:"errors"`
}

func (s *Sandbox) submit(ctx context.Context, in Submission) (submitted, error) {
	payload, complaints, viewID, err := s.submissionPayload(in)
	if err != nil {
		return submitted{}, fmt.Errorf("sandbox: %s submits a form: %w", in.User, err)
	}
	if len(complaints) > 0 {
		s.showErrors(in.User, viewID, complaints)
		return submitted{Action: "errors", Errors: complaints}, nil
	}
	answer, err := s.deliver(ctx, delivery{kind: kindInteraction, payload: payload})
	if err != nil {
		s.notice(in.User, fmt.Sprintf("The form failed with the error %q", err))
		return submitted{}, err
	}
	return s.takeSubmitAck(in.User, viewID, answer)
}

// submissionPayload fills the form, or says what Slack's client would complain about.
func (s *Sandbox) submissionPayload(in Submission) (obj, map[string]string, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, ok := s.userLocked(in.User)
	if !ok {
		return nil, nil, "", Error("user_not_found")
	}
	stack := s.stacks[in.User]
	if len(stack) == 0 {
		return nil, nil, "", Error("view_not_found")
	}
	v := stack[len(stack)-1]
	if in.ViewID != "" && v.id() != in.ViewID {
		return nil, nil, "", Error("view_not_found")
	}
	if v.raw["submit"] == nil {
		return nil, nil, "", fmt.Errorf("the view %q has no submit button", str(sub(v.raw, "title"), "text"))
	}
	values, err := fillForm(v.blocks(), sub(sub(v.raw, "state"), "values"), in.Values)
	if err != nil {
		return nil, nil, "", err
	}
	v.raw["state"] = obj{"values": values}
	if complaints := clientErrors(v.blocks(), values); len(complaints) > 0 {
		return nil, complaints, v.id(), nil
	}
	p := s.interactionLocked("view_submission", u, in.Team, true)
	p["view"], p["response_urls"] = encode(v.raw), []obj{}
	return p, nil, v.id(), nil
}

func (s *Sandbox) showErrors(user, viewID string, complaints map[string]string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.emitLocked("view_errors", user, obj{"user": user, "view_id": viewID, "errors": complaints})
}

// takeSubmitAck does what the app's acknowledgement of a form says.
func (s *Sandbox) takeSubmitAck(user, viewID string, answer ack) (submitted, error) {
	var body struct {
		Action string            `json:"response_action"`
		Errors map[string]string `json:"errors"`
		View   json.RawMessage   `json:"view"`
	}
	if !answer.empty() && json.Unmarshal(answer.body, &body) != nil {
		return submitted{}, s.badAck(user, "invalid_json", answer)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	out := submitted{Action: body.Action, Errors: map[string]string{}}
	v := s.openViewLocked(viewID, "")
	if v == nil {
		return out, nil // the app has closed or replaced it meanwhile
	}
	switch body.Action {
	case "":
		s.popLocked(user, v)
	case "clear":
		s.clearLocked(user)
	case "errors":
		if !answersInputs(v, body.Errors) {
			return submitted{}, s.badAckLocked(user, "invalid_response_action", answer)
		}
		out.Errors = body.Errors
		s.emitLocked("view_errors", user, obj{"user": user, "view_id": viewID, "errors": body.Errors})
	case "update", "push":
		raw, err := s.parseViewLocked(string(body.View), "modal")
		if err == nil && body.Action == "push" && len(s.stacks[user]) >= maxStack {
			err = fail("push_limit_reached")
		}
		if err != nil {
			return submitted{}, s.badAckLocked(user, err.Error(), answer)
		}
		if body.Action == "update" {
			s.replaceViewLocked(v, raw)
		} else {
			s.pushLocked(user, raw)
		}
	default:
		return submitted{}, s.badAckLocked(user, "invalid_response_action", answer)
	}
	if !answer.empty() {
		s.recordLocked("ack:"+kindInteraction, ackArgs(answer), "")
	}
	return out, nil
}

// answersInputs says whether every complaint is about an input of the view, as Slack
// demands.
func answersInputs(v *view, complaints map[string]string) bool {
	if len(complaints) == 0 {
		return false
	}
	for block := range complaints {
		known := slices.ContainsFunc(v.blocks(), func(b obj) bool {
			return str(b, "block_id") == block && str(b, "type") == "input"
		})
		if !known {
			return false
		}
	}
	return true
}

// popLocked closes one view; the one below shows again.
func (s *Sandbox) popLocked(user string, v *view) {
	s.stacks[user] = slices.DeleteFunc(s.stacks[user], func(x *view) bool { return x == v })
	s.emitViewLocked("view_close", v)
}

func (s *Sandbox) clearLocked(user string) []*view {
	closed := s.stacks[user]
	delete(s.stacks, user)
	for _, v := range slices.Backward(closed) {
		s.emitViewLocked("view_close", v)
	}
	return closed
}

// CloseView closes an open modal as a person: with its cross if it is the only one or
// clears on close, else with its back arrow. The app hears of it if the view asked to.
func (s *Sandbox) CloseView(ctx context.Context, user, viewID string) error {
	s.mu.Lock()
	u, _ := s.userLocked(user)
	v := s.openViewLocked(viewID, "")
	if v == nil || v.user != user || str(v.raw, "type") != "modal" {
		s.mu.Unlock()
		return Error("view_not_found")
	}
	cleared := truthy(v.raw, "clear_on_close")
	closed := []*view{v}
	if cleared {
		closed = s.clearLocked(user)
	} else {
		s.popLocked(user, v)
	}
	var payloads []obj
	for _, x := range closed {
		if truthy(x.raw, "notify_on_close") {
			p := s.interactionLocked("view_closed", u, "", false)
			delete(p, "trigger_id")
			p["view"], p["is_cleared"] = encode(x.raw), cleared
			payloads = append(payloads, p)
		}
	}
	s.mu.Unlock()
	for _, p := range payloads {
		if _, err := s.deliver(ctx, delivery{kind: kindInteraction, payload: p}); err != nil {
			return err
		}
	}
	return nil
}
