// What the benchmark's programs share: sockets, addresses, clocks.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <vector>

namespace stevedore::bench {

// Of every socket of the benchmark: what all proxies are told to ask for.
inline constexpr int kBufferBytes = 4 << 20;

// Ends the program with the system's reason.
[[noreturn]] void Fail(const char* what);
// "10.0.0.1:5". Ends the program when it is none.
sockaddr_in ParseAddress(const std::string& text);
// Non-blocking, bound, IPv4, with buffers of kBufferBytes. Ends the program on failure.
int UdpSocket(const sockaddr_in& address);
std::uint16_t PortOf(int fd);
// CLOCK_MONOTONIC, nanoseconds.
std::int64_t Now();
// CPU time of a process, all its threads, in nanoseconds; 0 when it is gone.
std::int64_t CpuTime(int pid);

// The programs. Each returns the exit code.
int Forward(const std::vector<std::string>& arguments);
int Load(const std::vector<std::string>& arguments);

}  // namespace stevedore::bench
