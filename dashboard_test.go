package tagout_test

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// panel is one panel of the dashboard, as much of it as matters here.
type panel struct {
	ID          int    `json:"id"`
	Type        string `json:"type"`
	Title       string `json:"title"`
	Description string `json:"description"`
	Datasource  *struct {
		Type, UID string
	} `json:"datasource"`
	Grid    struct{ X, Y, W, H int } `json:"gridPos"`
	Targets []struct {
		RefID string `json:"refId"`
		Expr  string `json:"expr"`
	} `json:"targets"`
}

func dashboard(t *testing.T) (panels []panel, text string) {
	t.Helper()
	raw, err := os.ReadFile("deploy/grafana/tagout.json")
	if err != nil {
		t.Fatal(err)
	}
	var d struct {
		Inputs []struct{ Name, PluginID string } `json:"__inputs"`
		Panels []panel                           `json:"panels"`
		Title  string                            `json:"title"`
		UID    string                            `json:"uid"`
		Schema int                               `json:"schemaVersion"`
	}
	if err := json.Unmarshal(raw, &d); err != nil {
		t.Fatal(err)
	}
	if len(d.Inputs) != 1 || d.Inputs[0].Name != "DS_PROMETHEUS" || d.Inputs[0].PluginID != "prometheus" || d.Title == "" || d.UID == "" || d.Schema < 36 {
		t.Errorf("it cannot be imported: %+v %q %q %d", d.Inputs, d.Title, d.UID, d.Schema)
	}
	return d.Panels, string(raw)
}

// TestTheDashboardAsksOnlyForMetricsThatThereAre: each name in its queries is one of the documented
// metrics, which [TestEveryMetricIsDocumented] compares with the code, and none is left out.
func TestTheDashboardAsksOnlyForMetricsThatThereAre(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]bool{} // whether it is a histogram
	for _, line := range strings.Split(string(page), "\n") {
		if found := regexp.MustCompile("^\\| `(tagout_[a-z_]+)`").FindStringSubmatch(line); found != nil {
			kinds[found[1]] = strings.Contains(line, "(histogram)")
		}
	}
	panels, text := dashboard(t)
	asked := map[string]bool{}
	for _, p := range panels {
		for _, target := range p.Targets {
			for _, name := range regexp.MustCompile(`tagout_[a-z_]+`).FindAllString(target.Expr, -1) {
				base := regexp.MustCompile(`_(bucket|sum|count)$`).ReplaceAllString(name, "")
				histogram, known := kinds[base]
				if !known || histogram != (base != name) {
					t.Errorf("%s: there is no %s", p.Title, name)
				}
				asked[base] = true
			}
		}
	}
	for name := range kinds {
		if !asked[name] {
			t.Errorf("no panel shows %s", name)
		}
	}
	for _, found := range regexp.MustCompile(`"uid": "([^"]*)"`).FindAllStringSubmatch(text, -1) {
		if found[1] != "${DS_PROMETHEUS}" && found[1] != "tagout" {
			t.Errorf("it is tied to the data source %s", found[1])
		}
	}
}

func TestThePanelsOfTheDashboardFitTogether(t *testing.T) {
	t.Parallel()
	panels, _ := dashboard(t)
	taken, ids := map[[2]int]string{}, map[int]bool{}
	for _, p := range panels {
		if ids[p.ID] || p.ID == 0 || p.Title == "" {
			t.Errorf("the panel %q has the ID %d", p.Title, p.ID)
		}
		ids[p.ID] = true
		for x := p.Grid.X; x < p.Grid.X+p.Grid.W; x++ {
			for y := p.Grid.Y; y < p.Grid.Y+p.Grid.H; y++ {
				if other := taken[[2]int{x, y}]; other != "" || x >= 24 {
					t.Fatalf("%q lies on %q, or beside the page", p.Title, other)
				}
				taken[[2]int{x, y}] = p.Title
			}
		}
		if p.Type == "row" {
			continue
		}
		refs := []string{}
		for _, target := range p.Targets {
			if slices.Contains(refs, target.RefID) || !strings.Contains(target.Expr, `job=~"$job"`) {
				t.Errorf("%s: the query %s %s", p.Title, target.RefID, target.Expr)
			}
			refs = append(refs, target.RefID)
		}
		if len(refs) == 0 || p.Description == "" || p.Datasource == nil || !slices.Contains([]string{"stat", "timeseries"}, p.Type) {
			t.Errorf("%s: %+v", p.Title, p)
		}
	}
}
