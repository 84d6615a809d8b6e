package conformance_test

// What the table of the reference does not tell about replies.

// emptyWithoutKeys are the commands without keys that can find nothing.
var emptyWithoutKeys = []string{
	"client|getname", "client|kill", "client|list", "client|unblock", "command|docs", "command|info", "command|list", "config|get",
	"dbsize", "info", "keys", "randomkey", "scan",
}

// never lists the commands that cannot give a kind of reply although the table
// lets it expect.
var never = map[string][]string{}
