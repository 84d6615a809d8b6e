package command

import (
	"fmt"
	"strconv"
	"strings"
)

// A Version is a release, comparable as a number:
//
//	bits  31..16   15..8   7..0
//	      major    minor   patch
//
// The zero Version is "none".
type Version uint32

// ParseVersion reads "7.2.6" or "7.2". Major is at most 65535, the others 255.
func ParseVersion(s string) (Version, error) {
	parts := strings.Split(s, ".")
	if len(parts) < 2 || len(parts) > 3 {
		return 0, fmt.Errorf("command: %q is not a version", s)
	}
	if len(parts) == 2 {
		parts = append(parts, "0")
	}
	var v Version
	for i, bits := range [3]int{16, 8, 8} {
		n, err := strconv.ParseUint(parts[i], 10, bits)
		if err != nil {
			return 0, fmt.Errorf("command: %q is not a version", s)
		}
		v = v<<8 | Version(n)
	}
	return v, nil
}

func (v Version) String() string {
	return fmt.Sprintf("%d.%d.%d", v>>16, v>>8&0xff, v&0xff)
}

// Has tells whether a server of release v has what came with the release since.
// Patches do not matter: commands come with new minor releases.
func (v Version) Has(since Version) bool { return v>>8 >= since>>8 }
