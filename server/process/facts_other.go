//go:build !linux

package process

import (
	"runtime"
	"runtime/metrics"
	"time"
)

func resident() uint64 { return 0 }

func physical() uint64 { return 0 }

// cpu returns what the runtime estimates for Go code, as user time.
func cpu() (user, sys time.Duration) {
	samples := []metrics.Sample{{Name: "/cpu/classes/user:cpu-seconds"}}
	metrics.Read(samples)
	return time.Duration(samples[0].Value.Float64() * float64(time.Second)), 0
}

func system() string { return runtime.GOOS + " " + runtime.GOARCH }
