package conformance_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/google/go-cmp/cmp"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"respect/conformance/target"
	"respect/fixtures"
)

// ourTypes are the types of values that our server can load.
var ourTypes = []string{"string", "list", "set", "hash", "zset", "stream"}

// One spec for each file that a real server wrote: what is served after loading
// it is what was saved.
var _ = Describe("data file", Label("group:rdb"), func() {
	for _, m := range fixtures.List() {
		if m.RDBPath == "" {
			continue
		}
		labels := Label(fmt.Sprintf("rdb:%d", m.RDBVersion))
		if m.HoldsOnly(ourTypes...) {
			It(m.Name()+" is loaded", labels, func(ctx SpecContext) { loads(ctx, &m) })
		} else {
			It(m.Name()+" is refused for its types", labels, func(ctx SpecContext) { refusesTypes(ctx, &m) })
		}
	}
	for _, d := range damages() {
		It("is refused: "+d.name, func(ctx SpecContext) {
			log := refuses(ctx, d.file)
			if server.Info.Flavour == target.Respect {
				Expect(log).To(MatchRegexp(d.logged()))
			}
		})
	}
	for _, b := range built() {
		It("of one key: "+b.name, func(ctx SpecContext) {
			t := startWith(ctx, b.file(), b.params...)
			diffStates(dataSet{0: b.want}, readDataSet(t, []int{0}))
			Expect(t.Info.Keys).To(Equal(int64(len(b.want))), "number of keys")
		})
	}
})

func loads(ctx SpecContext, m *fixtures.Manifest) {
	e := expect(m)
	if e.skip != "" {
		Skip(e.skip)
	}
	file, err := m.Load()
	must(err)
	if e.refused {
		refuses(ctx, file)
		return
	}
	t := startWith(ctx, file, e.params...)
	dbs := make([]int, 0, len(e.keys))
	for db := range e.keys {
		dbs = append(dbs, db)
	}
	diffStates(e.keys, readDataSet(t, dbs))
	Expect(t.Info.Keys).To(Equal(e.keys.size()), "keys in all databases")
	for db, n := range m.DBSizeAfterLoad {
		Expect(e.keys[db]).To(HaveLen(n), "keys expected in database %d", db)
	}
}

// diffStates compares data sets key by key, so that a failure names the key.
func diffStates(want, got dataSet) {
	GinkgoHelper()
	if d := cmp.Diff(want, got); d != "" {
		Fail("data set (-want +got):\n" + d)
	}
}

// refusal is the line that our server logs for a value it cannot load.
var refusal = regexp.MustCompile(`offset (\d+), type (\d+) \(.*key (".*") in DB (\d+)`)

// refusesTypes requires that the log names the place of a key of a type that is
// not supported, and the key.
func refusesTypes(ctx SpecContext, m *fixtures.Manifest) {
	if server.Info.Flavour != target.Respect {
		Skip("only Respect is known not to load some types")
	}
	file, err := m.Load()
	must(err)
	log := refuses(ctx, file)
	if strings.Contains(log, "AUX module data") {
		return // of no key
	}
	found := refusal.FindStringSubmatch(log)
	Expect(found).NotTo(BeNil(), "the log must name offset, type and key:\n%s", log)
	key, err := strconv.Unquote(found[3])
	must(err)
	offset, db := atoi(found[1]), atoi(found[4])
	Expect(offset).To(BeNumerically("<", len(file)), "offset within the file")
	i := slices.IndexFunc(m.Databases[db], func(k fixtures.Key) bool { return string(k.Key) == key })
	Expect(i).To(BeNumerically(">=", 0), "key %q is not in database %d", key, db)
	named := &m.Databases[db][i]
	Expect(atoi(found[2])).To(Equal(named.RDBType), "type of key %q", key)
	Expect(ourTypes).NotTo(ContainElement(named.Type), "type of key %q", key)
	Expect(bytes.Contains(file[:offset], []byte(key)) || len(key) > 20 || isInteger(key)).To(BeTrue(), "key %q is not before offset %d", key, offset)
}

func atoi(s string) int {
	GinkgoHelper()
	n, err := strconv.Atoi(s)
	must(err)
	return n
}

// isInteger reports whether a file may hold the text as a number.
func isInteger(s string) bool {
	_, err := strconv.ParseInt(s, 10, 64)
	return err == nil
}

// refuses starts a server with the file and requires that it ends with exit
// status 1 and leaves the file as it is. It returns the log.
func refuses(ctx SpecContext, file []byte) string {
	GinkgoHelper()
	dir, params := place(file)
	t, err := start(ctx, params...)
	if err == nil {
		must(t.Kill())
		Fail("the server loads the file")
	}
	var ended *target.EndedError
	if !errors.As(err, &ended) {
		Fail(err.Error())
	}
	Expect(ended.Status).To(Equal(1), "exit status; log:\n%s", ended.Log)
	Expect(ended.Log).NotTo(ContainSubstring("panic"))
	after, err := os.ReadFile(filepath.Join(dir, dataFile))
	must(err)
	Expect(bytes.Equal(after, file)).To(BeTrue(), "the file must stay as it is")
	entries, err := os.ReadDir(dir)
	must(err)
	Expect(entries).To(HaveLen(1), "nothing else may be left in the directory")
	return ended.Log
}

// startWith starts a server of the kind under test that loads the file.
func startWith(ctx SpecContext, file []byte, params ...target.Param) *target.Target {
	GinkgoHelper()
	_, where := place(file)
	t, err := start(ctx, append(where, params...)...)
	must(err)
	DeferCleanup(t.Kill)
	return t
}

const dataFile = "data.rdb"

// place puts the file into a new directory and returns the parameters that make
// a server load it. Specs that need it are skipped for a server that runs already.
func place(file []byte) (dir string, params []target.Param) {
	GinkgoHelper()
	if !server.Owned {
		Skip("needs a server that the suite can start with a file")
	}
	dir = GinkgoT().TempDir()
	must(os.WriteFile(filepath.Join(dir, dataFile), file, 0o600))
	return dir, []target.Param{{Name: "dir", Value: dir}, {Name: "dbfilename", Value: dataFile}}
}
