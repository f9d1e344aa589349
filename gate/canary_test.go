package gate_test

import (
	"fmt"
	"testing"

	"tagout"
	"tagout/gate"
)

// canaryHold leaves a share of the instances alone.
func canaryHold(id, scope string, mode tagout.Mode, share float64) tagout.Hold {
	h := holdOn(id, scope, mode)
	h.Plan, h.CanaryShare = "plan", share
	return h
}

func TestEachInstanceGetsTheAnswerOfItsSideOfTheCanary(t *testing.T) {
	t.Parallel()
	holds := []tagout.Hold{canaryHold("h1", "mailer", tagout.Halted, 0.3), canaryHold("h2", "mailer/sms", tagout.Review, 0.1), holdOn("h3", "mailer/sms/eu", tagout.Paused)}
	g := loaded(t, gate.Options{}, holds...)
	modes := map[tagout.Mode]int{}
	for range 2 { // made, and kept
		for n := range 300 {
			for _, context := range []tagout.Attributes{{}, {Channel: "email"}, {Channel: "sms", Region: "us"}, {Channel: "sms", Region: "eu"}} {
				context.Key = fmt.Sprint("mailer-", n)
				want := tagout.Evaluate("mailer", agents()["mailer"], holds, context)
				_, _, got := post(t, g, evaluate+"/mailer.mode", fmt.Sprintf(`{"context":{"channel":%q,"region":%q,"targetingKey":%q}}`, context.Channel, context.Region, context.Key))
				if got["value"] != string(want.Mode) {
					t.Fatalf("%v: %v, want %s", context, got["value"], want.Mode)
				}
				modes[want.Mode]++
			}
		}
	}
	for _, mode := range []tagout.Mode{tagout.Halted, tagout.Paused, tagout.Review, tagout.Running} {
		if modes[mode] == 0 {
			t.Errorf("nobody was %s: %v", mode, modes)
		}
	}
}

func TestWhoDoesNotSayWhoItIsIsNoCanary(t *testing.T) {
	t.Parallel()
	g := loaded(t, gate.Options{}, canaryHold("h1", "mailer", tagout.Halted, 0.9999))
	for _, context := range []string{`{}`, `{"targetingKey":""}`, `{"targetingKey":7}`, `{"targetingKey":"mailer-ß"}`, `{"targetingKey":"a","targetingKey":"b"}`} {
		_, _, got := post(t, g, evaluate+"/mailer.mode", `{"context":`+context+`}`)
		metadata, _ := got["metadata"].(map[string]any)
		if got["value"] != "halted" || metadata["canary_share"] != 0.9999 {
			t.Errorf("%s: %v", context, got)
		}
	}
	if _, _, got := post(t, g, evaluate+"/mailer.frozen", `{"context":{"targetingKey":"mailer-1"}}`); got["value"] != true {
		t.Error("an agent with a canary is not frozen")
	}
}

func TestTheTagOfAllFlagsTellsInstancesApart(t *testing.T) {
	t.Parallel()
	g := loaded(t, gate.Options{}, canaryHold("h1", "mailer", tagout.Halted, 0.5))
	tags := map[string]bool{}
	for n := range 20 {
		_, header, _ := post(t, g, evaluate, fmt.Sprintf(`{"context":{"targetingKey":"mailer-%d"}}`, n))
		tags[header.Get("ETag")] = true
	}
	if len(tags) != 20 {
		t.Errorf("20 instances have %d tags", len(tags))
	}
}
