package conformance_test

import (
	"strconv"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"respect/conformance/dataset"
)

// readStream asks for all that there is to know about a stream.
func (d *dialogue) readStream(key string) []string {
	GinkgoHelper()
	reply := d.ask("XINFO", "STREAM", key, "FULL", "COUNT", "0")
	s := dataset.Stream(&reply)
	Expect(string(d.ask("XLEN", key).Text)).To(Equal(strconv.FormatInt(s.Length, 10)), "XLEN %q", key)
	all := d.ask("XRANGE", key, "-", "+")
	Expect(dataset.Entries(&all)).To(Equal(s.Entries), "XRANGE and XINFO of %q", key)
	return dataset.StreamLines(s, server.Info.Release)
}
