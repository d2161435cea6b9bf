// A QUIC server that sends one file, and a client that fetches it and says what it got: both are quic-go.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// The name of the application protocol (ALPN).
const protocol = "stevedore-test"

func main() {
	id := flag.Uint("id", 0, "server: its id, the first byte of its connection ids and of what it sends")
	file := flag.String("file", "", "server: what it sends on each stream")
	target := flag.String("target", "", "client: host:port to fetch from")
	connections := flag.Int("connections", 1, "client: how many at once, each on a port of its own")
	change := flag.String("change", "", "client: how its port changes on the way: migrate, rebind, or not at all")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	var err error
	if *target != "" {
		err = fetchAll(ctx, *target, *connections, *change)
	} else {
		err = serve(ctx, byte(*id), *file)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
