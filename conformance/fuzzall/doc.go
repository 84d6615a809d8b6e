// Command fuzzall runs every native fuzz target of the module for a short time, one
// after the other, and stops at the first input that makes one fail.
//
//	go run ./conformance/fuzzall [-time 5s] [-skip regexp] [packages]
//
// The failing input is left under testdata/fuzz of its package, as "go test -fuzz"
// leaves it: from then on, "go test" tries it each time.
//
// The targets are found in the sources, because listing them with "go test" would
// build every test of the module. Each package is built once, with the
// instrumentation for fuzzing, and its test binary is then started directly: "go
// test" itself leaves that binary behind when it is ended from outside.
package main
