package config

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// This file holds the kinds that one or two parameters have.

// many is the part of a field that makes it take any number of words.
type many[T any] struct{ field[T] }

func (many[T]) multi() bool { return true }

// SavePoint asks for a snapshot when that many changes are that old.
type SavePoint struct {
	Seconds int64
	Changes int32
}

var errSave = reason("Invalid save parameters")

// saveValue is the parameter save: pairs of seconds and changes. Directives in
// files replace the default and then add up, CONFIG SET replaces; "" clears.
type saveValue struct {
	many[[]SavePoint]
	given *bool
}

func (c *Config) savePoints() value {
	def := []SavePoint{{3600, 1}, {300, 100}, {60, 10000}}
	return saveValue{many[[]SavePoint]{newField(&c.Save, def)}, &c.saveGiven}
}

func (v saveValue) set(args []string, from source) error {
	clear := from == fromSet || !*v.given
	if len(args) == 1 && args[0] == "" {
		clear, args = true, nil
	}
	if len(args)%2 != 0 {
		return errSave
	}
	var points []SavePoint
	if !clear {
		points = append(points, *v.p...)
	}
	for i := 0; i < len(args); i += 2 {
		seconds, ok1 := parseC(args[i])
		changes, ok2 := parseC(args[i+1])
		if !ok1 || !ok2 || seconds < 1 || changes < 0 {
			return errSave
		}
		points = append(points, SavePoint{seconds, int32(changes)})
	}
	if from == fromFile {
		*v.given = true
	}
	*v.p = points
	return nil
}

// parseC reads a number as the C library does: blanks and a sign may precede
// it, leading zeros are fine, a number too large saturates.
func parseC(s string) (n int64, ok bool) {
	n, err := strconv.ParseInt(strings.TrimLeft(s, " \t\n\v\f\r"), 10, 64)
	return n, err == nil || errors.Is(err, strconv.ErrRange)
}

func (p SavePoint) String() string { return fmt.Sprintf("%d %d", p.Seconds, p.Changes) }

func (v saveValue) get() string {
	words := make([]string, len(*v.p))
	for i, point := range *v.p {
		words[i] = point.String()
	}
	return strings.Join(words, " ")
}

// lines are forced: without them the file would mean the default.
func (v saveValue) lines(name string) []fileLine {
	if len(*v.p) == 0 {
		return []fileLine{{name + ` ""`, true}}
	}
	var lines []fileLine
	for _, point := range *v.p {
		lines = append(lines, fileLine{name + " " + point.String(), true})
	}
	return lines
}

// maxBind is the number of addresses that bind takes.
const maxBind = 16

// bindValue is the list of addresses to listen on.
type bindValue struct{ many[[]string] }

func (c *Config) addresses() value {
	return bindValue{many[[]string]{newField(&c.Bind, []string{"*", "-::*"})}}
}

func (v bindValue) set(args []string, _ source) error {
	if len(args) > maxBind {
		return reason("Too many bind addresses specified.")
	}
	if len(args) == 1 && args[0] == "" {
		args = nil
	}
	*v.p = append([]string(nil), args...)
	return nil
}

func (v bindValue) get() string { return strings.Join(*v.p, " ") }

// lines has no line for the default, even where the file had one.
func (v bindValue) lines(name string) []fileLine {
	text := v.get()
	if text == strings.Join(v.def, " ") {
		return nil
	}
	if text == "" {
		text = `""`
	}
	return []fileLine{{name + " " + text, true}}
}

// OutputLimit bounds the replies that wait for a client: more than Hard bytes,
// or more than Soft bytes for SoftSeconds, and it is disconnected. 0 is no limit.
type OutputLimit struct {
	Hard, Soft  uint64
	SoftSeconds int32
}

// Classes of clients, indexes of Config.ClientOutputBufferLimit.
const (
	ClassNormal = iota
	ClassReplica
	ClassPubsub
)

// outputLimitsValue is client-output-buffer-limit: four words for each class
// that is to change.
type outputLimitsValue struct{ many[[3]OutputLimit] }

func (c *Config) outputLimits() value {
	def := [3]OutputLimit{{}, {256 << 20, 64 << 20, 60}, {32 << 20, 8 << 20, 60}}
	return outputLimitsValue{many[[3]OutputLimit]{newField(&c.ClientOutputBufferLimit, def)}}
}

func (v outputLimitsValue) set(args []string, _ source) error {
	if len(args) == 1 && args[0] == "" {
		args = nil
	}
	if len(args)%4 != 0 {
		return reason("Wrong number of arguments in buffer limit configuration.")
	}
	limits := *v.p
	for ; len(args) > 0; args = args[4:] {
		class, ok := classByName(args[0])
		if !ok {
			return reason("Invalid client class specified in buffer limit configuration.")
		}
		hard, ok1 := ParseMemory(args[1])
		soft, ok2 := ParseMemory(args[2])
		seconds, ok3 := parseC(args[3])
		// Redis keeps the seconds in 32 bits and looks at their sign there.
		if !ok1 || !ok2 || !ok3 || int32(seconds) < 0 {
			return reason("Error in hard, soft or soft_seconds setting in buffer limit configuration.")
		}
		limits[class] = OutputLimit{hard, soft, int32(seconds)}
	}
	*v.p = limits
	return nil
}

func classByName(name string) (class int, ok bool) {
	switch strings.ToLower(name) {
	case "normal":
		return ClassNormal, true
	case "slave", "replica":
		return ClassReplica, true
	case "pubsub":
		return ClassPubsub, true
	}
	return 0, false
}

func (v outputLimitsValue) get() string {
	l := *v.p
	return fmt.Sprintf("normal %d %d %d slave %d %d %d pubsub %d %d %d",
		l[0].Hard, l[0].Soft, l[0].SoftSeconds,
		l[1].Hard, l[1].Soft, l[1].SoftSeconds,
		l[2].Hard, l[2].Soft, l[2].SoftSeconds)
}

func (v outputLimitsValue) lines(name string) []fileLine {
	var lines []fileLine
	for class, classText := range []string{"normal", "replica", "pubsub"} {
		l := v.p[class]
		lines = append(lines, fileLine{
			fmt.Sprintf("%s %s %s %s %d", name, classText, formatMemory(l.Hard), formatMemory(l.Soft), l.SoftSeconds),
			l != v.def[class],
		})
	}
	return lines
}

// oomValuesValue is oom-score-adj-values: three numbers.
type oomValuesValue struct{ many[[3]int64] }

func oomValues() value {
	return oomValuesValue{many[[3]int64]{newField(new([3]int64), [3]int64{0, 200, 800})}}
}

func (v oomValuesValue) set(args []string, _ source) error {
	if len(args) != len(v.p) {
		return errArguments
	}
	var values [3]int64
	for i, arg := range args {
		n, ok := parseC(arg)
		if !ok || n < -2000 || n > 2000 {
			return reason("Invalid oom-score-adj-values, elements must be between -2000 and 2000.")
		}
		values[i] = n
	}
	*v.p = values
	return nil
}

func (v oomValuesValue) get() string { return fmt.Sprintf("%d %d %d", v.p[0], v.p[1], v.p[2]) }

func (v oomValuesValue) lines(name string) []fileLine {
	return []fileLine{{name + " " + v.get(), *v.p != v.def}}
}

// percentilesValue is latency-tracking-info-percentiles.
type percentilesValue struct{ many[[]float64] }

func (c *Config) percentiles() value {
	return percentilesValue{many[[]float64]{newField(&c.LatencyTrackingInfoPercentiles, []float64{50, 99, 99.9})}}
}

func (v percentilesValue) set(args []string, _ source) error {
	if len(args) == 1 && args[0] == "" {
		args = nil
	}
	var values []float64
	for _, arg := range args {
		f, ok := parseFloatC(arg)
		if !ok {
			return reason("Invalid latency-tracking-info-percentiles parameters")
		}
		if f < 0 || f > 100 {
			return reason("latency-tracking-info-percentiles parameters should sit between [0.0,100.0]")
		}
		values = append(values, f)
	}
	*v.p = values
	return nil
}

// parseFloatC reads a number as the C library does, hexadecimal ones included,
// but for NaN and leading blanks.
func parseFloatC(s string) (f float64, ok bool) {
	if lower := strings.ToLower(s); strings.Contains(lower, "0x") && !strings.Contains(lower, "p") {
		s += "p0"
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil && !strings.Contains(s, "_") && !math.IsNaN(f)
}

func (v percentilesValue) get() string {
	words := make([]string, len(*v.p))
	for i, f := range *v.p {
		s := strconv.FormatFloat(f, 'f', 6, 64)
		words[i] = strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
	}
	return strings.Join(words, " ")
}

func (v percentilesValue) lines(name string) []fileLine {
	text := v.get()
	if text == "" {
		text = `""`
	}
	return []fileLine{{name + " " + text, true}}
}

// replicaAddress is the parameter replicaof; Host is "" for a master.
type replicaAddress struct {
	Host string
	Port int64
}

// ReplicaOf returns the master that the configuration names, "" for none.
func (c *Config) ReplicaOf() (host string, port int64) { return c.replicaOf.Host, c.replicaOf.Port }

type replicaofValue struct{ many[replicaAddress] }

func (c *Config) master() value {
	return replicaofValue{many[replicaAddress]{newField(&c.replicaOf, replicaAddress{})}}
}

func (v replicaofValue) set(args []string, _ source) error {
	if len(args) != 2 {
		return errArguments
	}
	if strings.EqualFold(args[0], "no") && strings.EqualFold(args[1], "one") {
		*v.p = replicaAddress{}
		return nil
	}
	port, ok := parseC(args[1])
	if !ok || port < 0 || port > 65535 {
		return reason("Invalid master port")
	}
	*v.p = replicaAddress{args[0], port}
	return nil
}

func (v replicaofValue) get() string {
	if v.p.Host == "" {
		return ""
	}
	return fmt.Sprintf("%s %d", v.p.Host, v.p.Port)
}

func (v replicaofValue) lines(name string) []fileLine {
	if v.p.Host == "" {
		return nil
	}
	return []fileLine{{name + " " + v.get(), true}}
}

// dirValue is the directory that relative file names start from. The process
// does not change into it: several servers may live in one.
type dirValue struct{ field[string] }

func (c *Config) directory() value { return dirValue{newField(&c.Dir, "")} }

func (v dirValue) set(args []string, _ source) error {
	path := args[0]
	if path == "" {
		return errNotExist
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(*v.p, path)
	}
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return systemError(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return systemError(err)
	}
	if !info.IsDir() {
		return reason("Not a directory")
	}
	*v.p = path
	return nil
}

func (v dirValue) get() string { return *v.p }

func (v dirValue) lines(name string) []fileLine {
	return []fileLine{{name + " " + quote(*v.p), true}}
}
