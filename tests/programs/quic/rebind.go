package main

import (
	"errors"
	"net"
	"sync"
	"time"
)

// rebindable is a socket that can take another port, unseen by QUIC: what a NAT does that forgot its mapping.
type rebindable struct {
	mutex  sync.Mutex
	socket *net.UDPConn
}

func newRebindable() (*rebindable, error) {
	socket, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	return &rebindable{socket: socket}, err
}

func (r *rebindable) plain() *net.UDPConn {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return r.socket
}

func (r *rebindable) port() int { return r.plain().LocalAddr().(*net.UDPAddr).Port }

// rebind goes on with a fresh port and gives the old one up; what is on the way to that is lost.
func (r *rebindable) rebind() (int, error) {
	fresh, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return 0, err
	}
	old := r.plain()
	r.mutex.Lock()
	r.socket = fresh
	r.mutex.Unlock()
	return r.port(), old.Close()
}

func (r *rebindable) ReadFrom(buffer []byte) (int, net.Addr, error) {
	for {
		socket := r.plain()
		n, from, err := socket.ReadFrom(buffer)
		if err == nil || !errors.Is(err, net.ErrClosed) || socket == r.plain() {
			return n, from, err
		}
	}
}

func (r *rebindable) WriteTo(datagram []byte, to net.Addr) (int, error) {
	for {
		socket := r.plain()
		n, err := socket.WriteTo(datagram, to)
		if err == nil || !errors.Is(err, net.ErrClosed) || socket == r.plain() {
			return n, err
		}
	}
}

func (r *rebindable) Close() error                      { return r.plain().Close() }
func (r *rebindable) LocalAddr() net.Addr               { return r.plain().LocalAddr() }
func (r *rebindable) SetDeadline(t time.Time) error     { return r.plain().SetDeadline(t) }
func (r *rebindable) SetReadDeadline(t time.Time) error { return r.plain().SetReadDeadline(t) }
func (r *rebindable) SetWriteDeadline(t time.Time) error {
	return r.plain().SetWriteDeadline(t)
}
