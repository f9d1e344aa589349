package bot

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"tagout"
)

// Slack's limits of a modal.
const (
	maxViewTitle   = 24
	maxLabel       = 2000
	maxHint        = 2000
	maxOptions     = 100
	maxOptionText  = 75
	maxOptionValue = 150
	maxCheckboxes  = 10
	maxInput       = 3000
	maxMetadata    = 3000
	maxViewBlocks  = 100
)

// inputID is the action ID of every input; the block ID tells them apart.
const inputID = "value"

// formNote travels with a form and comes back with its submission.
type formNote struct {
	State   string `json:"s,omitempty"`
	Channel string `json:"c,omitempty"`
}

// view renders a form. It returns Internal if a form cannot be shown without loss.
func (r renderer) view(f tagout.Form, channel string) (slack.ModalViewRequest, error) {
	note, _ := json.Marshal(formNote{State: f.State, Channel: channel})
	if units(string(note)) > maxMetadata || len(f.ID) > 255 || f.ID == "" {
		return slack.ModalViewRequest{}, tagout.Errorf(tagout.Internal, "The form is too large for Slack; this is a defect of Tagout.")
	}
	left := maxAll
	intro := make([]tagout.Text, len(f.Intro))
	for n := range f.Intro {
		intro[n] = r.mask.Spans(f.Intro[n]) // but no value of a field: it is sent back as it stands
	}
	blocks := r.body(intro, &left)
	if len(blocks)+len(f.Fields) > maxViewBlocks {
		return slack.ModalViewRequest{}, tagout.Errorf(tagout.Internal, "The form has too many fields for Slack; this is a defect of Tagout.")
	}
	for _, field := range f.Fields {
		input, err := r.input(field, f.Keep)
		if err != nil {
			return slack.ModalViewRequest{}, err
		}
		blocks = append(blocks, input)
	}
	view := slack.ModalViewRequest{
		Type: slack.VTModal, CallbackID: f.ID, PrivateMetadata: string(note), Blocks: slack.Blocks{BlockSet: blocks},
		Title: plainObject(clipText(orText(oneLine(f.Title), "Tagout"), maxViewTitle)), Close: plainObject("Cancel"),
	}
	if f.Submit != "" || len(f.Fields) > 0 {
		view.Submit = plainObject(clipText(orText(oneLine(f.Submit), "Send"), maxViewTitle))
	}
	return view, nil
}

func orText(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// input makes one field. Its block ID is the field's key. With keep Slack tells of everything
// that is typed into it.
func (r renderer) input(f tagout.Field, keep bool) (slack.Block, error) {
	if f.Key == "" || len(f.Key) > 255 {
		return nil, tagout.Errorf(tagout.Internal, "A field of the form has no key; this is a defect of Tagout.")
	}
	element, err := r.inputElement(f)
	if err != nil {
		return nil, err
	}
	block := slack.NewInputBlock(f.Key, plainObject(clipText(orText(oneLine(f.Label), f.Key), maxLabel)), nil, element)
	if hint := clean(f.Hint); hint != "" {
		block.Hint = plainObject(clipText(hint, maxHint))
	}
	block.Optional, block.DispatchAction = f.Optional, keep
	if text, ok := element.(*slack.PlainTextInputBlockElement); ok && keep {
		text.DispatchActionConfig = &slack.DispatchActionConfig{TriggerActionsOn: []string{"on_character_entered"}}
	}
	return block, nil
}

func (r renderer) inputElement(f tagout.Field) (slack.BlockElement, error) {
	switch f.Kind {
	case tagout.FieldChoice:
		return choice(f)
	case tagout.FieldChoices:
		return choices(f)
	case tagout.FieldPerson:
		pick := slack.NewOptionsSelectBlockElement(slack.OptTypeUser, plainObject("Choose a person"), inputID)
		if isID(f.Value, "UW") {
			pick.InitialUser = f.Value
		}
		return pick, nil
	case tagout.FieldMoment:
		pick := slack.NewDateTimePickerBlockElement(inputID)
		if at, err := time.Parse(time.RFC3339, f.Value); err == nil {
			pick.InitialDateTime = at.Unix()
		}
		return pick, nil
	}
	text := slack.NewPlainTextInputBlockElement(nil, inputID)
	text.Multiline = f.Kind == tagout.FieldParagraph
	text.MaxLength = maxInput
	text.InitialValue = cutUnits(clean(f.Value), maxInput)
	if !text.Multiline {
		text.InitialValue = oneLine(text.InitialValue)
	}
	return text, nil
}

// options makes the choices of a field. It returns Internal if a value would be lost.
func options(f tagout.Field, chosen []string) (all, initial []*slack.OptionBlockObject, err error) {
	if len(f.Options) == 0 || len(f.Options) > maxOptions {
		return nil, nil, tagout.Errorf(tagout.Internal, "The field %s has no choices, or more than Slack shows; this is a defect of Tagout.", f.Key)
	}
	for _, o := range f.Options {
		if o.Value == "" || units(o.Value) > maxOptionValue {
			return nil, nil, tagout.Errorf(tagout.Internal, "A choice of the field %s is too long for Slack; this is a defect of Tagout.", f.Key)
		}
		made := slack.NewOptionBlockObject(o.Value, plainObject(clipText(orText(oneLine(o.Label), o.Value), maxOptionText)), nil)
		all = append(all, made)
		if slices.Contains(chosen, o.Value) {
			initial = append(initial, made)
		}
	}
	return all, initial, nil
}

func choice(f tagout.Field) (slack.BlockElement, error) {
	all, initial, err := options(f, []string{f.Value})
	if err != nil {
		return nil, err
	}
	pick := slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, plainObject("Choose one"), inputID, all...)
	if len(initial) > 0 {
		pick.InitialOption = initial[0]
	}
	return pick, nil
}

func choices(f tagout.Field) (slack.BlockElement, error) {
	all, initial, err := options(f, strings.Split(f.Value, ","))
	if err != nil {
		return nil, err
	}
	if len(all) <= maxCheckboxes {
		boxes := slack.NewCheckboxGroupsBlockElement(inputID, all...)
		boxes.InitialOptions = initial
		return boxes, nil
	}
	pick := slack.NewOptionsMultiSelectBlockElement(slack.MultiOptTypeStatic, plainObject("Choose any"), inputID, all...)
	pick.InitialOptions = initial
	return pick, nil
}

// inputState is the value of one input as a submission carries it.
type inputState struct {
	Type             string `json:"type"`
	Value            string `json:"value"`
	SelectedUser     string `json:"selected_user"`
	SelectedDateTime int64  `json:"selected_date_time"`
	SelectedOption   *struct {
		Value string `json:"value"`
	} `json:"selected_option"`
	SelectedOptions []struct {
		Value string `json:"value"`
	} `json:"selected_options"`
}

// text is the value as [tagout.Submission] holds it; "" if nothing was given.
func (s inputState) text() string {
	switch {
	case s.SelectedOption != nil:
		return s.SelectedOption.Value
	case len(s.SelectedOptions) > 0:
		values := make([]string, len(s.SelectedOptions))
		for i, o := range s.SelectedOptions {
			values[i] = o.Value
		}
		return strings.Join(values, ",")
	case s.SelectedUser != "":
		return s.SelectedUser
	case s.SelectedDateTime != 0:
		return time.Unix(s.SelectedDateTime, 0).UTC().Format(time.RFC3339)
	}
	return s.Value
}

// errorsBody is the acknowledgement that keeps a form open and says what is wrong.
// Problems of fields that the form does not have are shown on its first field.
func errorsBody(problems []tagout.FieldProblem, fields []string) map[string]any {
	shown := map[string]string{}
	for _, p := range problems {
		key := p.Key
		if !slices.Contains(fields, key) {
			key = fields[0]
		}
		text := clipText(oneLine(p.Message), maxLabel)
		if before := shown[key]; before != "" {
			text = before + " " + text
		}
		shown[key] = text
	}
	return map[string]any{"response_action": "errors", "errors": shown}
}
