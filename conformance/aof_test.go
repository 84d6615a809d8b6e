package conformance_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"respect/conformance/dataset"
	"respect/conformance/resp"
	"respect/conformance/target"
	"respect/fixtures"
)

// One spec for each append only file that a real server wrote; what servers write, each
// other can read; and what happens when it cannot be written.
var _ = Describe("append only file", Label("group:aof"), func() {
	for _, m := range fixtures.List() {
		if len(m.Files) > 0 {
			It(m.Name()+" is loaded", func(ctx SpecContext) { loadsAOF(ctx, &m) })
		}
	}
	for _, preamble := range []string{"yes", "no"} {
		for _, rewritten := range []bool{false, true} {
			name := fmt.Sprintf(" with aof-use-rdb-preamble %s, rewritten: %v", preamble, rewritten)
			for _, other := range exchangedWith {
				It("of this server is loaded by "+other.flavour+name, func(ctx SpecContext) {
					exchangesAOF(ctx, other.flavour, false, preamble, rewritten)
				})
				It("of "+other.flavour+" is loaded by this server"+name, func(ctx SpecContext) {
					exchangesAOF(ctx, other.flavour, true, preamble, rewritten)
				})
			}
		}
	}
	It("that cannot be written keeps others from writing", refusesWrites)
	It("that cannot be written with appendfsync always ends the server", endsWithoutDisk)
	It("that is cut within a command is loaded up to there", loadsTruncated)
	It("that is damaged is refused", refusesDamagedAOF)
})

// placeAOF copies the files of a case into a new directory.
func placeAOF(m *fixtures.Manifest) (dir string, params []target.Param) {
	GinkgoHelper()
	dir = GinkgoT().TempDir()
	for _, f := range m.Files {
		data, err := fs.ReadFile(fixtures.RDB(), path.Join(path.Dir(m.Path), f.Path))
		must(err)
		_, name, _ := strings.Cut(f.Path, "/")
		to := filepath.Join(dir, filepath.FromSlash(name))
		must(os.MkdirAll(filepath.Dir(to), 0o755))
		must(os.WriteFile(to, data, 0o644))
	}
	params = []target.Param{{Name: "dir", Value: dir}, {Name: "appendonly", Value: "yes"}}
	for _, name := range []string{"appendfilename", "appenddirname"} {
		if value, ok := m.Config[name]; ok {
			params = append(params, target.Param{Name: name, Value: value})
		}
	}
	return dir, params
}

// olderThan reports whether the server under test is of a release before that of the writer.
func olderThan(m *fixtures.Manifest) bool {
	writer := m.Version
	if m.Server == target.Valkey {
		writer = "7.2"
	}
	var r target.Release
	_, err := fmt.Sscanf(writer, "%d.%d", &r.Major, &r.Minor)
	must(err)
	return server.Info.Flavour != target.Respect && server.Info.Release.Less(r)
}

func loadsAOF(ctx SpecContext, m *fixtures.Manifest) {
	switch {
	case !server.Owned:
		Skip("needs a server that the suite can start with a file")
	case olderThan(m):
		Skip("the file is of a newer release")
	}
	_, params := placeAOF(m)
	if scripts := replaysScripts(m); scripts && !hasCommand("EVAL") {
		var ended *target.EndedError
		_, err := start(ctx, params...)
		Expect(errors.As(err, &ended)).To(BeTrue(), "%v", err)
		Expect(ended.Status).To(Equal(1))
		Expect(ended.Log).To(ContainSubstring("Unknown command 'EVAL' reading the append only file appendonly.aof"))
		return
	}
	began := time.Now().UnixMilli()
	t, err := start(ctx, params...)
	must(err)
	DeferCleanup(t.Kill)
	want := dataSet{}
	databases, _ := m.LoadedBy(judgeOfAOF(m))
	got := readDataSet(t, databasesOf(m))
	for db, keys := range databases {
		want[db] = map[string]keyState{}
		for i := range keys {
			k := &keys[i]
			s := stateOf(k)
			s.Encoding = dataset.Encoding(s.Type, s.Encoding, server.Info.Release)
			if k.Expire.Relative {
				loaded := got[db][string(k.Key)].ExpireAtMs - k.Expire.AfterLoadMs
				Expect(loaded).To(BeNumerically(">=", began-1000), "expiry of %q", k.Key)
				Expect(loaded).To(BeNumerically("<=", time.Now().UnixMilli()), "expiry of %q", k.Key)
				s.ExpireAtMs = loaded + k.Expire.AfterLoadMs
			}
			want[db][string(k.Key)] = s
		}
	}
	want.withoutTimesOfConsumers()
	got.withoutTimesOfConsumers()
	diffStates(want, got)
	if m.Version != "2.0.5" { // which did not move a key that newer releases move
		Expect(t.Info.Keys).To(Equal(want.size()), "keys in all databases")
	}
}

// judgeOfAOF names the server whose loading of the log all agree with.
func judgeOfAOF(m *fixtures.Manifest) string {
	const judge = "redis-7.4.1"
	if _, ok := m.Crossload[judge]; ok {
		return judge
	}
	return m.Writer()
}

// withoutTimesOfConsumers leaves out when consumers were seen: it is not in the file.
func (d dataSet) withoutTimesOfConsumers() {
	for _, keys := range d {
		for _, s := range keys {
			for i, line := range s.Value {
				if s.Type == "stream" && strings.HasPrefix(line, "consumer ") {
					s.Value[i], _, _ = strings.Cut(line, ": seen")
				}
			}
		}
	}
}

// replaysScripts reports whether a log has scripts in it, as those of old releases had.
func replaysScripts(m *fixtures.Manifest) bool {
	for _, f := range m.Files {
		data, err := fs.ReadFile(fixtures.RDB(), path.Join(path.Dir(m.Path), f.Path))
		must(err)
		if strings.Contains(strings.ToUpper(string(data)), "\r\nEVAL\r\n") {
			return true
		}
	}
	return false
}

func hasCommand(name string) bool {
	GinkgoHelper()
	d := ask(server)
	v := d.ask("COMMAND", "INFO", name)
	return len(v.Elems) == 1 && len(v.Elems[0].Elems) > 0
}

// ask opens a connection to a server.
func ask(t *target.Target) *dialogue {
	GinkgoHelper()
	c, err := t.Dial(GinkgoT().Context())
	must(err)
	DeferCleanup(c.Close)
	must(c.SetDeadline(time.Now().Add(20 * time.Second)))
	return &dialogue{c.Write, resp.NewDecoder(c)}
}

// changes are requests that change values of every type.
var changes = []string{
	"SET str hello", "SET int 12345", "INCR int", "APPEND str world", "SETRANGE str 20 x", "SET exp v", "PEXPIREAT exp 4102444800000",
	"RPUSH list a b 3", "LPOP list", "LINSERT list BEFORE 3 y", "SADD set a b c", "SREM set a", "SADD ints 1 2 3",
	"ZADD zset 1 a 2.5 b -inf c", "ZINCRBY zset 1.5 a", "HSET hash f v g 2", "HINCRBY hash g 3", "HDEL hash f",
	"PFADD hll a b c", "SETBIT bits 100 1", "GEOADD geo 13.361389 38.115556 Palermo",
	"XADD stream 1-1 f v", "XADD stream 2-1 f w g x", "XADD stream 3-1 f w", "XDEL stream 3-1", "XGROUP CREATE stream g 1-1",
	"XGROUP CREATECONSUMER stream g idle", "SELECT 3", "SET other db", "MULTI", "SET tx1 1", "SET tx2 2", "EXEC", "DEL tx1", "SELECT 0", "RENAME ints numbers",
}

// exchangesAOF lets one server write and another load: DEBUG DIGEST has to be the same.
func exchangesAOF(ctx SpecContext, flavour string, reverse bool, preamble string, rewritten bool) {
	if server.Info.Flavour != target.Respect {
		Skip("between this server and real ones")
	}
	if _, err := target.Find(flavour); err != nil {
		Skip(err.Error())
	}
	dir := GinkgoT().TempDir()
	// With everysec a server that is killed may not have written what it has answered, while an fsync is under way.
	params := []target.Param{{Name: "dir", Value: dir}, {Name: "appendonly", Value: "yes"}, {Name: "appendfsync", Value: "no"},
		{Name: "aof-use-rdb-preamble", Value: preamble}}
	ours := func() (*target.Target, error) {
		compat := "7.2"
		if flavour == target.Redis {
			compat = "7.0"
		}
		return start(ctx, append(params, target.Param{Name: "compat", Value: compat})...)
	}
	theirs := func() (*target.Target, error) { return target.Start(ctx, flavour, params...) }
	write, load := ours, theirs
	if reverse {
		write, load = theirs, ours
	}
	t, err := write()
	must(err)
	want := writesAOF(t, rewritten)
	must(t.Kill())
	if check, err := exec.LookPath(flavour + "-check-aof"); err == nil {
		out, err := exec.CommandContext(ctx, check, filepath.Join(dir, "appendonlydir", "appendonly.aof.manifest")).CombinedOutput()
		Expect(err).NotTo(HaveOccurred(), "%s", out)
		Expect(string(out)).To(ContainSubstring("All AOF files and manifest are valid"))
	}
	t, err = load()
	must(err)
	DeferCleanup(t.Kill)
	Expect(string(ask(t).ask("DEBUG", "DIGEST").Text)).To(Equal(want))
}

// writesAOF changes values of every type and returns the digest.
func writesAOF(t *target.Target, rewritten bool) string {
	GinkgoHelper()
	d := ask(t)
	change := func() {
		for _, line := range changes {
			v := d.ask(strings.Fields(line)...)
			Expect(v.Type).NotTo(BeEquivalentTo(resp.Error), "%s: %s", line, v.Text)
		}
		for i := range 200 {
			d.ask("RPUSH", "biglist", fmt.Sprint(i), strings.Repeat("x", 100))
			d.ask("HSET", "bighash", fmt.Sprint("f", i), strings.Repeat("v", i))
			d.ask("ZADD", "bigzset", fmt.Sprint(i), fmt.Sprint("m", i))
			d.ask("SADD", "bigset", fmt.Sprint("m", i))
		}
	}
	change()
	if rewritten {
		d.ask("BGREWRITEAOF")
		Eventually(func() string { return string(d.ask("INFO", "persistence").Text) }).WithTimeout(10 * time.Second).
			Should(ContainSubstring("aof_rewrite_in_progress:0"))
		d.ask("SET", "behind", "it")
	}
	return string(d.ask("DEBUG", "DIGEST").Text)
}

// fullDisk makes a directory with an append only file whose increment takes nothing: as if
// the disk was full.
func fullDisk() []target.Param {
	GinkgoHelper()
	if !server.Owned {
		Skip("needs a server of its own")
	}
	if runtime.GOOS != "linux" {
		Skip("needs /dev/full")
	}
	dir := GinkgoT().TempDir()
	files := filepath.Join(dir, "appendonlydir")
	must(os.Mkdir(files, 0o755))
	must(os.WriteFile(filepath.Join(files, "appendonly.aof.1.base.aof"), []byte("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n"), 0o644))
	must(os.Symlink("/dev/full", filepath.Join(files, "appendonly.aof.1.incr.aof")))
	must(os.WriteFile(filepath.Join(files, "appendonly.aof.manifest"),
		[]byte("file appendonly.aof.1.base.aof seq 1 type b\nfile appendonly.aof.1.incr.aof seq 1 type i\n"), 0o644))
	return []target.Param{{Name: "dir", Value: dir}, {Name: "appendonly", Value: "yes"}}
}

func refusesWrites(ctx SpecContext) {
	t, err := start(ctx, fullDisk()...)
	must(err)
	DeferCleanup(t.Kill)
	d := ask(t)
	Expect(d.ask("SET", "a", "1").String()).To(Equal(`"+OK\r\n"`)) // it is noticed behind it
	refused := "MISCONF Errors writing to the AOF file: No space left on device"
	Eventually(func() string { return string(d.ask("SET", "a", "2").Text) }).Should(Equal(refused))
	Expect(string(d.ask("PING").Text)).To(Equal(refused))
	Expect(string(d.ask("GET", "a").Text)).To(Equal("1"))
	info := string(d.ask("INFO", "persistence").Text)
	Expect(info).To(ContainSubstring("aof_last_write_status:err"))
	Expect(string(d.ask("CONFIG", "SET", "appendonly", "no").Text)).To(Equal("OK"))
	Expect(string(d.ask("SET", "a", "3").Text)).To(Equal("OK"))
	Eventually(t.Log).Should(ContainSubstring("Error writing to the AOF file: No space left on device"))
}

func endsWithoutDisk(ctx SpecContext) {
	t, err := start(ctx, append(fullDisk(), target.Param{Name: "appendfsync", Value: "always"})...)
	must(err)
	DeferCleanup(t.Kill)
	c, err := t.Dial(ctx)
	must(err)
	defer c.Close()
	_, err = c.Write(resp.Request("SET", "a", "1"))
	must(err)
	must(c.SetDeadline(time.Now().Add(20 * time.Second)))
	n, err := c.Read(make([]byte, 1))
	Expect(n).To(BeZero(), "no reply may tell of what is lost")
	Expect(err).To(HaveOccurred())
	Expect(t.Ended(20 * time.Second)).To(BeTrue())
	Eventually(t.Log).Should(ContainSubstring("Can't recover from AOF write error when the AOF fsync policy is 'always'. Exiting..."))
}

// placeIncrement makes a directory with a log of one file.
func placeIncrement(text string) (name string, params []target.Param) {
	GinkgoHelper()
	if !server.Owned {
		Skip("needs a server of its own")
	}
	dir := GinkgoT().TempDir()
	files := filepath.Join(dir, "appendonlydir")
	must(os.Mkdir(files, 0o755))
	name = filepath.Join(files, "appendonly.aof.1.incr.aof")
	must(os.WriteFile(name, []byte(text), 0o644))
	must(os.WriteFile(filepath.Join(files, "appendonly.aof.manifest"), []byte("file appendonly.aof.1.incr.aof seq 1 type i\n"), 0o644))
	return name, []target.Param{{Name: "dir", Value: dir}, {Name: "appendonly", Value: "yes"}}
}

const (
	setA  = "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n1\r\n"
	halfB = "*1\r\n$5\r\nMULTI\r\n*3\r\n$3\r\nSET\r\n$1\r\nb\r\n$1\r\n1\r\n"
)

func loadsTruncated(ctx SpecContext) {
	for _, tail := range []string{"*3\r\n$3\r\nSET\r\n$1\r\nb\r\n$100\r\n1", "*3\r\n$3\r\n", halfB, halfB + "*1\r\n$4\r\nEX"} {
		By(tail)
		name, params := placeIncrement(setA + tail)
		t, err := start(ctx, params...)
		must(err)
		Expect(string(ask(t).ask("DBSIZE").Text)).To(Equal("1"), "%q", tail)
		must(t.Kill())
		if strings.HasPrefix(tail, halfB) && server.Info.Flavour != target.Respect {
			continue // they leave a transaction open, to which all belongs that follows
		}
		Expect(t.Log()).To(ContainSubstring(fmt.Sprintf("!!! Truncating the AOF appendonly.aof.1.incr.aof at offset %d !!!", len(setA))))
		left, err := os.ReadFile(name)
		must(err)
		Expect(string(left)).To(Equal(setA), "%q", tail)
		must(os.WriteFile(name, []byte(setA+tail), 0o644))
		_, err = start(ctx, append(params, target.Param{Name: "aof-load-truncated", Value: "no"})...)
		var ended *target.EndedError
		Expect(errors.As(err, &ended)).To(BeTrue(), "%v", err)
		Expect(ended.Status).To(Equal(1))
		Expect(ended.Log).To(ContainSubstring("Unexpected end of file reading the append only file appendonly.aof.1.incr.aof."))
	}
}

func refusesDamagedAOF(ctx SpecContext) {
	for text, line := range map[string]string{
		"GET\r\n":                    "Bad file format reading the append only file appendonly.aof.1.incr.aof: make a backup of your AOF file, then use ./",
		setA + "*1\r\n:3\r\nfoo\r\n": "Bad file format reading the append only file appendonly.aof.1.incr.aof: make a backup of your AOF file, then use ./",
		setA + "*0\r\n":              "Bad file format reading the append only file appendonly.aof.1.incr.aof: make a backup of your AOF file, then use ./",
		"*1\r\n$3\r\nfoo\r\n":        "Unknown command 'foo' reading the append only file appendonly.aof.1.incr.aof",
	} {
		name, params := placeIncrement(text)
		_, err := start(ctx, params...)
		var ended *target.EndedError
		Expect(errors.As(err, &ended)).To(BeTrue(), "%q: %v", text, err)
		Expect(ended.Status).To(Equal(1))
		Expect(ended.Log).To(ContainSubstring(line))
		left, err := os.ReadFile(name)
		must(err)
		Expect(string(left)).To(Equal(text), "the file must stay as it is")
	}
}
