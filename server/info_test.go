package server

import (
	"bufio"
	"bytes"
	"io/fs"
	"strings"
	"testing"

	"respect/fixtures"
	"respect/protocol"
)

// untold are the fields of the reference that the server leaves out.
var untold = map[string]string{
	"redis_build_id":   "there is no such number",
	"atomicvar_api":    "nothing of that kind is chosen when it is built",
	"gcc_version":      "it is not compiled by gcc",
	"listener0":        "this one does not listen",
	"multiplexing_api": "this one does not listen",

	"expire_cycle_cpu_milliseconds":          "there is no cycle",
	"io_threaded_reads_processed":            "loops are not told apart",
	"io_threaded_writes_processed":           "loops are not told apart",
	"reply_buffer_shrinks":                   "reply buffers belong to the loop",
	"reply_buffer_expands":                   "reply buffers belong to the loop",
	"eventloop_duration_sum":                 "the loop does not time itself",
	"eventloop_duration_cmd_sum":             "the loop does not time itself",
	"instantaneous_eventloop_cycles_per_sec": "the loop does not time itself",
	"instantaneous_eventloop_duration_usec":  "the loop does not time itself",
	"used_cpu_sys_main_thread":               "there is no main thread",
	"used_cpu_user_main_thread":              "there is no main thread",
}

func TestInfoTellsWhatTheReferenceTells(t *testing.T) {
	c := session(t)
	c.exchange(protocol.AppendRequest(nil, "GET", "k"), nil)
	reply := string(c.exchange(protocol.AppendRequest(nil, "INFO", "everything"), nil))
	list, err := fs.ReadFile(fixtures.Reference(), "redis-7.2.6/info-fields.txt")
	if err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(bytes.NewReader(list)); lines.Scan(); {
		field := lines.Text()
		_, left := untold[field]
		perCommand := strings.HasPrefix(field, "cmdstat_") || strings.HasPrefix(field, "latency_percentiles_")
		switch {
		case perCommand || left:
		case strings.HasPrefix(field, "# "):
			if !strings.Contains(reply, field+"\r\n") {
				t.Errorf("no section %s", field)
			}
		case !strings.Contains(reply, "\n"+field+":"):
			t.Errorf("no field %s", field)
		}
	}
	for _, field := range []string{"cmdstat_get:calls=1,", "latency_percentiles_usec_get:p50="} {
		if !strings.Contains(reply, "\n"+field) {
			t.Errorf("no %s", field)
		}
	}
}
