package conformance_test

// What the table of the reference does not tell about replies.

// emptyWithoutKeys are the commands without keys that can find nothing.
var emptyWithoutKeys = []string{
	"client|getname", "client|kill", "client|list", "client|unblock", "command|docs", "command|info", "command|list", "config|get",
	"dbsize", "info", "keys", "randomkey", "scan",
}

// never lists the commands that cannot give a kind of reply although the table
// lets it expect.
var never = map[string][]string{
	kindValue: {
		"shutdown", // ends the server
	},
	kindEmpty: {
		"hincrbyfloat", "incrbyfloat", "zincrby", // a number as text
		"lpush", "rpush", // what was pushed is there
		"smismember",                                                                                          // a number for each member
		"hmset", "lset", "ltrim", "mset", "pfmerge", "psetex", "rename", "restore", "restore-asking", "setex", // OK or an error
		"migrate", // the word NOKEY
		"type",    // the word none
		"watch",
		"ssubscribe", "sunsubscribe", // messages
		"xautoclaim",                              // the ID to go on with
		"xgroup|create", "xgroup|setid", "xsetid", // OK or an error
		"xinfo|stream", // facts or an error
	},
	kindWrongType: {
		"lcs",  // has an error of its own
		"mget", // null for keys of other types
	},
}
