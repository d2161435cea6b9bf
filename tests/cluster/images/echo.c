/* A peer: answers each datagram on UDP port $PORT (7777) with its host's name, a bar and the datagram. */
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void end(int signal) {
  (void)signal;
  _exit(0);
}

int main(void) {
  static char buffer[65535 + 300];
  const char* text = getenv("PORT");
  struct sockaddr_in6 own = {.sin6_family = AF_INET6, .sin6_port = htons(text ? atoi(text) : 7777)};
  int udp = socket(AF_INET6, SOCK_DGRAM, 0);
  size_t name;

  signal(SIGTERM, end); /* pid 1 has no default action */
  if (gethostname(buffer, 256) != 0) return perror("gethostname"), 1;
  name = strlen(buffer);
  buffer[name++] = '|';
  if (bind(udp, (struct sockaddr*)&own, sizeof own) != 0) return perror("bind"), 1;
  for (;;) {
    struct sockaddr_in6 from;
    socklen_t length = sizeof from;
    ssize_t size = recvfrom(udp, buffer + name, 65535, 0, (struct sockaddr*)&from, &length);
    if (size >= 0) sendto(udp, buffer, name + (size_t)size, 0, (struct sockaddr*)&from, length);
  }
}
