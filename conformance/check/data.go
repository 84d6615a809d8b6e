package check

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"respect/conformance/resp"
	"respect/conformance/target"
	"respect/conformance/verdict"
	"respect/fixtures"
)

// dataTypes are the types of values that are compared.
var dataTypes = []string{"string", "list", "set", "hash", "zset"}

// dataChecks are the checks that a server serves what a data file holds.
func dataChecks() []*Check {
	var out []*Check
	for _, m := range fixtures.List() {
		if m.RDBPath == "" || !m.HoldsOnly(dataTypes...) {
			continue
		}
		out = append(out, &Check{ID: "rdb/" + m.Name(), Group: "rdb", Protocol: 2, Data: &m,
			Labels: []string{"group:rdb", "proto:2", fmt.Sprintf("rdb:%d", m.RDBVersion), "needs:persistence"}})
	}
	return out
}

// lastVersion is the newest format that servers of the release read.
func lastVersion(r target.Release) int {
	switch {
	case r.Less(target.Release{Major: 7}):
		return 9
	case r.Less(target.Release{Major: 7, Minor: 2}):
		return 10
	case r.Less(target.Release{Major: 7, Minor: 4}):
		return 11
	}
	return 12
}

// judgeOf names the real server that the one under test is compared with.
func judgeOf(m *fixtures.Manifest) string {
	if m.RDBVersion > 11 {
		return "redis-7.4.1"
	}
	return "redis-7.2.6"
}

// load starts a server with the file and compares what it serves.
func (w *worker) load(ctx context.Context, c *Check, v *verdict.Check) {
	m := c.Data
	databases, loads := m.LoadedBy(judgeOf(m))
	switch last := lastVersion(w.study.Info.Release); {
	case !w.servers.Template.Has("{dir}"):
		v.Verdict, v.Reason = verdict.Skipped, "the template has no {dir} for the data file"
		return
	case m.RDBVersion > last:
		v.Verdict, v.Reason = verdict.Skipped, fmt.Sprintf("release %v reads files up to version %d", w.study.Info.Release, last)
		return
	case !loads:
		v.Verdict, v.Reason = verdict.Skipped, "real servers refuse this file"
		return
	}
	data, err := m.Load()
	if err != nil {
		v.Verdict, v.Reason = verdict.Wrong, err.Error()
		return
	}
	t, err := w.servers.start(ctx, data)
	if err != nil {
		v.Verdict, v.Reason = verdict.Wrong, "the server does not start with the file: "+firstLine(err)
		return
	}
	defer t.Close()
	v.Verdict = verdict.Passed
	if f := compareData(ctx, t, databases); f != nil {
		v.Verdict, v.Reason = verdict.Wrong, "the server does not serve what the file holds"
		if f.unknown != "" {
			v.Verdict, v.Reason, v.Command = verdict.Missing, strings.ToUpper(f.unknown), f.unknown
		}
		v.Failure = &f.Failure
	}
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

// dataFailure is a failure, and the command that the server does not have if it is for that.
type dataFailure struct {
	verdict.Failure
	unknown string
}

// reader reads values of a server for comparison.
type reader struct {
	*target.Session
	step    string // the last request
	unknown string
}

var errReply = errors.New("unexpected reply")

func (r *reader) ask(words ...string) (resp.Value, error) {
	r.step = "> " + strings.Join(words, " ")
	v, err := r.Ask(words...)
	if err == nil && v.Type == resp.Error {
		if target.IsUnknownCommand(&v) {
			r.unknown = strings.ToLower(words[0])
		}
		err = fmt.Errorf("%w: %s", errReply, v.Text)
	}
	return v, err
}

// compareData returns the first difference, nil if there is none.
func compareData(ctx context.Context, t *target.Target, databases map[int][]fixtures.Key) *dataFailure {
	s, err := t.Open(ctx, 0)
	if err != nil {
		return &dataFailure{Failure: verdict.Failure{Step: "open", Got: err.Error()}}
	}
	defer s.Close()
	r := &reader{Session: s}
	selected := 0
	for db, keys := range databases {
		if db != selected {
			if _, err := r.ask("SELECT", strconv.Itoa(db)); err != nil {
				return r.failed("+\"OK\"", err)
			}
			selected = db
		}
		for i := range keys {
			if f := r.compareKey(&keys[i]); f != nil {
				return f
			}
		}
		v, err := r.ask("KEYS", "*")
		if err != nil {
			return r.failed(fmt.Sprintf("*%d", len(keys)), err)
		}
		if len(v.Elems) != len(keys) {
			return r.differs(fmt.Sprintf("*%d", len(keys)), fmt.Sprintf("*%d", len(v.Elems)))
		}
	}
	return nil
}

func (r *reader) failed(want string, err error) *dataFailure {
	return &dataFailure{Failure: verdict.Failure{Step: r.step, Want: want, Got: err.Error()}, unknown: r.unknown}
}

func (r *reader) differs(want, got string) *dataFailure {
	return &dataFailure{Failure: verdict.Failure{Step: r.step, Want: want, Got: got}}
}

func (r *reader) compareKey(k *fixtures.Key) *dataFailure {
	want, err := contents(k)
	if err != nil {
		return r.failed("", err)
	}
	got, err := r.read(string(k.Key), k.Type)
	if err != nil {
		return r.failed(lines(want), err)
	}
	if !slices.Equal(want, got) {
		return r.differs(lines(want), lines(got))
	}
	if !k.Expire.Set {
		return nil
	}
	command, at := "PEXPIRETIME", strconv.FormatInt(k.Expire.AtMs, 10)
	v, err := r.ask(command, string(k.Key))
	if err != nil {
		return r.failed(":"+at, err)
	}
	if string(v.Text) != at {
		return r.differs(":"+at, ":"+string(v.Text))
	}
	return nil
}

// contents are the elements of the value in the manifest.
func contents(k *fixtures.Key) ([]string, error) {
	switch k.Type {
	case "string":
		text, err := k.Value.Text()
		return []string{text}, err
	case "list", "set":
		out, err := k.Value.List()
		if k.Type == "set" {
			slices.Sort(out)
		}
		return out, err
	}
	pairs, err := k.Value.Pairs()
	out := make([]string, len(pairs))
	for i, p := range pairs {
		if out[i] = p.Name + " = " + p.Value; k.Type == "zset" {
			out[i] = scored(p.Name, p.Value)
		}
	}
	slices.Sort(out)
	return out, err
}

// scored is a member with its score as a number: releases write the same one in several ways.
func scored(member, score string) string {
	f, err := strconv.ParseFloat(score, 64)
	if err != nil {
		return member + " = " + score
	}
	return fmt.Sprintf("%s = %v", member, f+0)
}

// read reads the elements of the value.
func (r *reader) read(key, kind string) ([]string, error) {
	requests := map[string][]string{
		"string": {"GET", key}, "list": {"LRANGE", key, "0", "-1"}, "set": {"SMEMBERS", key},
		"hash": {"HGETALL", key}, "zset": {"ZRANGE", key, "0", "-1", "WITHSCORES"},
	}
	v, err := r.ask(requests[kind]...)
	if err != nil {
		return nil, err
	}
	if kind == "string" {
		if v.IsNull {
			return nil, nil
		}
		return []string{string(v.Text)}, nil
	}
	out := []string{}
	for i := 0; i < len(v.Elems); i++ {
		text := string(v.Elems[i].Text)
		if (kind == "hash" || kind == "zset") && i+1 < len(v.Elems) {
			i++
			if value := string(v.Elems[i].Text); kind == "zset" {
				text = scored(text, value)
			} else {
				text += " = " + value
			}
		}
		out = append(out, text)
	}
	if kind != "list" {
		slices.Sort(out)
	}
	return out, nil
}

// lines shows elements one below the other, quoted.
func lines(elems []string) string {
	var b strings.Builder
	for _, e := range elems {
		if b.Len() > maxReply {
			b.WriteString("…\n")
			break
		}
		fmt.Fprintf(&b, "%.200q\n", e)
	}
	return strings.TrimSuffix(b.String(), "\n")
}
