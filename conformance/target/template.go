package target

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Template is the command line that starts a server, with places to fill in.
//
//	{port}        a free port of the loopback interface
//	{host}        its address
//	{dir}         a new directory of the server's own
//	{dbfilename}  the name of the data file in it
//	{params}      parameters as "--name value", for cases that need some
//	{config}      a file with these parameters, in the form of redis.conf; no word without any
type Template struct {
	words []string
}

// DataFile is the name of the data file that a started server finds in its directory.
const DataFile = "dump.rdb"

// Shorthands are the templates of servers that are known by name.
var Shorthands = map[string]string{
	Redis:  `redis-server {config} ` + likeRedis,
	Valkey: `valkey-server {config} ` + likeRedis,
}

const likeRedis = `--port {port} --bind {host} --dir {dir} --save "" --enable-debug-command yes`

// ParseTemplate reads a command line, in which words may stand between single or double
// quotes, or one of the Shorthands.
func ParseTemplate(line string) (*Template, error) {
	if t, ok := Shorthands[line]; ok {
		line = t
	}
	words, err := splitWords(line)
	if err != nil {
		return nil, err
	}
	t := &Template{words: words}
	switch {
	case len(words) == 0:
		return nil, errors.New("the command line of the server is empty")
	case !t.Has("{port}"):
		return nil, fmt.Errorf("%q has no {port}: the port of the server must be given to it", line)
	}
	return t, nil
}

// splitWords splits a line at its blanks, except between quotes.
func splitWords(line string) ([]string, error) {
	var words []string
	var word strings.Builder
	var quote rune
	begun := false
	for _, r := range line {
		switch {
		case quote == 0 && (r == '"' || r == '\''):
			quote, begun = r, true
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == ' ' || r == '\t' || r == '\n'):
			if begun {
				words = append(words, word.String())
				word.Reset()
			}
			begun = false
		default:
			word.WriteRune(r)
			begun = true
		}
	}
	if quote != 0 {
		return nil, fmt.Errorf("a quote is not closed in %q", line)
	}
	if begun {
		words = append(words, word.String())
	}
	return words, nil
}

// Has tells whether the template has the place, such as "{dir}".
func (t *Template) Has(place string) bool {
	return slices.ContainsFunc(t.words, func(w string) bool { return strings.Contains(w, place) })
}

// fill is the command line for a server. A parameter takes the place of the same one in the template.
func (t *Template) fill(host, port, dir string, params []Param) []string {
	places := strings.NewReplacer("{port}", port, "{host}", host, "{dir}", dir, "{dbfilename}", DataFile)
	var out []string
	replaced := false
	for _, w := range t.words {
		if name, ok := strings.CutPrefix(w, "--"); ok {
			replaced = slices.ContainsFunc(params, func(p Param) bool { return p.Name == name })
		}
		switch {
		case w == "{config}" && len(params) > 0:
			out = append(out, filepath.Join(dir, configFile))
		case w == "{config}":
		case w == "{params}":
			for _, p := range params {
				out = append(out, "--"+p.Name, p.Value)
			}
		case !replaced:
			out = append(out, places.Replace(w))
		}
	}
	return out
}

// TakesParams tells whether servers can be given parameters.
func (t *Template) TakesParams() bool { return t.Has("{params}") || t.Has("{config}") }

// Start starts a server and returns it as soon as it answers. It finds the data in its
// directory, if there are any.
func (t *Template) Start(ctx context.Context, data []byte, params ...Param) (*Target, error) {
	path, err := exec.LookPath(t.words[0])
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.words[0], ErrNotInstalled)
	}
	if path, err = filepath.Abs(path); err != nil {
		return nil, err
	}
	return tryPorts(func(addr string) (*Target, error) {
		dir, err := os.MkdirTemp("", "conformance-")
		if err != nil {
			return nil, err
		}
		target, err := t.startIn(ctx, path, dir, addr, data, params)
		if err != nil {
			err = errors.Join(err, os.RemoveAll(dir))
		}
		return target, err
	})
}

func (t *Template) startIn(ctx context.Context, path, dir, addr string, data []byte, params []Param) (*Target, error) {
	if data != nil {
		if err := os.WriteFile(filepath.Join(dir, DataFile), data, 0o600); err != nil {
			return nil, err
		}
	}
	if t.Has("{config}") && len(params) > 0 {
		if err := os.WriteFile(filepath.Join(dir, configFile), configText(params), 0o644); err != nil {
			return nil, err
		}
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	return launchAt(ctx, addr, dir, path, t.fill(host, port, dir, params)[1:], params, false)
}
