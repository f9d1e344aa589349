package bot

import (
	"sync/atomic"
	"time"

	"github.com/slack-go/slack"

	"tagout"
)

// chartsAgain is how long a workspace that refused charts is not asked again.
const chartsAgain = 30 * 24 * time.Hour

// chartless remembers that the workspace refuses charts. It is not kept across restarts, so
// that a workspace that learns to show them is found out.
type chartless struct{ since atomic.Pointer[time.Time] }

func (c *chartless) refused(at time.Time) { c.since.Store(&at) }

// now reports whether the workspace refused charts lately.
func (c *chartless) now(at time.Time) bool {
	since := c.since.Load()
	return since != nil && at.Sub(*since) < chartsAgain
}

// charts makes the blocks that Slack draws as charts. A chart that does not fit is left out.
func charts(list []tagout.Chart) []slack.Block {
	var blocks []slack.Block
	for _, c := range list {
		if !c.Fits() || len(blocks) == tagout.MaxCharts {
			continue
		}
		axis := slack.NewDataVisualizationAxisConfig(c.Categories...).WithXLabel(c.Over).WithYLabel(c.Unit)
		series := make([]slack.DataVisualizationDataSeries, len(c.Series))
		for n, s := range c.Series {
			series[n].Name = s.Name
			for k, v := range s.Values {
				series[n].Data = append(series[n].Data, slack.NewDataVisualizationDataPoint(c.Categories[k], v))
			}
		}
		var drawn slack.DataVisualizationChart = slack.NewDataVisualizationBarChart(axis, series...)
		if c.Lines {
			drawn = slack.NewDataVisualizationLineChart(axis, series...)
		}
		blocks = append(blocks, slack.NewDataVisualizationBlock(c.Title, drawn))
	}
	return blocks
}

// withoutCharts takes the charts off a message that Slack refused, and reports whether there
// were any, so that it is worth another try.
func withoutCharts(m *tagout.Message, err error) bool {
	if err == nil || len(m.Charts) == 0 || !readFailure(err).refused() {
		return false
	}
	m.Charts = nil
	return true
}
