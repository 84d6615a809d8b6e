package command

// A Change is what a release has changed about a command.
type Change struct {
	Since Version
	Text  string
}

// changes are the histories of commands, by full name. Commands that have been the
// same since they came are not listed.
var changes = map[string][]change{
	"auth":         {{"6.0.0", "Takes a user name, too."}},
	"bitcount":     {{"7.0.0", "Knows `BYTE` and `BIT`."}},
	"bitpos":       {{"7.0.0", "Knows `BYTE` and `BIT`."}},
	"blpop":        {{"6.0.0", "The timeout may have a fraction."}},
	"brpop":        {{"6.0.0", "The timeout may have a fraction."}},
	"brpoplpush":   {{"6.0.0", "The timeout may have a fraction."}},
	"bzpopmax":     {{"6.0.0", "The timeout may have a fraction."}},
	"bzpopmin":     {{"6.0.0", "The timeout may have a fraction."}},
	"client|pause": {{"6.2.0", "Can let writes alone wait, by `WRITE`."}},
	"client|kill": {
		{"2.8.12", "Takes filters by name."},
		{"2.8.12", "Knows the filter `ID`."},
		{"3.2.0", "`TYPE` knows `master`."},
		{"5.0.0", "`TYPE` knows `replica`, which is what `slave` means."},
		{"6.2.0", "Knows the filter `LADDR`."},
	},
	"client|list": {
		{"2.8.12", "Shows `id`."},
		{"5.0.0", "Filters by `TYPE`."},
		{"6.0.0", "Shows `user`."},
		{"6.2.0", "Shows `argv-mem`, `tot-mem`, `laddr` and `redir`, and filters by `ID`."},
		{"7.0.0", "Shows `resp`, `multi-mem`, `rbs` and `rbp`."},
		{"7.0.3", "Shows `ssub`."},
	},
	"command|info": {{"7.0.0", "Without names it describes all commands."}},
	"config|get":   {{"7.0.0", "Takes several patterns."}},
	"config|set":   {{"7.0.0", "Changes several parameters at once."}},
	"exists":       {{"3.0.3", "Takes several keys."}},
	"expire":       {{"7.0.0", "Knows `NX`, `XX`, `GT` and `LT`."}},
	"expireat":     {{"7.0.0", "Knows `NX`, `XX`, `GT` and `LT`."}},
	"flushall":     {{"4.0.0", "Knows `ASYNC`."}, {"6.2.0", "Knows `SYNC`."}},
	"flushdb":      {{"4.0.0", "Knows `ASYNC`."}, {"6.2.0", "Knows `SYNC`."}},
	"hdel":         {{"2.4.0", "Takes several fields."}},
	"hello":        {{"6.2.0", "Without a version it keeps the protocol."}},
	"hset":         {{"4.0.0", "Takes several fields with their values."}},
	"info":         {{"7.0.0", "Takes several sections."}},
	"lpop":         {{"6.2.0", "Takes a count."}},
	"lpush":        {{"2.4.0", "Takes several elements."}},
	"lpushx":       {{"4.0.0", "Takes several elements."}},
	"pexpire":      {{"7.0.0", "Knows `NX`, `XX`, `GT` and `LT`."}},
	"pexpireat":    {{"7.0.0", "Knows `NX`, `XX`, `GT` and `LT`."}},
	"pttl":         {{"2.8.0", "Tells by -2 that there is no key."}},
	"renamenx":     {{"3.2.0", "The same name twice is no error."}},
	"rpop":         {{"6.2.0", "Takes a count."}},
	"rpush":        {{"2.4.0", "Takes several elements."}},
	"rpushx":       {{"4.0.0", "Takes several elements."}},
	"scan":         {{"6.0.0", "Filters by `TYPE`."}},
	"set": {
		{"2.6.12", "Knows `EX`, `PX`, `NX` and `XX`."},
		{"6.0.0", "Knows `KEEPTTL`."},
		{"6.2.0", "Knows `GET`, `EXAT` and `PXAT`."},
		{"7.0.0", "`NX` and `GET` go together."},
	},
	"shutdown": {{"7.0.0", "Knows `NOW`, `FORCE` and `ABORT`."}},
	"ttl":      {{"2.8.0", "Tells by -2 that there is no key."}},
	"zadd": {
		{"2.4.0", "Takes several members."},
		{"3.0.2", "Knows `XX`, `NX`, `CH` and `INCR`."},
		{"6.2.0", "Knows `GT` and `LT`."},
	},
	"zrange":           {{"6.2.0", "Knows `REV`, `BYSCORE`, `BYLEX` and `LIMIT`."}},
	"zrangebyscore":    {{"2.0.0", "Knows `WITHSCORES`."}},
	"zrank":            {{"7.2.0", "Knows `WITHSCORE`."}},
	"zrem":             {{"2.4.0", "Takes several members."}},
	"zrevrangebyscore": {{"2.1.6", "The ends may be excluded."}},
	"zrevrank":         {{"7.2.0", "Knows `WITHSCORE`."}},
}

// change is a Change as it is written down.
type change struct{ since, text string }

// History returns what releases have changed about the command, oldest first.
func (s *Spec) History() []Change {
	var history []Change
	for _, c := range changes[s.FullName] {
		since, err := ParseVersion(c.since)
		if err != nil {
			panic("command " + s.FullName + ": " + err.Error())
		}
		history = append(history, Change{since, c.text})
	}
	return history
}
