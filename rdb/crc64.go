package rdb

import "encoding/binary"

// crcPolynomial is Jones' polynomial, 0xad93d23594c935a9, with its bits reversed, because the
// checksum processes the lowest bit of each byte first.
const crcPolynomial = 0x95ac9329ac4bc9b5

// crcTables[k][b] is the checksum of byte b followed by k zero bytes. With eight of them, eight
// bytes are folded into the checksum by eight independent look-ups.
var crcTables = func() (tables [8][256]uint64) {
	for b := range 256 {
		crc := uint64(b)
		for range 8 {
			crc = crc>>1 ^ crcPolynomial&-(crc&1)
		}
		tables[0][b] = crc
	}
	for k := 1; k < 8; k++ {
		for b := range 256 {
			crc := tables[k-1][b]
			tables[k][b] = tables[0][byte(crc)] ^ crc>>8
		}
	}
	return tables
}()

// CRC64 continues the checksum crc, 0 at the start, with p: CRC-64/Jones, reflected, without
// inversion, the one of RDB files and DUMP payloads. The checksum of "123456789" is
// 0xe9c6d914c4b8d9ca.
func CRC64(crc uint64, p []byte) uint64 {
	t := &crcTables
	for len(p) >= 8 {
		crc ^= binary.LittleEndian.Uint64(p)
		crc = t[7][byte(crc)] ^ t[6][byte(crc>>8)] ^ t[5][byte(crc>>16)] ^ t[4][byte(crc>>24)] ^
			t[3][byte(crc>>32)] ^ t[2][byte(crc>>40)] ^ t[1][byte(crc>>48)] ^ t[0][crc>>56]
		p = p[8:]
	}
	for _, b := range p {
		crc = t[0][byte(crc)^b] ^ crc>>8
	}
	return crc
}
