// Package target finds the server that the suite talks to: a real Redis or
// Valkey, or ours, started for the purpose on a free loopback port, or one that
// already runs and was named by its address. It asks the server who it is.
package target
