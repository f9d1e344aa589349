package kubernetes_test

import (
	"fmt"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	kubetest "k8s.io/client-go/testing"

	"tagout"
	"tagout/integrations/kubernetes"
)

func TestAStopScalesToZeroAndGivesBackWhatWas(t *testing.T) {
	t.Parallel()
	c := newCluster(t, mailerSettings,
		deployment("send", "app: mailer", 3), deployment("idle", "app: mailer", 0), deployment("other", "app: crm", 4),
		object("StatefulSet", "queue", "app: mailer", "spec: {replicas: 2, selector: {matchLabels: {run: queue}}}"),
		object("CronJob", "nightly", "app: mailer", "spec: {suspend: false}"), object("CronJob", "off", "app: mailer", "spec: {suspend: true}"),
		pod("send-1", "run: send", "Running"), pod("send-0", "run: send", "Succeeded"), pod("other-1", "run: other", "Running"))
	for range 3 {
		c.mustApply("mailer=halted")
	}
	if c.patches() != 5 {
		t.Errorf("%d changes of 5 objects", c.patches())
	}
	if n := c.replicas("deployments", "send") + c.replicas("statefulsets", "queue"); n != 0 || !c.suspended("cronjobs", "nightly") {
		t.Errorf("%d replicas, or the CronJob runs on", n)
	}
	if got := c.get("deployments", "send").GetAnnotations()["tagout.dev/replicas"]; got != "3" {
		t.Errorf("remembers %q", got)
	}
	if got := c.shows(); got != "" {
		t.Errorf("observed %q while a pod runs", got)
	}
	c.deletes("pods", "send-1")
	if got := c.shows(); got != "mailer=halted" {
		t.Errorf("observed %q", got)
	}
	c.mustApply()
	c.mustApply()
	if c.replicas("deployments", "send") != 3 || c.replicas("statefulsets", "queue") != 2 || c.replicas("deployments", "idle") != 0 ||
		c.suspended("cronjobs", "nightly") || !c.suspended("cronjobs", "off") || c.replicas("deployments", "other") != 4 {
		t.Error("not what it was before")
	}
	if left := c.get("deployments", "send").GetAnnotations(); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if c.patches() != 10 || c.shows() != "" {
		t.Errorf("%d changes, shows %q", c.patches(), c.shows())
	}
}

func TestWhatWasIsNeverOverwrittenWhileHeld(t *testing.T) {
	t.Parallel()
	send := deployment("send", "app: mailer", 5) // cut off before it was scaled, or scaled by somebody since
	send.SetAnnotations(map[string]string{"tagout.dev/replicas": "3", "tagout.dev/held": "mailer=halted"})
	c := newCluster(t, mailerSettings, send)
	if got := c.shows(); got != "" {
		t.Errorf("observed %q while it asks for 5 pods", got)
	}
	c.mustApply("mailer=halted")
	if got := c.get("deployments", "send").GetAnnotations()["tagout.dev/replicas"]; got != "3" || c.replicas("deployments", "send") != 0 {
		t.Errorf("remembers %q at %d replicas", got, c.replicas("deployments", "send"))
	}
	c.mustApply()
	if c.replicas("deployments", "send") != 3 {
		t.Errorf("given back %d", c.replicas("deployments", "send"))
	}
}

func TestLiftingOneOfTwoHoldsLeavesTheOther(t *testing.T) {
	t.Parallel()
	c := newCluster(t, mailerSettings, deployment("mail", "app: mailer, channel: email", 2), deployment("sms", "app: mailer, channel: sms", 1))
	for _, step := range []struct {
		holds     []string
		mail, sms int64
		shows     string
	}{
		{[]string{"mailer/email=paused"}, 0, 1, "mailer/email=paused"},
		{[]string{"mailer/email=paused", "mailer=halted"}, 0, 0, "mailer=halted mailer/email=paused"},
		{[]string{"mailer/email=paused"}, 0, 1, "mailer/email=paused"},
		{[]string{"mailer/email=halted", "mailer/email=paused"}, 0, 1, "mailer/email=halted"},
		{[]string{"*=paused"}, 0, 0, "mailer=paused"},
		{nil, 2, 1, ""},
	} {
		c.mustApply(step.holds...)
		if mail, sms := c.replicas("deployments", "mail"), c.replicas("deployments", "sms"); mail != step.mail || sms != step.sms || c.shows() != step.shows {
			t.Errorf("%v: mail %d, sms %d, shows %q", step.holds, mail, sms, c.shows())
		}
	}
}

func TestWhatCannotBeExpressedIsRefusedByNameAndRestartsNothing(t *testing.T) {
	t.Parallel()
	c := newCluster(t, mailerSettings, deployment("mail", "app: mailer, channel: email", 2), deployment("sms", "app: mailer, channel: sms", 1))
	for _, hold := range []string{"mailer=review", "mailer=capped", "mailer/email=review", "mailer/sms=halted", "mailer/email/eu=halted", "mailer tool:send_email=halted", "* tool:@high=paused"} {
		err := c.applies(hold)
		name, _, _ := strings.Cut(strings.Replace(hold, "*", "mailer", 1), "=")
		if !tagout.IsFinal(err) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: error %v", hold, err)
		}
	}
	if c.patches() > 0 {
		t.Error("something was changed")
	}
	c.mustApply("mailer=halted", "mailer/sms=review") // all of it is stopped, hence this part too
	if err := c.applies("mailer/sms=review"); !tagout.IsFinal(err) {
		t.Errorf("error %v", err)
	}
	if c.replicas("deployments", "sms") != 0 {
		t.Error("restarted under a hold that it cannot enforce")
	}
	if err := c.applies("mailer/email=halted", "mailer/sms=review"); !tagout.IsFinal(err) || c.shows() != "mailer=halted mailer/email=halted" {
		t.Errorf("error %v, shows %q", err, c.shows())
	}
}

func TestModesThatTheSettingsListAreAnsweredByStopping(t *testing.T) {
	t.Parallel()
	c := newCluster(t, "{namespace: agents, selector: app=mailer, modes: [halted, paused, review]}", deployment("send", "app: mailer", 3))
	c.mustApply("mailer=review")
	if c.replicas("deployments", "send") != 0 || c.shows() != "mailer=review" {
		t.Errorf("shows %q", c.shows())
	}
}

func TestAgentsThatShareAWorkloadDoNotFreeEachOther(t *testing.T) {
	t.Parallel()
	c := newCluster(t, "{namespace: agents, selector: app=mailer}", deployment("send", "app: mailer", 3))
	for _, step := range []struct {
		w    tagout.Wanted
		want int64
	}{
		{wanted("mailer", "mailer=halted"), 0}, {wanted("researcher", "researcher=halted"), 0}, {wanted("mailer"), 0}, {wanted("researcher"), 3},
	} {
		if err := c.control.Apply(t.Context(), step.w); err != nil {
			t.Fatal(err)
		}
		if got := c.replicas("deployments", "send"); got != step.want {
			t.Errorf("after %+v: %d replicas", step.w, got)
		}
	}
}

func TestAHaltSuspendsRunningJobsAndAPauseWaitsForThem(t *testing.T) {
	t.Parallel()
	nightly := object("CronJob", "nightly", "app: mailer", "spec: {suspend: false}")
	owner := metav1.OwnerReference{APIVersion: "batch/v1", Kind: "CronJob", Name: "nightly", UID: "uid-nightly"}
	active := object("Job", "nightly-2", "", "spec: {selector: {matchLabels: {job: two}}}")
	active.SetOwnerReferences([]metav1.OwnerReference{owner})
	done := object("Job", "nightly-1", "", "spec: {selector: {matchLabels: {job: one}}}\nstatus: {conditions: [{type: Complete, status: \"True\"}]}")
	done.SetOwnerReferences([]metav1.OwnerReference{owner})
	c := newCluster(t, mailerSettings, nightly, active, done, object("Job", "foreign", "", "spec: {}"))

	c.mustApply("mailer=paused")
	if c.suspended("jobs", "nightly-2") || c.shows() != "" {
		t.Errorf("suspended, or observed %q while a Job works on", c.shows())
	}
	c.mustApply("mailer=halted")
	if !c.suspended("jobs", "nightly-2") || c.suspended("jobs", "nightly-1") || c.suspended("jobs", "foreign") || c.shows() != "mailer=halted" {
		t.Errorf("shows %q", c.shows())
	}
	c.mustApply()
	if c.suspended("jobs", "nightly-2") || c.suspended("cronjobs", "nightly") {
		t.Error("not given back")
	}
}

func TestPodsThatTheSelectorMatchesCountEvenWithoutAWorkload(t *testing.T) {
	t.Parallel()
	c := newCluster(t, mailerSettings, deployment("send", "app: mailer", 3), pod("bare", "app: mailer", "Pending"))
	c.mustApply("mailer=halted")
	if got := c.shows(); got != "" {
		t.Errorf("observed %q", got)
	}
}

func TestAControllerThatHasNotNoticedIsNotObserved(t *testing.T) {
	t.Parallel()
	send := deployment("send", "app: mailer", 3)
	send.SetGeneration(2)
	c := newCluster(t, mailerSettings, send)
	c.mustApply("mailer=halted")
	if got := c.shows(); got != "" {
		t.Errorf("observed %q", got)
	}
}

func TestAConflictIsTriedAgainOnWhatIsThere(t *testing.T) {
	t.Parallel()
	c := newCluster(t, mailerSettings, deployment("send", "app: mailer", 3))
	left := 2
	c.client.PrependReactor("patch", "deployments", func(kubetest.Action) (bool, runtime.Object, error) {
		left--
		return left >= 0, nil, apierrors.NewConflict(schema.GroupResource{Resource: "deployments"}, "send", nil)
	})
	c.mustApply("mailer=halted")
	if c.replicas("deployments", "send") != 0 {
		t.Error("it runs on")
	}
	left = 100
	if err := c.applies(); err == nil || tagout.IsFinal(err) || tagout.CodeOf(err) != tagout.Unavailable {
		t.Errorf("error %v", err)
	}
}

func TestWhatIsFoundIsStoppedAlthoughTheRestCannotBeListed(t *testing.T) {
	t.Parallel()
	c := newCluster(t, mailerSettings, deployment("send", "app: mailer", 3), object("StatefulSet", "queue", "app: mailer", "spec: {replicas: 2}"))
	c.mustApply("mailer=halted")
	down := false
	c.client.PrependReactor("list", "statefulsets", func(kubetest.Action) (bool, runtime.Object, error) {
		return down, nil, apierrors.NewInternalError(fmt.Errorf("s3cret-answer"))
	})
	down = true
	if err := c.applies(); err == nil || tagout.IsFinal(err) || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("error %v", err)
	}
	if c.replicas("deployments", "send") != 0 {
		t.Error("restarted although not everything is known")
	}
	if _, err := c.control.Read(t.Context(), "mailer"); err == nil {
		t.Error("read back although not everything is known")
	}
	down = false
	c.mustApply()
	down = true
	if err := c.applies("mailer=halted"); err == nil || c.replicas("deployments", "send") != 0 {
		t.Errorf("error %v; what is known must be stopped", err)
	}
}

func TestASelectorThatMatchesNothingStopsNothingAndSaysSo(t *testing.T) {
	t.Parallel()
	c := newCluster(t, mailerSettings, deployment("other", "app: crm", 1))
	if err := c.applies("mailer=halted"); !tagout.IsFinal(err) || tagout.CodeOf(err) != tagout.NotFound {
		t.Errorf("error %v", err)
	}
	if _, err := c.control.Read(t.Context(), "mailer"); !tagout.IsFinal(err) {
		t.Errorf("error %v", err)
	}
}

func TestAForgottenCountIsNotGuessed(t *testing.T) {
	t.Parallel()
	send := deployment("send", "app: mailer", 0)
	send.SetAnnotations(map[string]string{"tagout.dev/replicas": "many", "tagout.dev/held": "mailer=halted"})
	c := newCluster(t, mailerSettings, send)
	if err := c.applies(); !tagout.IsFinal(err) || !strings.Contains(err.Error(), "Deployment send") {
		t.Errorf("error %v", err)
	}
}

func TestAVersionIsTheTagOfAContainersImage(t *testing.T) {
	t.Parallel()
	c := newCluster(t, mailerSettings, deployment("send", "app: mailer", 3))
	o, err := c.control.Read(t.Context(), "mailer")
	if err != nil || o.Versions["prompt"] != "v42" {
		t.Fatalf("%v, error %v", o.Versions, err)
	}
	w := wanted("mailer", "mailer=halted")
	w.Versions = map[string]string{"prompt": "v41", "policy": "p1"} // policy is not this control's
	if err := c.control.Apply(t.Context(), w); err != nil {
		t.Fatal(err)
	}
	containers, _, _ := unstructured.NestedSlice(c.get("deployments", "send").Object, "spec", "template", "spec", "containers")
	if text := fmt.Sprint(containers); !strings.Contains(text, "registry.example:5000/mailer:v41") || !strings.Contains(text, "name:A value:b") || !strings.Contains(text, "name:proxy") {
		t.Errorf("containers %s", text)
	}
	if o, err = c.control.Read(t.Context(), "mailer"); err != nil || o.Versions["prompt"] != "v41" {
		t.Errorf("%v, error %v", o.Versions, err)
	}
	w.Versions["prompt"] = "not a tag!"
	if err := c.control.Apply(t.Context(), w); !tagout.IsFinal(err) {
		t.Errorf("error %v", err)
	}
}

func TestSettingsThatCannotWorkAreRefusedByPlace(t *testing.T) {
	t.Parallel()
	for name, settings := range map[string]string{
		"empty selector": `{namespace: agents, selector: ""}`, "bad selector": "{namespace: agents, selector: \"app in (\"}",
		"bad scope":          "{namespace: agents, selector: app=mailer, scopes: [{scope: a/b/c/d, selector: x=y}]}",
		"running":            "{namespace: agents, selector: app=mailer, modes: [running]}",
		"bad scope selector": "{namespace: agents, selector: app=mailer, scopes: [{scope: mailer/email, selector: \"\"}]}",
		"no such kubeconfig": "{namespace: agents, selector: app=mailer, kubeconfig: /nonexistent/s3cret-path}",
	} {
		_, err := kubernetes.New(vendor(settings))
		if tagout.CodeOf(err) != tagout.Invalid || !strings.Contains(err.Error(), "tagout.yaml:7:3") || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestScopesOfAnotherAgentAreRefused(t *testing.T) {
	t.Parallel()
	c := newCluster(t, mailerSettings, deployment("send", "app: mailer", 3))
	if err := c.control.Apply(t.Context(), wanted("researcher")); !tagout.IsFinal(err) || tagout.CodeOf(err) != tagout.Invalid {
		t.Errorf("error %v", err)
	}
}
