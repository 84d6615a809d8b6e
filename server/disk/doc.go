// Package disk is how files are written that have to be whole, or not to be there. What
// it asks of the operating system is an interface, so that a test can let any of it fail.
//
// A file is written under another name, synced, and renamed; then the directory is synced,
// so that the new name outlasts a crash, too:
//
//	NewDraft   create temp
//	Write ...  write
//	Finish     fsync, close
//	Publish    rename temp to name, fsync of the directory
//	Discard    remove temp, at any time before Publish
package disk
