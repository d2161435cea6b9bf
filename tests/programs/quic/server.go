package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"time"

	"github.com/quic-go/quic-go"
)

// serverIDs makes connection ids that a load balancer can read: the server's id, then random bytes.
type serverIDs struct{ id byte }

func (s serverIDs) GenerateConnectionID() (quic.ConnectionID, error) {
	raw := make([]byte, s.ConnectionIDLen())
	if _, err := rand.Read(raw[1:]); err != nil {
		return quic.ConnectionID{}, err
	}
	raw[0] = s.id
	return quic.ConnectionIDFromBytes(raw), nil
}

func (serverIDs) ConnectionIDLen() int { return 8 }

// serve answers each stream with its id and the file, until the context ends.
func serve(ctx context.Context, id byte, file string) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	certificate, err := selfSigned()
	if err != nil {
		return err
	}
	socket, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return err
	}
	transport := quic.Transport{Conn: socket, ConnectionIDGenerator: serverIDs{id}}
	defer transport.Close()
	listener, err := transport.Listen(
		&tls.Config{Certificates: []tls.Certificate{certificate}, NextProtos: []string{protocol}}, &quic.Config{})
	if err != nil {
		return err
	}
	fmt.Printf("Serving port=%d\n", socket.LocalAddr().(*net.UDPAddr).Port)
	for {
		conn, err := listener.Accept(ctx)
		if err != nil {
			return nil // told to end
		}
		go answer(ctx, conn, append([]byte{id}, content...))
	}
}

func answer(ctx context.Context, conn *quic.Conn, content []byte) {
	began := conn.RemoteAddr()
	stream, err := conn.AcceptStream(ctx)
	if err == nil {
		_, err = io.Copy(stream, bytes.NewReader(content))
		stream.Close()
	}
	<-conn.Context().Done() // the client closes when it has all
	fmt.Printf("Served from=%v to=%v error=%v closed=%v\n", began, conn.RemoteAddr(), err, context.Cause(conn.Context()))
}

func selfSigned() (tls.Certificate, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
	return tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: private}, err
}
