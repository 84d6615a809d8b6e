package verdict

import (
	"encoding/xml"
	"fmt"
	"slices"
)

type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Skipped  int          `xml:"skipped,attr"`
	Time     string       `xml:"time,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Time     string      `xml:"time,attr"`
	Cases    []junitCase `xml:"testcase"`

	seconds float64
}

type junitCase struct {
	Name      string        `xml:"name,attr"`
	ClassName string        `xml:"classname,attr"`
	Time      string        `xml:"time,attr"`
	Failure   *junitMessage `xml:"failure"`
	Skipped   *junitMessage `xml:"skipped"`
}

type junitMessage struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",chardata"`
}

// JUnit is the report as JUnit XML: one suite for each file of the corpus. Failures that
// are known stand as skipped, with their reason.
func JUnit(r *Report) ([]byte, error) {
	all := junitSuites{Name: r.Server.String(), Time: seconds(r.Seconds)}
	for i := range r.Checks {
		c := &r.Checks[i]
		at := slices.IndexFunc(all.Suites, func(s junitSuite) bool { return s.Name == suiteOf(c) })
		if at < 0 {
			all.Suites = append(all.Suites, junitSuite{Name: suiteOf(c)})
			at = len(all.Suites) - 1
		}
		all.Suites[at].add(c)
	}
	for i := range all.Suites {
		s := &all.Suites[i]
		s.Time = seconds(s.seconds)
		all.Tests, all.Failures, all.Skipped = all.Tests+s.Tests, all.Failures+s.Failures, all.Skipped+s.Skipped
	}
	text, err := xml.MarshalIndent(all, "", " ")
	return append([]byte(xml.Header), append(text, '\n')...), err
}

func suiteOf(c *Check) string {
	if c.Group == "rdb" {
		return "rdb"
	}
	return c.File
}

func (s *junitSuite) add(c *Check) {
	out := junitCase{Name: fmt.Sprintf("%s, RESP%d", c.Case, c.Protocol), ClassName: suiteOf(c), Time: seconds(c.Seconds)}
	if c.Group == "rdb" {
		out.Name = c.ID
	}
	switch {
	case c.Verdict == Skipped:
		out.Skipped = &junitMessage{Message: c.Reason}
	case c.Failed() && c.Known != "":
		out.Skipped = &junitMessage{Message: "known: " + c.Known}
	case c.Failed():
		out.Failure = &junitMessage{Message: string(c.Verdict) + ": " + firstLines(c.Reason, 1), Type: string(c.Verdict), Text: Block(c, "")}
	}
	s.Tests++
	s.seconds += c.Seconds
	if out.Failure != nil {
		s.Failures++
	}
	if out.Skipped != nil {
		s.Skipped++
	}
	s.Cases = append(s.Cases, out)
}

func seconds(s float64) string { return fmt.Sprintf("%.3f", s) }
