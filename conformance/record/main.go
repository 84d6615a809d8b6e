// Command record fills the replies of the real servers into transcripts.
//
//	go run ./conformance/record [-dir fixtures/transcripts] [-check] [-servers redis,valkey] [pattern ...]
//
// It plays each file on redis-server and valkey-server, which must be
// installed, or on the servers that are named, each by redis, valkey or the
// absolute path of its program, in both protocols, and writes what they answer
// into the file. A
// pattern is a path below the directory, such as string/set.txt, or a part of
// one; without patterns all files are recorded. With -check no file is written.
//
// Exit status: 0 if all is well, 1 if an author has to solve something, or if
// -check found a file that would change, 2 if nothing could be recorded.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"strings"

	"respect/conformance/target"
	"respect/conformance/transcript"
)

func main() {
	dir := flag.String("dir", filepath.Join("fixtures", "transcripts"), "directory of the transcripts")
	check := flag.Bool("check", false, "write nothing, tell what would change")
	servers := flag.String("servers", target.Redis+","+target.Valkey, "what to record from: redis, valkey, absolute paths of programs")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ok, err := run(ctx, *dir, *check, strings.Split(*servers, ","), flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, "record:", err)
		os.Exit(2)
	}
	if !ok {
		os.Exit(1)
	}
}

func run(ctx context.Context, dir string, check bool, kinds, patterns []string) (ok bool, err error) {
	paths, err := find(dir, patterns)
	if err != nil {
		return false, err
	}
	var servers []*target.Target
	defer func() {
		for _, t := range servers {
			err = errors.Join(err, t.Close())
		}
	}()
	for _, kind := range kinds {
		t, err := target.Start(ctx, kind)
		if err != nil {
			return false, err
		}
		servers = append(servers, t)
	}
	recorder, err := transcript.NewRecorder(ctx, servers...)
	if err != nil {
		return false, err
	}
	ok = true
	for _, path := range paths {
		good, err := recordFile(ctx, recorder, dir, path, check)
		if err != nil {
			fmt.Println(err)
		}
		ok = ok && good && err == nil
	}
	return ok, recorder.Close()
}

// find lists the transcripts whose path below dir contains one of the patterns.
func find(dir string, patterns []string) ([]string, error) {
	var out []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".txt" {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err == nil && matches(filepath.ToSlash(rel), patterns) {
			out = append(out, filepath.ToSlash(rel))
		}
		return err
	})
	if err == nil && len(out) == 0 {
		err = fmt.Errorf("no transcript in %s matches %q", dir, patterns)
	}
	return out, err
}

func matches(path string, patterns []string) bool {
	for _, p := range patterns {
		if strings.Contains(path, filepath.ToSlash(p)) {
			return true
		}
	}
	return len(patterns) == 0
}

func recordFile(ctx context.Context, r *transcript.Recorder, dir, rel string, check bool) (bool, error) {
	path := filepath.Join(dir, filepath.FromSlash(rel))
	text, err := os.ReadFile(path)
	if err != nil {
		return false, err
	}
	f, err := transcript.Parse(rel, text)
	if err != nil {
		return false, err
	}
	recorded, problems, err := r.Record(ctx, f)
	if err != nil {
		return false, err
	}
	for _, p := range problems {
		fmt.Println(p)
	}
	ok := len(problems) == 0
	out := transcript.Print(recorded)
	switch {
	case bytes.Equal(out, text):
		fmt.Printf("%s: unchanged\n", rel)
		return ok, nil
	case check:
		fmt.Printf("%s: would change: %s\n", rel, firstChange(text, out))
		return false, nil
	}
	fmt.Printf("%s: recorded\n", rel)
	return ok, os.WriteFile(path, out, 0o644)
}

// firstChange shows the first line that is not the same.
func firstChange(old, new []byte) string {
	a, b := strings.Split(string(old), "\n"), strings.Split(string(new), "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return fmt.Sprintf("line %d: %q becomes %q", i+1, a[i], b[i])
		}
	}
	return fmt.Sprintf("from line %d on", min(len(a), len(b))+1)
}
