package keyspace

// Every object carries 24 bits that tell how it was used.
//
// By default they are an LRU clock: seconds, which wrap after 194 days.
//
//	23                                  0
//	+------------------------------------+
//	| seconds of the last use, mod 2^24  |
//	+------------------------------------+
//
// With an LFU eviction policy they are a logarithmic counter of uses with the
// minute in which it was last lowered.
//
//	23                  8 7             0
//	+--------------------+---------------+
//	| minutes, mod 2^16  | counter       |
//	+--------------------+---------------+

const (
	clockMask      = 1<<24 - 1
	minutesMask    = 1<<16 - 1
	lfuCounterMask = 0xff
	lfuInitial     = 5 // so that a new key is not the first one evicted
)

func (o *Object) clock() uint32 { return o.meta >> lruShift }

func (o *Object) setClock(c uint32) {
	o.meta = o.meta&(1<<lruShift-1) | c<<lruShift
}

// LRUClock returns the present value of the LRU clock.
func (ks *Keyspace) LRUClock() uint32 { return uint32(ks.nowMs/1000) & clockMask }

func (ks *Keyspace) lfuMinutes() uint32 { return uint32(ks.nowMs/60000) & minutesMask }

func (db *DB) initClock(o *Object) {
	if db.ks.Settings.LFU {
		o.setClock(db.ks.lfuMinutes()<<8 | lfuInitial)
		return
	}
	o.setClock(db.ks.LRUClock())
}

func (db *DB) touch(o *Object) {
	ks := db.ks
	if !ks.Settings.LFU {
		o.setClock(ks.LRUClock())
		return
	}
	o.setClock(ks.lfuMinutes()<<8 | uint32(ks.lfuRaise(ks.lfuDecayed(o))))
}

// lfuRaise counts a use. The higher the counter, the less likely it rises.
func (ks *Keyspace) lfuRaise(counter uint8) uint8 {
	if counter == lfuCounterMask {
		return counter
	}
	base := max(0, int(counter)-lfuInitial)
	if ks.rand.Float64() < 1/float64(base*ks.Settings.LFULogFactor+1) {
		counter++
	}
	return counter
}

// lfuDecayed returns the counter lowered by the time that has passed.
func (ks *Keyspace) lfuDecayed(o *Object) uint8 {
	c := o.clock()
	counter := int(c & lfuCounterMask)
	if ks.Settings.LFUDecayMinutes > 0 {
		idle := (ks.lfuMinutes() - c>>8) & minutesMask
		counter -= int(idle) / ks.Settings.LFUDecayMinutes
	}
	return uint8(max(0, counter))
}

// LRUClockOf returns the value of the LRU clock when the key was used last.
func (ks *Keyspace) LRUClockOf(o *Object) uint32 { return o.clock() }

// IdleSeconds returns how long ago the key was used last, in seconds. It means
// something only without an LFU policy.
func (ks *Keyspace) IdleSeconds(o *Object) int64 {
	return int64((ks.LRUClock() - o.clock()) & clockMask)
}

// Frequency returns the logarithmic counter of uses, 0 to 255. It means
// something only with an LFU policy.
func (ks *Keyspace) Frequency(o *Object) int64 { return int64(ks.lfuDecayed(o)) }

// SetIdleSeconds dates the last use of a key back, as a file says. It has no
// effect with an LFU policy.
func (ks *Keyspace) SetIdleSeconds(o *Object, seconds int64) {
	if !ks.Settings.LFU {
		o.setClock((ks.LRUClock() - uint32(seconds)) & clockMask)
	}
}

// SetFrequency sets the counter of uses, as a file says. It has an effect only
// with an LFU policy.
func (ks *Keyspace) SetFrequency(o *Object, counter uint8) {
	if ks.Settings.LFU {
		o.setClock(ks.lfuMinutes()<<8 | uint32(counter))
	}
}
