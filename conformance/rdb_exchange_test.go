package conformance_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"respect/conformance/dataset"
	"respect/conformance/resp"
	"respect/conformance/target"
	"respect/fixtures"
)

// exchangedWith are the real servers that have to load what ours writes, by the release
// for which it is told to write.
var exchangedWith = []struct{ compat, flavour, check string }{
	{"7.0", target.Redis, "redis-check-rdb"},
	{"7.2", target.Valkey, "valkey-check-rdb"},
}

// One spec for each file of two releases: it is loaded, saved, and what was saved is the
// same data again; for the same server, and, if that is ours, for real ones.
var _ = Describe("saved file", Label("group:rdb"), func() {
	for _, m := range fixtures.List() {
		if m.RDBPath == "" || !m.HoldsOnly(ourTypes...) || !slices.Contains([]string{"redis-7.2.6", "redis-7.4.1"}, m.Writer()) {
			continue
		}
		It(m.Name()+" is loaded again", func(ctx SpecContext) { savesAndLoads(ctx, &m) })
		for _, other := range exchangedWith {
			if m.RDB.Types[24]+m.RDB.Types[25] > 0 {
				continue // fields that expire are not for these releases
			}
			It(fmt.Sprintf("%s is loaded by %s", m.Name(), other.flavour), func(ctx SpecContext) {
				if server.Info.Flavour != target.Respect {
					Skip("real servers have loaded these files before")
				}
				exchanges(ctx, &m, other.compat, other.flavour, other.check)
			})
		}
	}
})

// databasesOf lists the databases that a manifest knows.
func databasesOf(m *fixtures.Manifest) (dbs []int) {
	for db := range m.Databases {
		dbs = append(dbs, db)
	}
	return dbs
}

// savedBy starts a server with a file and lets it save. It returns what it holds, and the
// directory with what it saved.
func savedBy(ctx SpecContext, m *fixtures.Manifest, params ...target.Param) (dataSet, string) {
	GinkgoHelper()
	file, err := m.Load()
	must(err)
	dir, where := place(file)
	t, err := start(ctx, append(where, params...)...)
	must(err)
	defer t.Kill()
	c, err := t.Dial(ctx)
	must(err)
	defer c.Close()
	must(os.Remove(filepath.Join(dir, dataFile)))
	d := &dialogue{c.Write, resp.NewDecoder(c)}
	Expect(d.ask("SAVE").String()).To(Equal(`"+OK\r\n"`))
	return readDataSet(t, databasesOf(m)), dir // behind SAVE, because reading touches the keys
}

func savesAndLoads(ctx SpecContext, m *fixtures.Manifest) {
	e := expect(m)
	if e.skip != "" || e.refused {
		Skip("the server does not load it: " + e.skip)
	}
	held, dir := savedBy(ctx, m, e.params...)
	file, err := os.ReadFile(filepath.Join(dir, dataFile))
	must(err)
	t := startWith(ctx, file, e.params...)
	diffStates(held, readDataSet(t, databasesOf(m)))
}

func exchanges(ctx SpecContext, m *fixtures.Manifest, compat, flavour, check string) {
	if _, err := target.Find(flavour); err != nil {
		Skip(err.Error())
	}
	e := expect(m)
	if e.refused {
		Skip("the server does not load it")
	}
	var params []target.Param
	if policy, ok := m.Config["maxmemory-policy"]; ok {
		params = append(params, target.Param{Name: "maxmemory-policy", Value: policy})
	}
	held, dir := savedBy(ctx, m, append(params, target.Param{Name: "compat", Value: compat})...)
	if program, err := exec.LookPath(check); err == nil {
		out, err := exec.CommandContext(ctx, program, filepath.Join(dir, dataFile)).CombinedOutput()
		Expect(err).NotTo(HaveOccurred(), "%s:\n%s", check, out)
		Expect(string(out)).To(ContainSubstring("RDB looks OK"))
	}
	params = append(params, target.Param{Name: "dir", Value: dir}, target.Param{Name: "dbfilename", Value: dataFile})
	t, err := target.Start(ctx, flavour, params...)
	must(err)
	DeferCleanup(t.Close)
	loaded := readDataSet(t, databasesOf(m))
	if compat == "7.0" {
		held.asBefore72()
		loaded.asBefore72()
	}
	diffStates(held, loaded)
}

// asBefore72 leaves out what releases before 7.2 see differently.
func (d dataSet) asBefore72() {
	for _, keys := range d {
		for name, s := range keys {
			s.Encoding = dataset.Encoding(s.Type, s.Encoding, target.Release{Major: 7})
			for i := range s.Value {
				switch {
				case s.Type == "zset":
					s.Value[i] = strings.Replace(s.Value[i], ": -0", ": 0", 1)
				case s.Type == "stream" && strings.HasPrefix(s.Value[i], "consumer "):
					s.Value[i], _, _ = strings.Cut(s.Value[i], ", active ")
				}
			}
			keys[name] = s
		}
	}
}
