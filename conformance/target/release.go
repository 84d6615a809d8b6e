package target

import (
	"fmt"
	"strconv"
	"strings"
)

// Release is a level of Redis compatibility, such as 7.2. The zero value
// stands for "none given".
type Release struct{ Major, Minor int }

// ParseRelease reads "7.2" or "7.2.4"; what follows the minor number is ignored.
func ParseRelease(s string) (Release, error) {
	major, rest, ok := strings.Cut(s, ".")
	minor, _, _ := strings.Cut(rest, ".")
	a, errA := strconv.ParseUint(major, 10, 16)
	b, errB := strconv.ParseUint(minor, 10, 16)
	if !ok || errA != nil || errB != nil {
		return Release{}, fmt.Errorf("release %q is not of the form 7.2", s)
	}
	return Release{int(a), int(b)}, nil
}

// Less compares as numbers: 8.4 is before 8.10.
func (r Release) Less(s Release) bool {
	return r.Major < s.Major || r.Major == s.Major && r.Minor < s.Minor
}

// IsZero reports whether no release was given.
func (r Release) IsZero() bool { return r == Release{} }

func (r Release) String() string { return fmt.Sprintf("%d.%d", r.Major, r.Minor) }
