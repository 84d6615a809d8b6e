package verdict

import "encoding/json"

// JSON is the report as a document, which docs/report.schema.json describes.
func JSON(r *Report) ([]byte, error) {
	text, err := json.MarshalIndent(r, "", " ")
	return append(text, '\n'), err
}
