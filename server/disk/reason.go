package disk

import (
	"errors"
	"strings"
	"syscall"
)

// Reason returns the text of an error as C's library has it: "No space left on device".
func Reason(err error) string {
	text := err.Error()
	var number syscall.Errno
	if errors.As(err, &number) {
		text = number.Error()
	}
	return strings.ToUpper(text[:min(1, len(text))]) + text[min(1, len(text)):]
}
