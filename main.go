// Command respect is a Redis-compatible server.
package main

func main() {}
