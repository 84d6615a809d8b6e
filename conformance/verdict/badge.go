package verdict

import (
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

// badgeLabel stands on the left side of a badge.
const badgeLabel = "redis conformance"

// badgeText is the share of checks that passed, with the denominator.
func badgeText(s Score) string {
	return fmt.Sprintf("%s of %d", Percent(s.Passed, s.Total()), s.Total())
}

// badgeColour goes from green to red.
func badgeColour(s Score) (name, code string) {
	switch {
	case s.Total() == 0:
		return "lightgrey", "#9f9f9f"
	case s.Passed == s.Total():
		return "brightgreen", "#2c8a2c"
	case s.Passed*100 >= s.Total()*95:
		return "green", "#5a8a1e"
	case s.Passed*100 >= s.Total()*75:
		return "yellow", "#a07d12"
	case s.Passed*100 >= s.Total()*50:
		return "orange", "#b3591b"
	}
	return "red", "#b3372b"
}

// Shield is the badge as the JSON that an endpoint of shields.io returns.
func Shield(r *Report) ([]byte, error) {
	name, _ := badgeColour(r.Score)
	text, err := json.Marshal(map[string]any{"schemaVersion": 1, "label": badgeLabel, "message": badgeText(r.Score), "color": name})
	return append(text, '\n'), err
}

// Badge is the badge as SVG.
func Badge(r *Report) ([]byte, error) {
	const padding, height = 12, 20
	glyph := 6.6
	text := badgeText(r.Score)
	_, colour := badgeColour(r.Score)
	left := int(glyph*float64(len(badgeLabel))) + padding
	right := int(glyph*float64(utf8.RuneCountInString(text))) + padding
	return fmt.Appendf(nil, `<svg xmlns="http://www.w3.org/2000/svg" width="%[1]d" height="%[2]d" role="img" aria-label="%[3]s: %[4]s">
<title>%[3]s: %[4]s</title>
<clipPath id="r"><rect width="%[1]d" height="%[2]d" rx="3"/></clipPath>
<g clip-path="url(#r)"><rect width="%[5]d" height="%[2]d" fill="#444"/><rect x="%[5]d" width="%[6]d" height="%[2]d" fill="%[7]s"/></g>
<g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">
<text x="%[8]d" y="14">%[3]s</text><text x="%[9]d" y="14">%[4]s</text></g>
</svg>
`, left+right, height, badgeLabel, html(text), left, right, colour, left/2, left+right/2), nil
}
