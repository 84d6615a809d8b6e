// Package life lets a server live and die, again and again, and tells whether it keeps its
// promises about files.
//
// In each life several clients change keys of their own as fast as the server answers, and
// others make it rewrite and save its files. Then it is killed, at a random moment or as soon as
// its files change, started again in the same directory, and asked for everything. Each client's
// keys have to be what the first n of its changes make of them, for one n: nothing may
// be applied in part, in another order or twice. How small n may be is what the server
// promised: with appendfsync always every change that was acknowledged must be there, with
// everysec those that are older than two seconds.
//
// The server is a process behind a socket; the real ones are held to the same.
package life
