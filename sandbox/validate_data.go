package sandbox

import "encoding/json"

// table checks a table block: 100 rows of 20 cells.
func table(n node) {
	n.object("type", "block_id", "rows", "column_settings")
	n.require("rows")
	n.get("rows").items(1, 100, func(row node) {
		row.items(1, 20, tableCell)
	})
	n.get("column_settings").items(0, 20, func(column node) {
		if column.missing() {
			return
		}
		column.object("align", "is_wrapped")
		column.get("align").oneOf("left", "center", "right")
		column.get("is_wrapped").boolean()
	})
}

func tableCell(n node) {
	switch n.kind() {
	case "raw_text":
		n.object("type", "text")
		n.require("text")
		n.get("text").text(1, 3000)
	case "raw_number":
		n.object("type", "value", "text")
		n.require("value")
	case "rich_text":
		n.object("type", "elements")
		n.require("elements")
		n.get("elements").items(0, 1000, richText)
	default:
		n.fail("unsupported type: %s", n.kind())
	}
}

// chart checks a data_visualization block.
func chart(n node) {
	n.object("type", "block_id", "title", "chart")
	n.require("title", "chart")
	n.get("title").text(1, 50)
	body := n.get("chart")
	switch body.kind() {
	case "pie":
		body.object("type", "segments")
		body.require("segments")
		body.get("segments").items(1, 6, func(s node) {
			point(s)
			if number(s.get("value").v) <= 0 {
				s.get("value").fail("must be more than 0")
			}
		})
	case "bar", "area", "line":
		seriesChart(body)
	default:
		body.fail("unsupported type: %s", body.kind())
	}
}

func seriesChart(n node) {
	n.object("type", "series", "axis_config")
	n.require("series", "axis_config")
	axis := n.get("axis_config")
	axis.object("categories", "x_label", "y_label")
	axis.get("x_label").text(0, 50)
	axis.get("y_label").text(0, 50)
	categories := map[string]bool{}
	axis.require("categories")
	axis.get("categories").items(1, 20, func(c node) {
		c.text(1, 20)
		unique(c, categories)
	})
	names := map[string]bool{}
	n.get("series").items(1, 6, func(s node) {
		s.object("name", "data")
		s.require("name", "data")
		s.get("name").text(1, 20)
		unique(s.get("name"), names)
		seriesData(s.get("data"), categories)
	})
}

// seriesData checks that a series has one point for every category.
func seriesData(n node, categories map[string]bool) {
	labels := map[string]bool{}
	n.items(1, 20, func(p node) {
		point(p)
		label := p.get("label")
		unique(label, labels)
		if text, _ := label.v.(string); !categories[text] {
			label.fail("must be one of the categories")
		}
	})
	if len(labels) != len(categories) {
		n.fail("must have one point for every category")
	}
}

func point(n node) {
	n.object("label", "value")
	n.require("label", "value")
	n.get("label").text(1, 20)
	switch n.get("value").v.(type) {
	case json.Number, float64, nil:
	default:
		n.get("value").fail("must be a number")
	}
}

func unique(n node, seen map[string]bool) {
	text, ok := n.v.(string)
	if !ok {
		return
	}
	if seen[text] {
		n.fail("%q is used twice", text)
	}
	seen[text] = true
}

func number(v any) float64 {
	switch n := v.(type) {
	case json.Number:
		f, _ := n.Float64()
		return f
	case float64:
		return n
	}
	return 0
}
