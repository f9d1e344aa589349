package sandbox

import (
	"encoding/json"
	"errors"
	"net/http"
	"time"
)

// routeUI adds the JSON API of the browser page and of tests in other processes.
func (s *Sandbox) routeUI(mux *http.ServeMux) {
	mux.HandleFunc("GET /ui/state", s.serveState)
	mux.HandleFunc("GET /ui/stream", s.serveStream)
	mux.HandleFunc("GET /ui/calls", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, s.Calls()) })
	mux.HandleFunc("POST /ui/say", handle(s.uiSay))
	mux.HandleFunc("POST /ui/command", handle(s.uiCommand))
	mux.HandleFunc("POST /ui/click", handle(s.uiClick))
	mux.HandleFunc("POST /ui/submit", handle(s.uiSubmit))
	mux.HandleFunc("POST /ui/close", handle(s.uiClose))
	mux.HandleFunc("POST /ui/shortcut", handle(s.uiShortcut))
	mux.HandleFunc("POST /ui/react", handle(s.uiReact))
	mux.HandleFunc("POST /ui/home", handle(s.uiHome))
	mux.HandleFunc("POST /ui/open_dm", handle(s.uiOpenDM))
	mux.HandleFunc("POST /ui/fault", handle(s.uiFault))
}

// handle reads a JSON body and answers {"ok":true,…} or {"ok":false,"error":"…"}.
func handle[In any](run func(*http.Request, In) (obj, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var in In
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&in); err != nil {
			writeJSON(w, http.StatusBadRequest, obj{"ok": false, "error": "invalid_json"})
			return
		}
		out, err := run(r, in)
		if err != nil {
			writeJSON(w, http.StatusOK, obj{"ok": false, "error": shortError(err), "detail": err.Error()})
			return
		}
		if out == nil {
			out = obj{}
		}
		out["ok"] = true
		writeJSON(w, http.StatusOK, out)
	}
}

// shortError is Slack's error name if there is one, else the whole sentence.
func shortError(err error) string {
	var code Error
	if errors.As(err, &code) {
		return string(code)
	}
	return err.Error()
}

// serveState is the whole workspace. With ?user= it also holds what only that user
// sees: ephemeral messages and open modals.
func (s *Sandbox) serveState(w http.ResponseWriter, r *http.Request) {
	user := r.URL.Query().Get("user")
	s.mu.Lock()
	channels, messages, home := []Channel{}, obj{}, obj{}
	for _, c := range s.channels {
		channels = append(channels, c.clone())
		messages[c.ID] = cloneMessages(s.messages[c.ID])
	}
	for _, u := range s.users {
		home[u.ID] = nil
		if v := s.homes[u.ID]; v != nil {
			home[u.ID] = v.public()
		}
	}
	commands := append([]Command{}, s.commands...)
	state := obj{
		"team": obj{"id": TeamID, "name": TeamName, "domain": TeamDomain}, "me": BotUserID,
		"users": s.users, "channels": channels, "messages": messages, "commands": commands,
		"shortcuts": s.shortcuts, "home": home, "event_id": s.eventID,
	}
	if user != "" {
		state["ephemerals"] = cloneMessages(s.whispers[user])
		views := []View{}
		for _, v := range s.stacks[user] {
			views = append(views, v.public())
		}
		state["views"] = views
	}
	s.mu.Unlock()
	w.Header().Set("Cache-Control", "no-store")
	writeJSON(w, http.StatusOK, state)
}

type uiMessage struct {
	User     string `json:"user"`
	Channel  string `json:"channel"`
	Command  string `json:"command"`
	Text     string `json:"text"`
	ThreadTS string `json:"thread_ts"`
}

func (s *Sandbox) uiSay(r *http.Request, in uiMessage) (obj, error) {
	ts, err := s.Reply(r.Context(), in.User, in.Channel, in.ThreadTS, in.Text)
	return obj{"ts": ts}, err
}

func (s *Sandbox) uiCommand(r *http.Request, in uiMessage) (obj, error) {
	return nil, s.Command(r.Context(), in.User, in.Channel, in.Command, in.Text)
}

type uiClick struct {
	User     string `json:"user"`
	Channel  string `json:"channel"`
	TS       string `json:"ts"`
	ViewID   string `json:"view_id"`
	BlockID  string `json:"block_id"`
	ActionID string `json:"action_id"`
	Value    string `json:"value"`
	Label    string `json:"label"`
	Team     string `json:"team"`
	State    obj    `json:"state"`
	Selected *struct {
		Value string          `json:"value"`
		Text  json.RawMessage `json:"text"` // a string, or a text object
	} `json:"selected_option"`
	Several []struct {
		Value string `json:"value"`
	} `json:"selected_options"`
}

func (s *Sandbox) uiClick(r *http.Request, in uiClick) (obj, error) {
	c := Click{
		User: in.User, Channel: in.Channel, TS: in.TS, ViewID: in.ViewID, BlockID: in.BlockID,
		ActionID: in.ActionID, Value: in.Value, Label: in.Label, Team: in.Team, State: in.State,
	}
	if in.Selected != nil {
		c.Selected = &Option{Value: in.Selected.Value, Text: textOf(in.Selected.Text)}
	}
	for _, o := range in.Several {
		c.Several = append(c.Several, o.Value)
	}
	return nil, s.Click(r.Context(), c)
}

// textOf reads a string or a text object.
func textOf(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	var object struct{ Text string }
	_ = json.Unmarshal(raw, &object)
	return object.Text
}

type uiView struct {
	User   string         `json:"user"`
	ViewID string         `json:"view_id"`
	Values map[string]any `json:"values"`
}

func (s *Sandbox) uiSubmit(r *http.Request, in uiView) (obj, error) {
	out, err := s.submit(r.Context(), Submission{User: in.User, ViewID: in.ViewID, Values: in.Values})
	if out.Errors == nil {
		out.Errors = map[string]string{}
	}
	return obj{"response_action": out.Action, "errors": out.Errors}, err
}

func (s *Sandbox) uiClose(r *http.Request, in uiView) (obj, error) {
	return nil, s.CloseView(r.Context(), in.User, in.ViewID)
}

type uiShortcut struct {
	User       string `json:"user"`
	CallbackID string `json:"callback_id"`
	Channel    string `json:"channel"`
	TS         string `json:"ts"`
	With       string `json:"with"`
}

func (s *Sandbox) uiShortcut(r *http.Request, in uiShortcut) (obj, error) {
	return nil, s.Shortcut(r.Context(), in.User, in.CallbackID, in.Channel, in.TS)
}

type uiReaction struct {
	User    string `json:"user"`
	Channel string `json:"channel"`
	TS      string `json:"ts"`
	Name    string `json:"name"` // without colons
	Remove  bool   `json:"remove"`
}

func (s *Sandbox) uiReact(r *http.Request, in uiReaction) (obj, error) {
	if in.Remove {
		return nil, s.Unreact(in.User, in.Channel, in.TS, in.Name)
	}
	return nil, s.React(r.Context(), in.User, in.Channel, in.TS, in.Name)
}

func (s *Sandbox) uiHome(r *http.Request, in uiShortcut) (obj, error) {
	return nil, s.OpenHome(r.Context(), in.User)
}

func (s *Sandbox) uiOpenDM(_ *http.Request, in uiShortcut) (obj, error) {
	channel, err := s.OpenDM(in.User, in.With)
	return obj{"channel": channel}, err
}

type uiFault struct {
	Method     string `json:"method"`
	Times      int    `json:"times"`
	Kind       string `json:"kind"` // rate_limited, api_error, server_error, hang, drop_connection, lost_reply
	Code       string `json:"code"`
	RetryAfter int    `json:"retry_after"` // seconds
	Down       *bool  `json:"down"`
	Disconnect string `json:"disconnect"`
	Duplicate  *int   `json:"duplicate"`
	Archive    string `json:"archive"`
	Clear      bool   `json:"clear"` // remove every fault first
}

// uiFault sets faults from another process: any of the fields may be given.
func (s *Sandbox) uiFault(_ *http.Request, in uiFault) (obj, error) {
	if in.Clear {
		s.clearFaults()
	}
	if in.Down != nil {
		s.Down(*in.Down)
	}
	if in.Disconnect != "" {
		s.Disconnect(in.Disconnect)
	}
	if in.Duplicate != nil {
		s.Duplicate(*in.Duplicate)
	}
	if in.Archive != "" {
		s.Archive(in.Archive)
	}
	if in.Kind == "" {
		return nil, nil
	}
	kind := FaultKind(in.Kind)
	switch in.Kind {
	case "rate_limited":
		kind = RateLimited(time.Duration(in.RetryAfter) * time.Second)
	case "api_error":
		kind = APIError(in.Code)
	}
	if !kind.valid() {
		return nil, Error("invalid_kind")
	}
	orDefault(&in.Method, "*")
	s.Fault(Fault{Method: in.Method, Times: in.Times, Kind: kind})
	return nil, nil
}

func (s *Sandbox) clearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.faults) > 0 {
		s.dropFaultLocked(s.faults[0])
	}
}
