package check

import (
	"testing"

	"respect/conformance/verdict"
)

func TestCasesThatCannotBeSetUpAreNotImplemented(t *testing.T) {
	servers, study := connect(t, startToy(t, nil), true)
	out := play(t, servers, study, "=== a\nconfig: requirepass secret\n> PING\n-\"NOAUTH Authentication required.\"\n")
	if out[0].Verdict != verdict.Missing || out[0].Reason != "CONFIG SET" {
		t.Errorf("a server without CONFIG: %s, %s", out[0].Verdict, out[0].Reason)
	}
	servers, study = connect(t, startToy(t, func(words []string) string {
		if words[0] != "CONFIG" {
			return ""
		}
		if words[1] == "SET" {
			return "-ERR no such parameter\r\n"
		}
		return "*2\r\n$9\r\nmaxmemory\r\n$1\r\n0\r\n"
	}), true)
	out = play(t, servers, study, "=== a\nconfig: requirepass secret\n> PING\n-\"NOAUTH Authentication required.\"\n")
	if out[0].Verdict != verdict.Missing || out[0].Reason != "CONFIG SET requirepass" {
		t.Errorf("a server without the parameter: %s, %s", out[0].Verdict, out[0].Reason)
	}
}
