/* A peer: answers each datagram on UDP port $PORT (7777) with its host's name, a bar and the datagram. It is ready while
   TCP connections to that port succeed: the datagram "unready" ends that, "ready" brings it back. */
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct sockaddr_in6 own = {.sin6_family = AF_INET6};

static void end(int signal) {
  (void)signal;
  _exit(0);
}

static int open_socket(int type) {
  int one = 1, fd = socket(AF_INET6, type, 0);
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(fd, (struct sockaddr*)&own, sizeof own) != 0) perror("bind"), exit(1);
  if (type == SOCK_STREAM && listen(fd, 16) != 0) perror("listen"), exit(1);
  return fd;
}

int main(void) {
  static char buffer[65535 + 300];
  const char* text = getenv("PORT");
  int udp, tcp;
  size_t name;

  signal(SIGTERM, end); /* pid 1 has no default action */
  own.sin6_port = htons(text ? atoi(text) : 7777);
  if (gethostname(buffer, 256) != 0) return perror("gethostname"), 1;
  name = strlen(buffer);
  buffer[name++] = '|';
  udp = open_socket(SOCK_DGRAM);
  tcp = open_socket(SOCK_STREAM);
  for (;;) {
    struct pollfd wait[2] = {{.fd = udp, .events = POLLIN}, {.fd = tcp, .events = POLLIN}};
    struct sockaddr_in6 from;
    socklen_t length = sizeof from;
    ssize_t size;
    poll(wait, 2, -1);
    if (wait[1].revents) close(accept(tcp, NULL, NULL));
    if (!wait[0].revents) continue;
    size = recvfrom(udp, buffer + name, 65535, 0, (struct sockaddr*)&from, &length);
    if (size < 0) continue;
    if (size == 7 && memcmp(buffer + name, "unready", 7) == 0 && tcp >= 0) close(tcp), tcp = -1;
    if (size == 5 && memcmp(buffer + name, "ready", 5) == 0 && tcp < 0) tcp = open_socket(SOCK_STREAM);
    sendto(udp, buffer, name + (size_t)size, 0, (struct sockaddr*)&from, length);
  }
}
