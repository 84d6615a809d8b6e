package check

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"respect/conformance/dataset"
	"respect/conformance/resp"
	"respect/conformance/target"
	"respect/conformance/verdict"
	"respect/fixtures"
)

// dataTypes are the types of values that are compared.
var dataTypes = []string{"string", "list", "set", "hash", "zset", "stream"}

// dataChecks are the checks that a server serves what a data file holds: values and deadlines in
// one, encodings in another.
func dataChecks() []*Check {
	var out []*Check
	for _, m := range fixtures.List() {
		if m.RDBPath == "" || !m.HoldsOnly(dataTypes...) {
			continue
		}
		labels := []string{"group:rdb", "proto:2", fmt.Sprintf("rdb:%d", m.RDBVersion), "needs:persistence"}
		out = append(out, &Check{ID: "rdb/" + m.Name(), Group: "rdb", Protocol: 2, Data: &m, Labels: labels})
		if len(m.Databases) > 0 {
			out = append(out, &Check{ID: "rdb/" + m.Name() + ": encodings", Group: "rdb", Protocol: 2, Data: &m, Encodings: true,
				Commands: []string{"object|encoding"}, Labels: append(slices.Clone(labels), "encodings", "cmd:object-encoding")})
		}
	}
	return out
}

// load starts a server with the file and compares what it serves.
func (w *worker) load(ctx context.Context, c *Check, v *verdict.Check) {
	m, info := c.Data, w.study.Info
	judge := dataset.Judge(m, info)
	databases, loads := m.LoadedBy(judge)
	params := limits(m, judge)
	switch last := dataset.LastVersion(info.Release); {
	case !w.servers.Template.Has("{dir}"):
		v.Reason = "the template has no {dir} for the data file"
	case m.RDBVersion > last:
		v.Reason = fmt.Sprintf("release %v reads files up to version %d", info.Release, last)
	case !loads:
		v.Reason = "real servers refuse this file"
	case c.Encodings && len(params) > 0 && !w.servers.Template.TakesParams():
		v.Reason = "its encodings are those of a server with parameters; the template has no place for them"
	}
	if v.Reason != "" {
		v.Verdict = verdict.Skipped
		return
	}
	t, err := w.serving(ctx, m, params)
	if err != nil {
		v.Verdict, v.Reason = verdict.Wrong, "the server does not start with the file: "+firstLine(err)
		return
	}
	v.Verdict = verdict.Passed
	if f := compareData(ctx, t, databases, info.Release, c.Encodings); f != nil {
		v.Verdict, v.Reason = verdict.Wrong, "the server does not serve what the file holds"
		if c.Encodings {
			v.Reason = "values are encoded otherwise than in a real server"
		}
		if f.unknown != "" {
			v.Verdict, v.Reason, v.Command = verdict.Missing, strings.ToUpper(strings.ReplaceAll(f.unknown, "|", " ")), f.unknown
		}
		v.Failure = &f.Failure
	}
}

// serving is a server that has loaded the file: the one of the check before, if that was of the same.
func (w *worker) serving(ctx context.Context, m *fixtures.Manifest, params []target.Param) (*target.Target, error) {
	if w.holder != nil && w.held == m && !w.holder.Ended(0) {
		return w.holder, nil
	}
	w.drop()
	data, err := m.Load()
	if err != nil {
		return nil, err
	}
	if !w.servers.Template.TakesParams() {
		params = nil
	}
	if w.holder, err = w.servers.start(ctx, data, params...); err != nil {
		w.holder = nil
		return nil, err
	}
	w.held = m
	return w.holder, nil
}

// drop ends the server that has loaded a file.
func (w *worker) drop() {
	if w.holder != nil {
		_ = w.holder.Close()
	}
	w.holder, w.held = nil, nil
}

// limits are the parameters that the server had which wrote the file, if it is the judge of what
// becomes of it: its encodings are those of its limits.
func limits(m *fixtures.Manifest, judge string) []target.Param {
	var out []target.Param
	if judge == m.Writer() {
		for name, value := range m.Config {
			if strings.Contains(name, "-max-") {
				out = append(out, target.Param{Name: name, Value: value})
			}
		}
	}
	return out
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
	release target.Release
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
			if words[0] == "OBJECT" || words[0] == "XINFO" {
				r.unknown += "|" + strings.ToLower(words[1])
			}
		}
		err = fmt.Errorf("%w: %s", errReply, v.Text)
	}
	return v, err
}

// compareData returns the first difference, nil if there is none.
func compareData(ctx context.Context, t *target.Target, databases map[int][]fixtures.Key, release target.Release, encodings bool) *dataFailure {
	s, err := t.Open(ctx, 0)
	if err != nil {
		return &dataFailure{Failure: verdict.Failure{Step: "open", Got: err.Error()}}
	}
	defer s.Close()
	r := &reader{Session: s, release: release}
	selected := 0
	for db, keys := range databases {
		if db != selected {
			if _, err := r.ask("SELECT", strconv.Itoa(db)); err != nil {
				return r.failed("+\"OK\"", err)
			}
			selected = db
		}
		compare := r.compareKey
		if encodings {
			compare = r.compareEncoding
		}
		for i := range keys {
			if f := compare(&keys[i]); f != nil {
				return f
			}
		}
		if encodings {
			continue
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

// compareEncoding compares how the value is held.
func (r *reader) compareEncoding(k *fixtures.Key) *dataFailure {
	want := fmt.Sprintf("$%q", dataset.Encoding(k.Type, k.Encoding, r.release))
	v, err := r.ask("OBJECT", "ENCODING", string(k.Key))
	if err != nil {
		return r.failed(want, err)
	}
	if got := fmt.Sprintf("$%q", v.Text); got != want {
		return r.differs(want, got)
	}
	return nil
}

// compareKey compares the value and the deadlines.
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
	switch k.Type {
	case "hash":
		if f := r.compareFields(k); f != nil {
			return f
		}
	case "stream":
		if f := r.compareGroups(k); f != nil {
			return f
		}
	}
	if !k.Expire.Set {
		return nil
	}
	at := strconv.FormatInt(k.Expire.AtMs, 10)
	v, err := r.ask("PEXPIRETIME", string(k.Key))
	if err != nil {
		return r.failed(":"+at, err)
	}
	if string(v.Text) != at {
		return r.differs(":"+at, ":"+string(v.Text))
	}
	return nil
}

// compareFields compares the deadlines of the fields of a hash, if there are any.
func (r *reader) compareFields(k *fixtures.Key) *dataFailure {
	pairs, err := k.Value.Pairs()
	if err != nil {
		return r.failed("", err)
	}
	request := []string{"HPEXPIRETIME", string(k.Key), "FIELDS", strconv.Itoa(len(pairs))}
	var want []string
	any := false
	for _, p := range pairs {
		request = append(request, p.Name)
		any = any || p.ExpireAtMs > 0
		if p.ExpireAtMs == 0 {
			p.ExpireAtMs = -1
		}
		want = append(want, fmt.Sprintf(":%d", p.ExpireAtMs))
	}
	if !any {
		return nil
	}
	v, err := r.ask(request...)
	if err != nil {
		return r.failed(strings.Join(want, "\n"), err)
	}
	var got []string
	for _, e := range v.Elems {
		got = append(got, ":"+string(e.Text))
	}
	if !slices.Equal(want, got) {
		return r.differs(strings.Join(want, "\n"), strings.Join(got, "\n"))
	}
	return nil
}

// compareGroups compares all of a stream that is not an entry: IDs, counters, groups, consumers and
// what is pending.
func (r *reader) compareGroups(k *fixtures.Key) *dataFailure {
	s, err := k.Value.Stream()
	if err != nil {
		return r.failed("", err)
	}
	want := strings.Join(dataset.StreamLines(s, r.release), "\n")
	v, err := r.ask("XINFO", "STREAM", string(k.Key), "FULL", "COUNT", "0")
	if err != nil {
		return r.failed(want, err)
	}
	if got := strings.Join(dataset.StreamLines(dataset.Stream(&v), r.release), "\n"); got != want {
		return r.differs(want, got)
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
	case "stream":
		s, err := k.Value.Stream()
		if err != nil {
			return nil, err
		}
		return dataset.EntryLines(s.Entries), nil
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
		"hash": {"HGETALL", key}, "zset": {"ZRANGE", key, "0", "-1", "WITHSCORES"}, "stream": {"XRANGE", key, "-", "+"},
	}
	v, err := r.ask(requests[kind]...)
	if err != nil {
		return nil, err
	}
	switch {
	case kind == "string" && v.IsNull:
		return nil, nil
	case kind == "string":
		return []string{string(v.Text)}, nil
	case kind == "stream":
		return dataset.EntryLines(dataset.Entries(&v)), nil
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
	if len(elems) == 0 {
		return "(nothing)"
	}
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
