package server

import "strings"

// stats are the counts that INFO shows.
type stats struct {
	connections         uint64
	rejectedConnections uint64
	commands            uint64
	errors              uint64
	protocolErrors      uint64
	bytesIn, bytesOut   uint64
	queryBufferKills    uint64 // connections closed for their query buffer
	outputBufferKills   uint64 // connections closed for their unread replies
	evictedKeys         uint64 // deleted to free memory
	evictedClients      uint64 // connections closed to free memory
	deniedAuth          uint64 // failed AUTH
	saves               uint64 // begun
	sanitized           uint64 // listpacks and intsets that sanitize-dump-payload had validated

	startMemory, peakMemory uint64 // bytes
	loadedKeys, loadExpired uint64 // of the RDB file: kept, and left out as expired

	errorCounts map[string]uint64 // by the error's first word

	sampled    [sampleCount]sample
	lastSample sample
	nextSample int
}

// sample is what was counted in one period of cron, per second.
type sample struct {
	atMs              int64
	commands          uint64
	bytesIn, bytesOut uint64
}

// sampleCount is over how many periods the instantaneous figures are averaged.
const sampleCount = 16

// maxErrorCodes bounds how many different codes are counted one by one.
const maxErrorCodes = 128

// countError counts an error reply by its code.
func (st *stats) countError(text string) {
	st.errors++
	code, _, _ := strings.Cut(text, " ")
	if st.errorCounts == nil {
		st.errorCounts = map[string]uint64{}
	}
	if _, known := st.errorCounts[code]; known || len(st.errorCounts) < maxErrorCodes {
		st.errorCounts[code]++
	}
}

// sample notes the counts of the last period for the instantaneous figures.
func (st *stats) sample(nowMs int64) {
	now := sample{nowMs, st.commands, st.bytesIn, st.bytesOut}
	last := st.lastSample
	st.lastSample = now
	ms := uint64(now.atMs - last.atMs)
	if last.atMs == 0 || now.atMs <= last.atMs {
		return
	}
	st.sampled[st.nextSample] = sample{
		commands: (now.commands - last.commands) * 1000 / ms,
		bytesIn:  (now.bytesIn - last.bytesIn) * 1000 / ms,
		bytesOut: (now.bytesOut - last.bytesOut) * 1000 / ms,
	}
	st.nextSample = (st.nextSample + 1) % sampleCount
}

// instantaneous returns the averages per second.
func (st *stats) instantaneous() sample {
	var sum sample
	for _, s := range st.sampled {
		sum.commands += s.commands
		sum.bytesIn += s.bytesIn
		sum.bytesOut += s.bytesOut
	}
	return sample{commands: sum.commands / sampleCount, bytesIn: sum.bytesIn / sampleCount, bytesOut: sum.bytesOut / sampleCount}
}
