package rdb

import "fmt"

// Version numbers of the file format that this package reads.
const (
	MinVersion = 1
	MaxVersion = 12

	// Versions before this one end with the EOF opcode, without a checksum.
	firstChecksumVersion = 5
)

// Opcode is the byte in front of everything in a file that is not a key.
type Opcode byte

// The opcodes.
const (
	OpSlotInfo      Opcode = 244 // length slot, length keys, length expires
	OpFunction2     Opcode = 245 // string source
	OpFunctionPreGA Opcode = 246 // release candidates of Redis 7.0 only
	OpModuleAux     Opcode = 247 // module ID, then module data
	OpIdle          Opcode = 248 // length, seconds
	OpFreq          Opcode = 249 // one byte, logarithmic counter
	OpAux           Opcode = 250 // string name, string value
	OpResizeDB      Opcode = 251 // length keys, length expires
	OpExpireTimeMs  Opcode = 252 // int64 little endian, Unix time in milliseconds
	OpExpireTime    Opcode = 253 // int32 little endian, Unix time in seconds
	OpSelectDB      Opcode = 254 // length
	OpEOF           Opcode = 255 // then the checksum
)

var opcodeNames = map[Opcode]string{
	OpSlotInfo: "SLOT_INFO", OpFunction2: "FUNCTION2", OpFunctionPreGA: "FUNCTION_PRE_GA",
	OpModuleAux: "MODULE_AUX", OpIdle: "IDLE", OpFreq: "FREQ", OpAux: "AUX", OpResizeDB: "RESIZEDB",
	OpExpireTimeMs: "EXPIRETIME_MS", OpExpireTime: "EXPIRETIME", OpSelectDB: "SELECTDB", OpEOF: "EOF",
}

func (op Opcode) String() string {
	if name, ok := opcodeNames[op]; ok {
		return name
	}
	return fmt.Sprintf("opcode %d", byte(op))
}

// Type is the byte in front of a key; it says how the value is stored.
type Type byte

// The value types. Which release wrote which is told at the end of each line.
const (
	TypeString              Type = 0
	TypeList                Type = 1 // elements one by one, to 3.0
	TypeSet                 Type = 2
	TypeZSet                Type = 3 // scores as text, to 3.2
	TypeHash                Type = 4
	TypeZSet2               Type = 5 // scores as binary64, 4.0+
	TypeModulePreGA         Type = 6 // release candidates of 4.0
	TypeModule2             Type = 7
	TypeHashZipmap          Type = 9  // to 2.4
	TypeListZiplist         Type = 10 // to 3.0
	TypeSetIntset           Type = 11
	TypeZSetZiplist         Type = 12 // to 6.2
	TypeHashZiplist         Type = 13 // to 6.2
	TypeListQuicklist       Type = 14 // ziplist nodes, 3.2 to 6.2
	TypeStream              Type = 15 // 5.0 to 6.2
	TypeHashListpack        Type = 16 // 7.0+
	TypeZSetListpack        Type = 17 // 7.0+
	TypeListQuicklist2      Type = 18 // listpack and plain nodes, 7.0+
	TypeStream2             Type = 19 // 7.0
	TypeSetListpack         Type = 20 // 7.2+
	TypeStream3             Type = 21 // 7.2+
	TypeHashMetadataPreGA   Type = 22 // release candidates of 7.4
	TypeHashListpackExPreGA Type = 23 // release candidates of 7.4
	TypeHashMetadata        Type = 24 // field expiries, 7.4+
	TypeHashListpackEx      Type = 25 // field expiries, 7.4+
)

// typeNames are the names that redis-check-rdb prints.
var typeNames = [...]string{
	TypeString: "string", TypeList: "list-linked", TypeSet: "set-hashtable", TypeZSet: "zset-v1",
	TypeHash: "hash-hashtable", TypeZSet2: "zset-v2", TypeModulePreGA: "module-pre-release",
	TypeModule2: "module-value", TypeHashZipmap: "hash-zipmap", TypeListZiplist: "list-ziplist",
	TypeSetIntset: "set-intset", TypeZSetZiplist: "zset-ziplist", TypeHashZiplist: "hash-ziplist",
	TypeListQuicklist: "quicklist", TypeStream: "stream", TypeHashListpack: "hash-listpack",
	TypeZSetListpack: "zset-listpack", TypeListQuicklist2: "quicklist-v2", TypeStream2: "stream-v2",
	TypeSetListpack: "set-listpack", TypeStream3: "stream-v3",
	TypeHashMetadataPreGA: "hash-hashtable-md-pre-release", TypeHashListpackExPreGA: "hash-listpack-md-pre-release",
	TypeHashMetadata: "hash-hashtable-md", TypeHashListpackEx: "hash-listpack-md",
}

// Known reports whether some release wrote values of this type.
func (t Type) Known() bool { return int(t) < len(typeNames) && typeNames[t] != "" }

// fieldsExpire reports whether it is a type of hashes whose fields may expire.
func (t Type) fieldsExpire() bool {
	switch t {
	case TypeHashMetadataPreGA, TypeHashListpackExPreGA, TypeHashMetadata, TypeHashListpackEx:
		return true
	}
	return false
}

func (t Type) String() string {
	if t.Known() {
		return typeNames[t]
	}
	return fmt.Sprintf("type %d", byte(t))
}
