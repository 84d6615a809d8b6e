package server

import (
	"respect/server/command"
)

// MEMORY: what keys and values take. The figures come from the keyspace's account
// of bytes, so that the usage of a key is exact and costs the same for a small
// value and for a big one; nothing is sampled.

var memoryCommands = []row{
	//  name, arity, flags @categories tips, keys, group since, complexity
	//  syntax
	//  summary
	{Spec: command.New("memory", -2, "", "", "server 4.0.0", "",
		"",
		"Looks at the use of memory.")},
	{handler: memoryUsageCommand, Spec: command.New("memory|usage", -3, "readonly", "2 RO", "server 4.0.0", "O(N)",
		"key:key [SAMPLES count:integer]",
		"Estimates the memory of a key and its value.")},
}

// memoryUsageCommand tells what a key and its value take.
//
//	MEMORY USAGE key [SAMPLES count]
//
// O(1). Reply: bytes, or null. The number of samples is checked and not used.
func memoryUsageCommand(c *client, a *args) error {
	key := a.next()
	for a.more() {
		if !a.optionWith("SAMPLES", 1) {
			return errSyntax
		}
		n, err := a.int()
		if err != nil {
			return err
		}
		if n < 0 {
			return errSyntax
		}
	}
	o := c.peek(key)
	if o == nil {
		c.out.Null()
		return nil
	}
	c.out.Int(int64(c.db.Usage(o)))
	return nil
}
