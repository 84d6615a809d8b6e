// Crash kills a server again and again while it writes files, and tells whether what it
// finds after each start is what was acknowledged (package life).
//
//	go run ./conformance/crash -server respect -policies always,everysec,no,rdb -duration 1m
//
// It prints the counts, and ends with status 1 if a promise was broken; the files are
// kept then. Only processes that it started are killed.
package main
