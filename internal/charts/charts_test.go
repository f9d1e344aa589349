package charts_test

import (
	"bytes"
	"image/png"
	"os"
	"testing"

	"tagout"
	"tagout/internal/charts"
)

func sample() []tagout.Chart {
	weeks := []string{"5 Oct", "12 Oct", "19 Oct", "26 Oct", "2 Nov", "9 Nov", "16 Nov", "23 Nov"}
	return []tagout.Chart{
		{Title: "Incidents by week", Over: "weeks, by their first day", Categories: weeks, Series: []tagout.ChartSeries{
			{Name: "SEV-1", Tint: tagout.TintRed, Values: []float64{1, 0, 0, 2, 0, 1, 0, 1}},
			{Name: "SEV-2", Tint: tagout.TintAmber, Values: []float64{3, 2, 1, 4, 2, 3, 2, 1}},
			{Name: "SEV-3", Tint: tagout.TintBlue, Values: []float64{2, 5, 3, 6, 4, 2, 3, 2}},
		}},
		{Title: "Median time to …", Unit: "minutes", Over: "weeks, by their first day", Lines: true, Categories: weeks, Series: []tagout.ChartSeries{
			{Name: "detect", Tint: tagout.TintAmber, Values: []float64{1.5, 2, 3, 2.5, 1, 2, 4, 1.5}},
			{Name: "acknowledge", Tint: tagout.TintBlue, Values: []float64{6.5, 4, 5, 8, 4.5, 3, 3.5, 2}},
			{Name: "contain", Tint: tagout.TintViolet, Values: []float64{11, 9, 7, 14, 8, 6, 6.5, 4}},
		}},
	}
}

func TestChartsAreDrawnBelowEachOther(t *testing.T) {
	t.Parallel()
	one, err := charts.PNG(sample()[:1])
	if err != nil {
		t.Fatal(err)
	}
	two, err := charts.PNG(sample())
	if err != nil {
		t.Fatal(err)
	}
	if path := os.Getenv("CHARTS_PNG"); path != "" {
		_ = os.WriteFile(path, two, 0o600)
	}
	a, err := png.DecodeConfig(bytes.NewReader(one))
	if err != nil {
		t.Fatal(err)
	}
	b, err := png.DecodeConfig(bytes.NewReader(two))
	if err != nil || a.Width != 1080 || b.Width != a.Width || b.Height != 2*a.Height {
		t.Errorf("%+v, %+v, %v", a, b, err)
	}
	if len(two) > 200<<10 {
		t.Errorf("the picture has %d bytes", len(two))
	}
}

func TestWhatCannotBeDrawnIsRefused(t *testing.T) {
	t.Parallel()
	if _, err := charts.PNG(nil); tagout.CodeOf(err) != tagout.Invalid {
		t.Error(err)
	}
	odd := sample()[:1]
	odd[0].Series[0].Values = odd[0].Series[0].Values[1:]
	if _, err := charts.PNG(odd); tagout.CodeOf(err) != tagout.Invalid {
		t.Error(err)
	}
}

func TestNothingAndStrangeLettersAreDrawnToo(t *testing.T) {
	t.Parallel()
	quiet := tagout.Chart{Title: "\x00 事故 🛑", Categories: []string{"a\nb"}, Series: []tagout.ChartSeries{{Name: "$\\alpha_{x}$", Values: []float64{0}}}}
	if _, err := charts.PNG([]tagout.Chart{quiet}); err != nil {
		t.Error(err)
	}
}
