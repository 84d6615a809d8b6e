package config

import (
	"errors"
	"io/fs"
	"strings"
	"syscall"
)

// This file holds what single texts have to satisfy, beyond being a text.

// fileName returns a check for a name that stands in the server's directory.
func fileName(name, kind string, emptyAllowed bool) func(string) error {
	return func(s string) error {
		if s == "" && !emptyAllowed {
			return reason(name + " can't be empty")
		}
		if strings.ContainsAny(s, `/\`) {
			return reason(name + " can't be a path, just a " + kind)
		}
		return nil
	}
}

// hostname checks the characters and the length of a host name.
func hostname(s string) error {
	if len(s) >= 256 {
		return reason("Hostnames must be less than 256 characters")
	}
	for _, c := range []byte(s) {
		letter := 'a' <= c|0x20 && c|0x20 <= 'z'
		digit := '0' <= c && c <= '9'
		if !letter && !digit && c != '-' && c != '.' {
			return reason("Hostnames may only contain alphanumeric characters, hyphens or dots")
		}
	}
	return nil
}

// nodename checks the name that a cluster node shows to people.
func nodename(s string) error {
	for _, c := range []byte(s) {
		if c <= ' ' && c != ' ' || strings.IndexByte(`!#$%&()*+:;<>?@[]^{|}~`, c) >= 0 {
			return reason("Announced human node name contained invalid character")
		}
	}
	return nil
}

// titleTemplate checks that braces hold known variables only, and that something
// is left when those that may be empty are.
func titleTemplate(s string) error {
	bad := reason("template format is invalid or contains unknown variables")
	var shown strings.Builder
	for rest, found := s, true; found; {
		var before, name string
		before, rest, found = strings.Cut(rest, "{")
		shown.WriteString(before)
		if !found {
			break
		}
		if literal, isBrace := strings.CutPrefix(rest, "{"); isBrace {
			shown.WriteByte('{')
			rest = literal
			continue
		}
		var closed bool
		name, rest, closed = strings.Cut(rest, "}")
		switch {
		case !closed:
			return bad
		case name == "title", name == "unixsocket", name == "config-file":
		case name == "listen-addr", name == "server-mode", name == "port", name == "tls-port":
			shown.WriteString(name)
		default:
			return bad
		}
	}
	if strings.TrimLeft(shown.String(), " \t\r\n\x00") == "" {
		return bad
	}
	return nil
}

// collation accepts the locales that exist everywhere; this server compares
// bytes.
func collation(s string) error {
	if s != "" && s != "C" && s != "POSIX" {
		return reason("Invalid locale name")
	}
	return nil
}

// errNotExist is what systemError makes of a file that is not there.
var errNotExist = reason("No such file or directory")

// systemError turns the error of a file operation into the C library's text.
func systemError(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return errNotExist
	case errors.Is(err, fs.ErrPermission):
		return reason("Permission denied")
	case errors.Is(err, syscall.ENOTDIR):
		return reason("Not a directory")
	case errors.Is(err, syscall.EISDIR):
		return reason("Is a directory")
	}
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
