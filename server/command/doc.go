// Package command says what a command is, without clients and handlers: its
// name, arity, flags, ACL categories, keys, syntax and documentation.
//
// A command is written down once, by [New], in compact notations that read like
// a reference page:
//
//	//  name   arity  flags @categories        keys             group since   complexity
//	//  syntax
//	//  summary
//	New("lmove", 5, "write denyoom @list",     "1 RW access delete; 2 RW insert", "list 6.2.0", "O(1)",
//		"source:key destination:key wherefrom(LEFT | RIGHT) whereto(LEFT | RIGHT)",
//		"Moves an element from one end of a list to an end of another.")
//
// Everything else follows from that: which categories a flag implies, the first
// and last key in the old form, where the keys of a request are ([Spec.Keys]), the
// tree of arguments that COMMAND DOCS shows ([Spec.Args]), the plain syntax line
// ([Spec.Usage]).
//
// # Flags
//
// Words separated by blanks: a flag as COMMAND INFO names it, an ACL category
// with its @ (those that flags imply are left out), a tip as "tip:text", and
// "doc:syscmd" for commands that are not for users.
//
// # Keys
//
// One specification per group of keys, separated by semicolons: where to begin,
// what follows, the flags of the keys, a note in parentheses.
//
//	1 RO access              argument 1
//	1..-1 RW delete          from argument 1 to the last
//	1..-2 RW access          to the one before the last
//	1..+1 RW                 argument 1 and one more
//	1..-1/2 OW update        every second of them
//	2# RO access             argument 2 is the number of the keys behind it
//	STORE@6 OW update        behind the word STORE, searched from argument 6 on
//	KEYS@-2..-1 RW           searched backwards from the last but one; to the end
//	STREAMS@1..-1%2 RO       the first half of what is behind STREAMS
//	? RO access              cannot be told from the syntax
//
// A last part "by name" names a function of this package that finds the keys
// where the specifications are incomplete.
//
// # Origin
//
// Group, the release in which the command came, and, if it should no longer be
// used, since when and what replaces it:
//
//	list 1.2.0 deprecated 6.2.0 `LMOVE` with the `RIGHT` and `LEFT` arguments
//
// # Syntax
//
//	key:key  n:integer       an argument and its type: key, string, integer,
//	                         double, pattern, unix-time
//	EX seconds:integer       an argument behind a word
//	NX                       a word alone; its name is nx
//	change=CH  auto-id="*"   a word whose name is another, or that is no word, or
//	                         that stands right before an argument
//	where(LEFT | RIGHT)      one of several
//	limit(a:integer b:integer)   several that belong together
//	[...]                    may be left out
//	key:key...               may be repeated
//	(GET pattern:pattern)... may be repeated together with its word
//
// Behind a name and its type or alternatives may follow, in this order: <text> to
// be shown in place of the name, #2 as the index of the key specification (keys
// are numbered in order otherwise), @6.2.0 for the release in which it came, and
// !2.8.12 for the one that deprecated it.
package command
