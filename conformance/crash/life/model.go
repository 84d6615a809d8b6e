package life

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// kind is the type of a key, by its name in replies of TYPE.
type kind string

const (
	kindString kind = "string"
	kindList   kind = "list"
	kindHash   kind = "hash"
	kindSet    kind = "set"
	kindZset   kind = "zset"
	kindStream kind = "stream"
)

// value is what a key holds. Only the part of its kind is used.
type value struct {
	kind   kind
	text   string
	list   []string          // of a list; of a stream, alternately ID and value
	fields map[string]string // of a hash; of a set, without values
	scores map[string]int
	lastID int // of a stream
}

// model is what the keys of one client should hold.
type model map[string]*value

// clone returns a copy.
func (m model) clone() model {
	c := make(model, len(m))
	for k, v := range m {
		w := *v
		w.list, w.fields, w.scores = slices.Clone(v.list), maps.Clone(v.fields), maps.Clone(v.scores)
		c[k] = &w
	}
	return c
}

// at returns the value of a key, an empty one of that kind if there is none.
func (m model) at(key string, k kind) *value {
	v := m[key]
	if v == nil {
		v = &value{kind: k, fields: map[string]string{}, scores: map[string]int{}}
		m[key] = v
	}
	return v
}

// tidy removes a key that holds nothing any more.
func (m model) tidy(key string) {
	v := m[key]
	empty := false
	switch v.kind {
	case kindList:
		empty = len(v.list) == 0
	case kindHash, kindSet:
		empty = len(v.fields) == 0
	case kindZset:
		empty = len(v.scores) == 0
	}
	if empty {
		delete(m, key)
	}
}

// apply changes the model as a command changes the server.
func (m model) apply(words []string) {
	name, key, args := words[0], words[1], words[2:]
	switch name {
	case "SET":
		m[key] = &value{kind: kindString, text: args[0]}
	case "APPEND":
		m.at(key, kindString).text += args[0]
	case "INCRBY":
		v := m.at(key, kindString)
		v.text = strconv.Itoa(number(v.text) + number(args[0]))
	case "GETDEL", "DEL", "UNLINK":
		delete(m, key)
	case "RENAME":
		v := m[key]
		delete(m, key)
		m[args[0]] = v
	case "RPUSH":
		v := m.at(key, kindList)
		v.list = append(v.list, args...)
	case "LPUSH":
		v := m.at(key, kindList)
		for _, a := range args {
			v.list = slices.Insert(v.list, 0, a)
		}
	case "LPOP":
		v := m.at(key, kindList)
		v.list = v.list[min(number(args[0]), len(v.list)):]
	case "LTRIM":
		v := m.at(key, kindList)
		v.list = v.list[:min(number(args[1])+1, len(v.list))]
	case "HSET":
		v := m.at(key, kindHash)
		for i := 0; i < len(args); i += 2 {
			v.fields[args[i]] = args[i+1]
		}
	case "HINCRBY":
		v := m.at(key, kindHash)
		v.fields[args[0]] = strconv.Itoa(number(v.fields[args[0]]) + number(args[1]))
	case "SADD":
		v := m.at(key, kindSet)
		for _, a := range args {
			v.fields[a] = ""
		}
	case "HDEL", "SREM":
		v := m.at(key, kindHash)
		for _, a := range args {
			delete(v.fields, a)
		}
	case "ZADD":
		m.at(key, kindZset).scores[args[1]] = number(args[0])
	case "ZINCRBY":
		m.at(key, kindZset).scores[args[1]] += number(args[0])
	case "ZREMRANGEBYSCORE":
		maps.DeleteFunc(m.at(key, kindZset).scores, func(_ string, score int) bool { return score <= number(args[1]) })
	case "XADD": // key MAXLEN n ID field value
		v := m.at(key, kindStream)
		v.list = append(v.list, args[2], args[4])
		v.list = v.list[max(0, len(v.list)-2*number(args[1])):]
		v.lastID++
	default:
		panic("life: no model of " + name)
	}
	if m[key] != nil {
		m.tidy(key)
	}
}

// number reads a number that the model has written.
func number(s string) int {
	if s == "" {
		return 0
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		panic(err)
	}
	return n
}

// text is a value in a form that can be compared; nil is no value.
func (v *value) String() string {
	if v == nil {
		return "nothing"
	}
	parts := []string{v.text}
	switch v.kind {
	case kindList, kindStream:
		parts = v.list
	case kindHash, kindSet:
		parts = parts[:0]
		for _, f := range slices.Sorted(maps.Keys(v.fields)) {
			parts = append(parts, f, v.fields[f])
		}
	case kindZset:
		parts = parts[:0]
		for _, f := range slices.Sorted(maps.Keys(v.scores)) {
			parts = append(parts, f, strconv.Itoa(v.scores[f]))
		}
	}
	return fmt.Sprintf("%s %q", v.kind, strings.Join(parts, " "))
}
