//go:build !unix

package disk

import "os"

// syncDir does nothing where directories cannot be synced.
func syncDir(string) error { return nil }

func rename(from, to string) error { return os.Rename(from, to) }
