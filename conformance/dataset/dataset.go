package dataset

import (
	"respect/conformance/target"
	"respect/fixtures"
)

var (
	release70 = target.Release{Major: 7}
	release72 = target.Release{Major: 7, Minor: 2}
	release74 = target.Release{Major: 7, Minor: 4}
)

// LastVersion is the newest format that servers of the release read.
func LastVersion(r target.Release) int {
	switch {
	case r.Less(release70):
		return 9
	case r.Less(release72):
		return 10
	case r.Less(release74):
		return 11
	}
	return 12
}

// Judge names the real server whose loading of the file a server like this should agree with.
func Judge(m *fixtures.Manifest, i target.Info) string {
	switch {
	case i.Flavour == target.Redis && m.Server == target.Redis && m.Version == i.Version:
		return m.Writer()
	case i.Flavour == target.Valkey:
		return "valkey-8.0.1"
	case m.RDBVersion > 11:
		return "redis-7.4.1"
	}
	return "redis-7.2.6"
}

// Encoding is the one that servers of the release have in place of that of 7.2: before it
// lists and sets were no listpacks.
func Encoding(kind, encoding string, r target.Release) string {
	switch {
	case !r.Less(release72):
		return encoding
	case kind == "list":
		return "quicklist"
	case kind == "set" && encoding == "listpack":
		return "hashtable"
	}
	return encoding
}
