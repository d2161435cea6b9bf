package main

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"github.com/quic-go/quic-go"
)

// Where in the download the client's port changes.
const changeAfter = 16 << 20

// A client that only receives says nothing from a new port by itself, so nobody would ever learn of it.
const keepAlive = 200 * time.Millisecond

// result is what the client says of one connection.
type result struct {
	Server byte   `json:"server"` // the id that the server said
	Bytes  int64  `json:"bytes"`
	Sha256 string `json:"sha256"`
	Ports  []int  `json:"ports"` // of the client, in the order of their use
	Error  string `json:"error"`
}

// fetchAll prints the results as JSON.
func fetchAll(ctx context.Context, target string, connections int, change string) error {
	address, err := net.ResolveUDPAddr("udp4", target)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	results := make([]result, connections)
	var all sync.WaitGroup
	for i := range results {
		all.Go(func() {
			if err := fetch(ctx, address, change, &results[i]); err != nil {
				results[i].Error = err.Error()
			}
		})
	}
	all.Wait()
	return json.NewEncoder(os.Stdout).Encode(results)
}

func fetch(ctx context.Context, address *net.UDPAddr, change string, got *result) error {
	socket, err := newRebindable()
	if err != nil {
		return err
	}
	got.Ports = append(got.Ports, socket.port())
	transport := &quic.Transport{Conn: socket.plain()}
	if change == "rebind" {
		transport.Conn = socket
	}
	defer socket.Close()
	defer transport.Close()
	// The servers' certificates are made when they start; the checksum is the verdict.
	conn, err := transport.Dial(ctx, address,
		&tls.Config{InsecureSkipVerify: true, NextProtos: []string{protocol}}, &quic.Config{KeepAlivePeriod: keepAlive})
	if err != nil {
		return err
	}
	defer conn.CloseWithError(0, "got it all")
	stream, err := conn.OpenStreamSync(ctx)
	if err != nil {
		return err
	}
	stream.Close() // an empty request; what is sent first makes the server see the stream
	return receive(stream, got, func() error {
		var port int
		var err error
		switch change {
		case "migrate":
			port, err = migrate(ctx, conn)
		case "rebind":
			port, err = socket.rebind()
		default:
			return nil
		}
		got.Ports = append(got.Ports, port)
		return err
	})
}

// receive reads to the end and calls `change` on the way.
func receive(stream io.Reader, got *result, change func() error) error {
	var id [1]byte
	if _, err := io.ReadFull(stream, id[:]); err != nil {
		return err
	}
	got.Server = id[0]
	sum := sha256.New()
	var err error
	if got.Bytes, err = io.CopyN(sum, stream, changeAfter); err != nil {
		return err
	}
	if err = change(); err != nil {
		return err
	}
	rest, err := io.Copy(sum, stream)
	got.Bytes += rest
	got.Sha256 = fmt.Sprintf("%x", sum.Sum(nil))
	return err
}

// migrate moves the connection to another port, as RFC 9000 §9 has it: probe the path, then switch. The old socket
// stays, for what is under way.
func migrate(ctx context.Context, conn *quic.Conn) (int, error) {
	socket, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return 0, err
	}
	path, err := conn.AddPath(&quic.Transport{Conn: socket})
	if err != nil {
		return 0, err
	}
	if err = path.Probe(ctx); err != nil {
		return 0, fmt.Errorf("probe of the new path: %w", err)
	}
	return socket.LocalAddr().(*net.UDPAddr).Port, path.Switch()
}
