package server_test

import (
	"context"
	"fmt"
	"io"

	"github.com/redis/go-redis/v9"

	"respect/server"
)

// A server of one's own for a test: empty, on a free port, gone at the end.
func Example() {
	s := server.New(server.Options{Log: io.Discard})
	addr, err := s.StartLoopback()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()

	ctx := context.Background()
	client := redis.NewClient(&redis.Options{Addr: addr})
	defer client.Close()
	client.RPush(ctx, "queue", "a", "b")
	fmt.Println(client.LPop(ctx, "queue").Val())
	// Output: a
}
