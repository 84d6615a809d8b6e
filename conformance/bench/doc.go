// Command bench holds our server against the real ones: throughput, CPU time per
// request, memory per key and per idle connection, the time to save and to load RDB files,
// what a save in the background costs while keys are overwritten, and what an append only
// file costs, by appendfsync, and loading one.
//
//	go run ./conformance/bench [-quick] [-n requests] [-rounds 3]
//		[-servers redis,respect] [-workloads 'GET,LPUSH -P 32'] [-json file]
//
// The first of the servers is the reference that every other one is divided by.
// The program needs redis-benchmark (Debian: redis-tools), the real servers that it
// is asked for, and Linux, whose /proc tells what a server has used; it says so and
// does nothing where one of them is missing.
//
// Machines are noisy, so no time stands alone. Each round measures the servers one
// right after the other, changing their order from round to round; a ratio is taken
// within a round, and the median of the rounds' ratios is what counts. It need not
// be the quotient of the two medians that are printed beside it.
//
// redis-benchmark sends one command again and again. Where several belong together, in
// transactions and in the reading of groups, connections of this program send them;
// it also is the subscribers to messages, and the ten thousand that are silent.
//
// CPU time is what the server's process itself used, user and system, between the
// start and the end of redis-benchmark. It says more than the throughput, which is
// bounded by the client: redis-benchmark needs as much of a core as the server.
//
// An aim that is not met does not change the exit status, which is 1 only if
// something could not be measured.
package main
