package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of the times in /proc. Linux shows them in hundredths of a
// second on every architecture that Go supports.
const tick = time.Second / 100

// usage is what a process has used so far.
type usage struct {
	cpu      time.Duration // user and system, of all its threads
	resident int64         // bytes
}

// usageOf reads the usage of a process.
func usageOf(pid int) (usage, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return usage{}, err
	}
	return parseStat(stat, int64(os.Getpagesize()))
}

// Positions of fields among those after the name of the program, see proc(5):
// that page counts from 1 and has two fields before them.
const (
	statUtime = 14 - 3
	statStime = 15 - 3
	statRSS   = 24 - 3
)

// parseStat reads the content of /proc/<pid>/stat:
//
//	pid (program) S ppid … utime stime … rss …
//
// The program's name may hold spaces and parentheses; the last ")" ends it.
func parseStat(stat []byte, pageSize int64) (usage, error) {
	end := bytes.LastIndexByte(stat, ')')
	fields := strings.Fields(string(stat[end+1:]))
	if end < 0 || len(fields) <= statRSS {
		return usage{}, fmt.Errorf("unexpected form of /proc/<pid>/stat: %q", stat)
	}
	var number [3]int64
	for i, at := range []int{statUtime, statStime, statRSS} {
		n, err := strconv.ParseInt(fields[at], 10, 64)
		if err != nil {
			return usage{}, fmt.Errorf("/proc/<pid>/stat: %w", err)
		}
		number[i] = n
	}
	return usage{cpu: time.Duration(number[0]+number[1]) * tick, resident: number[2] * pageSize}, nil
}
