// Command differ compares two servers by random commands: it sends the same
// streams to both and compares every reply and what is left behind, byte for byte.
//
//	go run ./conformance/differ -servers respect,redis -duration 30s
//
// A difference is shrunk to a few requests and printed as a transcript, with the
// flags that show it again. What may differ, because nobody promises it or because
// releases do, is named and counted at the end; see the packages stream and duel.
//
//	-servers a,b     two of: redis, valkey, respect, host:port of a server that is
//	                 there and empty, the path of a program
//	-seed N          the same streams again; a fresh one is drawn and printed
//	-stream N        only this stream, or from this one on if -n or -duration is given
//	-n N             stop after so many requests
//	-duration D      stop after so long (10s, if nothing else says when)
//	-several N       one in N streams has several connections (4); 0 for none
//	-groups a,b      only commands of these groups
//	-commands a,b    half of all requests are these commands
//	-keep-going      collect distinct differences, up to -limit
//	-transcripts D   write each difference to a file of its own in this directory
//
// Exit status: 0 if there was no difference, or if a server is not installed, which
// it says; 1 if there was one; 2 if the servers could not be compared.
package main
