package stream

import (
	"encoding/binary"
	"hash/crc64"
	"slices"
)

// Payloads of RESTORE: what DUMP of a server told for values of all kinds, some of them
// damaged, of which some again have a checksum that is right, so that it is the value that
// has to be found damaged.

// trailer is the length of version and checksum behind the value.
const trailer = 2 + 8

// payload draws one that DUMP has told, or one of a small value of each type.
func payload(d *draw) string {
	all := d.opts.Payloads
	if len(all) == 0 || d.IntN(4) == 0 {
		all = payloads
	}
	p := d.pick(all)
	switch d.IntN(12) {
	case 0:
		return p[:d.IntN(len(p))]
	case 1:
		i := d.IntN(len(p))
		return p[:i] + string([]byte{p[i] ^ byte(1<<d.IntN(8))}) + p[i+1:]
	case 2:
		return d.damaged(p)
	}
	return p
}

// SmallPayloads are those that are drawn besides what servers tell.
func SmallPayloads() []string { return slices.Clone(payloads) }

// damaged changes the value and makes the checksum fit.
func (d *draw) damaged(p string) string {
	value, version := []byte(p[:len(p)-trailer]), p[len(p)-trailer:len(p)-8]
	for range 1 + d.IntN(3) {
		if len(value) == 0 {
			break
		}
		i := d.IntN(len(value))
		switch d.IntN(4) {
		case 0:
			value = value[:i]
		case 1:
			value = append(value[:i:i], value[min(i+1+d.IntN(3), len(value)):]...)
		case 2:
			value[i] = byte(d.IntN(256))
		default:
			value[i] ^= byte(1 << d.IntN(8))
		}
	}
	whole := append(value, version...)
	return string(binary.LittleEndian.AppendUint64(whole, checksum(whole)))
}

// jones is the polynomial of the RDB format, in the order of bits that hash/crc64 takes.
var jones = crc64.MakeTable(0x95ac9329ac4bc9b5)

// checksum is that of the RDB format, which inverts neither before nor behind.
func checksum(b []byte) uint64 { return ^crc64.Update(^uint64(0), jones, b) }
