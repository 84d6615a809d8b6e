package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"respect/conformance/check"
	"respect/conformance/verdict"
)

// write writes the report in each form that was asked for.
func write(o *options, r *verdict.Report) error {
	for _, out := range []struct {
		file   string
		encode func(*verdict.Report) ([]byte, error)
	}{
		{o.json, verdict.JSON},
		{o.junit, verdict.JUnit},
		{o.markdown, verdict.Markdown},
		{o.html, func(r *verdict.Report) ([]byte, error) { return verdict.HTML(r) }},
		{o.badge, verdict.Badge},
		{o.shield, verdict.Shield},
	} {
		if out.file == "" {
			continue
		}
		text, err := out.encode(r)
		if err == nil {
			err = os.WriteFile(out.file, text, 0o644)
		}
		if err != nil {
			return err
		}
	}
	if o.writeKnown != "" {
		return check.Write(o.writeKnown, r)
	}
	return nil
}

// combine writes pages that show reports side by side which were written as JSON before.
func combine(o *options) error {
	if o.html == "" && o.markdown == "" {
		return errors.New("reports are given, but neither -html nor -markdown for what is made of them")
	}
	var reports []*verdict.Report
	for _, file := range o.reports {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		r := &verdict.Report{}
		if err := json.Unmarshal(text, r); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		if r.Format != verdict.FormatVersion {
			return fmt.Errorf("%s: format %d, want %d", file, r.Format, verdict.FormatVersion)
		}
		reports = append(reports, r)
	}
	if o.html != "" {
		text, err := verdict.HTML(reports...)
		if err == nil {
			err = os.WriteFile(o.html, text, 0o644)
		}
		if err != nil {
			return err
		}
	}
	if o.markdown != "" {
		return os.WriteFile(o.markdown, verdict.Comparison(reports), 0o644)
	}
	return nil
}
