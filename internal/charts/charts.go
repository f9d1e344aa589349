// Package charts draws charts as a PNG, for where a chart cannot be shown as itself.
package charts

import (
	"bytes"
	"image/color"
	"math"
	"strconv"

	stdfont "golang.org/x/image/font"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"

	"tagout"
)

// The picture is drawn small and dense, so that its letters are readable on a phone.
const (
	dpi     = 240
	width   = 4.5 * vg.Inch
	height  = 2.6 * vg.Inch // of one chart
	margin  = 0.14 * vg.Inch
	letters = vg.Length(9.5)
)

// tints are dark enough to be told from white and apart from each other.
var tints = map[tagout.Tint]color.Color{
	tagout.TintRed:    color.RGBA{0xb3, 0x26, 0x1e, 0xff},
	tagout.TintAmber:  color.RGBA{0xe0, 0x8a, 0x1e, 0xff},
	tagout.TintBlue:   color.RGBA{0x1b, 0x5b, 0xb8, 0xff},
	tagout.TintViolet: color.RGBA{0x6a, 0x3f, 0xbd, 0xff},
	tagout.TintGreen:  color.RGBA{0x17, 0x70, 0x2f, 0xff},
	tagout.TintGrey:   color.RGBA{0x7d, 0x8b, 0x8f, 0xff},
}

var (
	ink   = color.RGBA{0x1a, 0x22, 0x24, 0xff}
	muted = color.RGBA{0x56, 0x64, 0x68, 0xff}
	line  = color.RGBA{0xdd, 0xe4, 0xe5, 0xff}
)

// PNG draws charts below each other. It returns Invalid if there are none, or one does not fit.
func PNG(list []tagout.Chart) ([]byte, error) {
	if len(list) == 0 {
		return nil, tagout.Errorf(tagout.Invalid, "There is no chart to draw.")
	}
	whole := vg.Length(len(list)) * height
	canvas := vgimg.NewWith(vgimg.UseWH(width, whole), vgimg.UseDPI(dpi), vgimg.UseBackgroundColor(color.White))
	all := draw.New(canvas)
	for n, c := range list {
		if !c.Fits() {
			return nil, tagout.Errorf(tagout.Invalid, "The chart %q cannot be drawn.", c.Title)
		}
		top := whole - vg.Length(n)*height
		area := draw.Canvas{Canvas: all.Canvas, Rectangle: vg.Rectangle{
			Min: vg.Point{X: margin, Y: top - height + margin}, Max: vg.Point{X: width - margin, Y: top - margin},
		}}
		if err := panel(area, c); err != nil {
			return nil, err
		}
	}
	var b bytes.Buffer
	if _, err := (vgimg.PngCanvas{Canvas: canvas}).WriteTo(&b); err != nil {
		return nil, tagout.Errorf(tagout.Internal, "The charts could not be drawn: %w", err)
	}
	return b.Bytes(), nil
}

// style is how letters look.
func style(c color.Color, size vg.Length, bold bool) draw.TextStyle {
	f := font.Font{Typeface: "Liberation", Variant: "Sans", Size: size}
	if bold {
		f.Weight = stdfont.WeightBold
	}
	return draw.TextStyle{Color: c, Font: f, Handler: plot.DefaultTextHandler}
}

// panel draws one chart: its title, its legend, and the plot below them.
func panel(area draw.Canvas, c tagout.Chart) error {
	title := style(ink, letters*1.15, true)
	y := area.Max.Y - title.Font.Size
	area.FillText(title, vg.Point{X: area.Min.X, Y: y}, plain(c.Title))
	y -= letters * 1.9
	legend(area, c, y)
	p, err := plotOf(c)
	if err != nil {
		return err
	}
	area.Max.Y = y - letters*0.7
	p.Draw(area)
	return nil
}

// legend names the series, each beside its colour, and says what is counted.
func legend(area draw.Canvas, c tagout.Chart, y vg.Length) {
	words, x := style(muted, letters, false), area.Min.X
	put := func(text string) {
		area.FillText(words, vg.Point{X: x, Y: y}, plain(text))
		x += words.Width(plain(text)) + letters*1.2
	}
	if len(c.Series) > 1 {
		for n, s := range c.Series {
			side := letters * 0.8
			area.FillPolygon(tintOf(c, n), []vg.Point{{X: x, Y: y}, {X: x + side, Y: y}, {X: x + side, Y: y + side}, {X: x, Y: y + side}})
			x += side * 1.5
			put(s.Name)
		}
	}
	if c.Unit != "" {
		put("in " + c.Unit)
	}
}

func tintOf(c tagout.Chart, n int) color.Color {
	if t, known := tints[c.Series[n].Tint]; known {
		return t
	}
	order := []tagout.Tint{tagout.TintBlue, tagout.TintAmber, tagout.TintViolet, tagout.TintGreen, tagout.TintRed, tagout.TintGrey}
	return tints[order[n%len(order)]]
}

func plotOf(c tagout.Chart) (*plot.Plot, error) {
	p := plot.New()
	p.BackgroundColor = color.Transparent
	words := style(muted, letters, false)
	highest := 0.0
	for _, s := range c.Series {
		for _, v := range s.Values {
			highest = math.Max(highest, v)
		}
	}
	steps := stepsTo(highest)
	p.Y.Min, p.Y.Max = 0, steps[len(steps)-1].Value
	p.Y.Tick.Marker = plot.ConstantTicks(steps)
	p.Y.LineStyle.Width, p.Y.Tick.LineStyle.Width, p.Y.Tick.Length = 0, 0, 0
	p.Y.Tick.Label.Color, p.Y.Tick.Label.Font = words.Color, words.Font
	p.Y.Padding, p.X.Padding = letters/3, 0
	p.X.Min, p.X.Max = -0.5, float64(len(c.Categories))-0.5
	p.X.Tick.Marker = plot.ConstantTicks(named(c.Categories))
	p.X.LineStyle.Width, p.X.Tick.LineStyle.Width, p.X.Tick.Length = 0, 0, letters/3
	p.X.Tick.Label.Color, p.X.Tick.Label.Font = words.Color, words.Font
	p.X.Label.Text, p.X.Label.TextStyle.Color, p.X.Label.TextStyle.Font = plain(c.Over), words.Color, words.Font
	grid := plotter.NewGrid()
	grid.Vertical.Width = 0
	grid.Horizontal.Color, grid.Horizontal.Width, grid.Horizontal.Dashes = line, 0.6, nil
	p.Add(grid)
	if c.Lines {
		return p, addLines(p, c)
	}
	return p, addBars(p, c)
}

func addBars(p *plot.Plot, c tagout.Chart) error {
	slot := (width - 2*margin - 30) / vg.Length(len(c.Categories))
	bar := min(slot*0.78/vg.Length(len(c.Series)), 22)
	for n, s := range c.Series {
		bars, err := plotter.NewBarChart(plotter.Values(s.Values), bar*0.9)
		if err != nil {
			return tagout.Errorf(tagout.Internal, "The bars of %q cannot be drawn: %w", c.Title, err)
		}
		bars.Color, bars.LineStyle.Width = tintOf(c, n), 0
		bars.Offset = (vg.Length(n) - vg.Length(len(c.Series)-1)/2) * bar
		p.Add(bars)
	}
	return nil
}

func addLines(p *plot.Plot, c tagout.Chart) error {
	for n, s := range c.Series {
		points := make(plotter.XYs, len(s.Values))
		for k, v := range s.Values {
			points[k].X, points[k].Y = float64(k), v
		}
		strokes, dots, err := plotter.NewLinePoints(points)
		if err != nil {
			return tagout.Errorf(tagout.Internal, "The lines of %q cannot be drawn: %w", c.Title, err)
		}
		strokes.Color, strokes.Width = tintOf(c, n), 1.6
		dots.Color, dots.Radius, dots.Shape = tintOf(c, n), 2.4, draw.CircleGlyph{}
		p.Add(strokes, dots)
	}
	return nil
}

// stepsTo are round steps from nothing to what covers a value: three to six of them.
func stepsTo(highest float64) []plot.Tick {
	if highest <= 0 {
		highest = 1
	}
	step := math.Pow(10, math.Floor(math.Log10(highest/4)))
	for _, factor := range []float64{1, 2, 5, 10} {
		if factor*step >= highest/4 {
			step *= factor
			break
		}
	}
	if highest <= 4 && highest == math.Trunc(highest) {
		step = 1 // what is counted has no halves
	}
	var ticks []plot.Tick
	for n := 0; ; n++ {
		at := float64(n) * step
		ticks = append(ticks, plot.Tick{Value: at, Label: strconv.FormatFloat(at, 'f', -1, 64)})
		if at >= highest*(1-1e-9) {
			return ticks
		}
	}
}

// named are the categories, as many as have room to be read.
func named(categories []string) []plot.Tick {
	longest := 1
	for _, c := range categories {
		longest = max(longest, len([]rune(c)))
	}
	room := max(2, 52/(longest+1))
	every := (len(categories) + room - 1) / room
	var ticks []plot.Tick
	for n, c := range categories {
		if (len(categories)-1-n)%every == 0 { // the newest one always
			ticks = append(ticks, plot.Tick{Value: float64(n), Label: plain(c)})
		}
	}
	return ticks
}

// plain leaves out what the font cannot show, so that nothing but letters is drawn.
func plain(text string) string {
	out := []rune(text)
	for n, r := range out {
		if r < ' ' || r > 0x24ff {
			out[n] = '?'
		}
	}
	return string(out)
}
