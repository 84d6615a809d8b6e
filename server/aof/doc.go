// Package aof is what can be said of append only files without a client: the manifest and
// the names of the files, the reader of their commands, and the commands that make a value.
//
// The log of a server is a directory of several files, which the manifest lists:
//
//	appendonlydir/appendonly.aof.manifest      which files there are, in order
//	appendonlydir/appendonly.aof.2.base.rdb    the data set at one moment; or .base.aof: as commands
//	appendonlydir/appendonly.aof.3.incr.aof    what has changed since then, as commands
//	appendonlydir/appendonly.aof.4.incr.aof    what has changed since the third began
//
// Only the last increment is written to. A rewrite begins another increment and a base at
// the same moment; when the base is complete, both replace all that was there before, which
// becomes history and is deleted. A single file of releases before 7.0 is a base with
// commands behind it.
//
// # What a crash can leave behind
//
// The manifest is replaced as a whole (package disk), and it decides what the log is:
// whatever it does not name was not part of the log yet, or is not any more.
//
//	an increment begins    create it, sync the directory, replace the manifest
//	                       a crash before the last step leaves a file that nobody names;
//	                       it is emptied when its number comes again
//	a base is complete     sync it, rename it, replace the manifest, delete the history
//	                       a crash before the manifest leaves the old log, which is whole
//	                       up to the last increment; a crash behind it leaves history in
//	                       the manifest, which is deleted at the next start
//
// The end of the last increment may be missing, and cut in the middle of a command. That is
// what [Reader] tells apart from damage: a log is loaded up to the end of its last complete
// command or transaction.
package aof
