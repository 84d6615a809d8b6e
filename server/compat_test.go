package server

import "testing"

func TestCompatHidesWhatCameLaterAndReportsTheRelease(t *testing.T) {
	for _, test := range []struct{ release, version, setinfo, hexpire string }{
		{"", "7.2.6", "1", "1"},
		{"7.0", "7.0.15", "0", "0"},
		{"7.2", "7.2.6", "1", "0"},
		{"7.4", "7.4.1", "1", "1"},
	} {
		cfg := quiet(t)
		cfg.Compat = test.release
		s := New(Options{Config: cfg})
		if s.compat != test.version {
			t.Errorf("compat %q reports %s, want %s", test.release, s.compat, test.version)
		}
		for name, want := range map[string]string{"client|setinfo": test.setinfo, "hexpire": test.hexpire} {
			got := "0"
			for r := range allRows(s.commands) {
				if r.FullName == name {
					got = "1"
				}
			}
			if got != want {
				t.Errorf("compat %q: has %s %s, want %s", test.release, name, got, want)
			}
		}
	}
}
