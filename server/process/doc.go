// Package process tells facts about the running process and the system: memory,
// CPU time, and the system's name. Where a system does not tell, the answer is
// zero or empty.
package process
