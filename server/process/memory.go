package process

import (
	"fmt"
	"runtime/metrics"
	"strings"
	"time"
)

// MemoryFacts are amounts of memory in bytes.
type MemoryFacts struct {
	Heap      uint64 // held by objects that are in use, or not yet collected
	HeapInUse uint64 // held by the parts of the heap that hold objects
	HeapHeld  uint64 // obtained from the system for the heap and not given back
	Resident  uint64 // of the whole process in physical memory
	System    uint64 // physical memory of the machine
}

// Memory returns the present amounts.
func Memory() MemoryFacts {
	samples := []metrics.Sample{
		{Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/memory/classes/heap/unused:bytes"},
		{Name: "/memory/classes/heap/free:bytes"},
		{Name: "/memory/classes/total:bytes"},
		{Name: "/memory/classes/heap/released:bytes"},
	}
	metrics.Read(samples)
	value := func(i int) uint64 { return samples[i].Value.Uint64() }
	m := MemoryFacts{Heap: value(0), HeapInUse: value(0) + value(1)}
	m.HeapHeld = m.HeapInUse + value(2)
	m.Resident, m.System = resident(), physical()
	if m.Resident == 0 {
		m.Resident = value(3) - value(4)
	}
	return m
}

// Collections returns how many times garbage has been collected, and how many bytes of the
// heap the last time has left.
func Collections() (times, left uint64) {
	samples := []metrics.Sample{{Name: "/gc/cycles/total:gc-cycles"}, {Name: "/gc/heap/live:bytes"}}
	metrics.Read(samples)
	return samples[0].Value.Uint64(), samples[1].Value.Uint64()
}

// CPU returns the time that the process has spent computing, in user and in
// system mode.
func CPU() (user, sys time.Duration) { return cpu() }

// System returns the name, release and architecture of the operating system.
func System() string { return system() }

// HeapReport describes the heap in lines of name and number, for people.
func HeapReport() string {
	names := []string{
		"/memory/classes/heap/objects:bytes", "/memory/classes/heap/unused:bytes", "/memory/classes/heap/free:bytes",
		"/memory/classes/heap/released:bytes", "/memory/classes/heap/stacks:bytes", "/memory/classes/total:bytes",
		"/gc/heap/goal:bytes", "/gc/heap/live:bytes", "/gc/heap/objects:objects",
		"/gc/heap/allocs:bytes", "/gc/heap/frees:bytes", "/gc/cycles/total:gc-cycles",
	}
	samples := make([]metrics.Sample, len(names))
	for i, name := range names {
		samples[i].Name = name
	}
	metrics.Read(samples)
	var b strings.Builder
	b.WriteString("Go runtime\n")
	for _, s := range samples {
		if s.Value.Kind() == metrics.KindUint64 {
			fmt.Fprintf(&b, "%-40s %d\n", s.Name, s.Value.Uint64())
		}
	}
	return b.String()
}
