// Fuzz target: the HTTP endpoint, over a connection on loopback.
// Property: the same bytes give the same answer whatever pieces they come in, and every exchange
// ends. The answer is nothing but replies of status 200, 404 or 405 with the headers that the
// endpoint sets and no others, at most one for each line that was sent; it is bounded, and holds
// nothing of the request. A query that was taken apart is the same when it is put together again.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <set>

#include "proxy/base/http_endpoint.h"
#include "proxy/base/query_string.h"
#include "proxy/base/unique_fd.h"
#include "tests/fuzz/fuzz.h"

namespace stevedore::fuzz {
namespace {

constexpr std::size_t kReplyBytes = 1024;  // the most that one of our replies takes
// Whatever state the bytes leave the reader in, this ends it: the endpoint closes first.
constexpr std::string_view kEnd = "\r\n\r\nGET /end HTTP/1.0\r\n\r\n";

void RequireQuery(const std::string& query) {
  const auto values = ParseQuery(query);
  std::string again;
  const auto add = [&](const std::string& text) {
    char escaped[4];
    for (const char c : text) {
      std::snprintf(escaped, sizeof escaped, "%%%02x", static_cast<unsigned char>(c));
      again += escaped;
    }
  };
  for (const auto& [name, value] : values) {
    again += again.empty() ? "" : "&";
    add(name);
    again += '=';
    add(value);
  }
  Require(ParseQuery(again) == values, "a query is the same put together again", query);
}

const HttpEndpoint& Endpoint() {
  static const auto endpoint =
      HttpEndpoint::Start("127.0.0.1:0", {{"/", [](const std::string&) { return HttpReply{}; }},
                                          {"/q", [](const std::string& query) {
                                             RequireQuery(query);
                                             return HttpReply{200, "text/plain", "ok\n"};
                                           }}});
  Require(static_cast<bool>(endpoint), "the endpoint starts");
  return **endpoint;
}

// The call, until libFuzzer's clock does not interrupt it.
template <class Call>
auto Uninterrupted(Call call) {
  for (;;)
    if (const auto result = call(); result >= 0 || errno != EINTR) return result;
}

bool IsConnected(int fd, const sockaddr_in& to) {
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0) return true;
  if (errno != EINTR) return false;
  pollfd wait{fd, POLLOUT, 0};  // it goes on by itself
  Uninterrupted([&] { return ::poll(&wait, 1, 5000); });
  int error = ETIMEDOUT;
  socklen_t length = sizeof error;
  ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
  return error == 0;
}

UniqueFd Connect() {
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(Endpoint().port());
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  Require(IsConnected(fd.get(), to), "the endpoint takes connections", std::strerror(errno));
  // Closed by a reset: thousands of connections a second leave nothing behind.
  const linger reset{1, 0};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  return fd;
}

// All that comes until the endpoint closes.
std::string ReadAll(int fd) {
  std::string answer;
  char buffer[4096];
  bool half_closed = false;
  for (;;) {
    pollfd wait{fd, POLLIN, 0};
    if (Uninterrupted([&] { return ::poll(&wait, 1, half_closed ? 9000 : 200); }) == 0) {
      // Bytes that even the end leaves unfinished: say that no more come.
      Require(!half_closed, "every exchange ends");
      ::shutdown(fd, SHUT_WR);
      half_closed = true;
      continue;
    }
    const auto n = Uninterrupted([&] { return ::recv(fd, buffer, sizeof buffer, 0); });
    if (n <= 0) return answer;
    answer.append(buffer, static_cast<std::size_t>(n));
  }
}

std::string Exchange(std::string_view bytes, std::span<const std::uint8_t> cuts) {
  const UniqueFd fd = Connect();
  for (std::size_t i = 0; !bytes.empty(); ++i) {
    const std::size_t wanted = i < cuts.size() ? std::size_t{cuts[i]} + 1 : bytes.size();
    const std::string_view piece = bytes.substr(0, wanted);
    bytes.remove_prefix(piece.size());
    const auto send = [&] { return ::send(fd.get(), piece.data(), piece.size(), MSG_NOSIGNAL); };
    if (Uninterrupted(send) < 0) break;
    if (!bytes.empty()) ::usleep(20);  // lets the endpoint read the piece by itself, mostly
  }
  return ReadAll(fd.get());
}

void RequireReplies(std::string_view answer, std::ptrdiff_t lines) {
  static const std::set<std::string_view> kHeaders = {
      "Content-Type", "Cache-Control", "X-Content-Type-Options", "Content-Security-Policy",
      "Connection",   "Content-Length"};
  Require(answer.size() <= kReplyBytes * static_cast<std::size_t>(lines + 1),
          "an answer is bounded");
  std::ptrdiff_t replies = 0;
  while (!answer.empty()) {
    const std::string_view head = answer.substr(0, answer.find("\r\n\r\n"));
    Require(head.size() + 4 <= answer.size(), "a reply is whole", answer);
    const std::string_view status = head.substr(0, 12);
    Require(status.starts_with("HTTP/1.") &&
                (status.ends_with(" 200") || status.ends_with(" 404") || status.ends_with(" 405")),
            "a status that the endpoint gives", answer);
    std::string_view rest = head.substr(head.find("\r\n"));
    while (!rest.empty()) {
      rest.remove_prefix(2);
      const std::string_view line = rest.substr(0, rest.find("\r\n"));
      rest.remove_prefix(line.size());
      Require(kHeaders.contains(line.substr(0, line.find(':'))), "a header that it sets", line);
    }
    answer.remove_prefix(head.size() + 4);
    for (const std::string_view body : {"ok\n", "only GET\n", "not found\n"})
      if (answer.starts_with(body)) answer.remove_prefix(body.size());
    ++replies;
  }
  Require(replies <= lines, "no more replies than lines");
}

}  // namespace
}  // namespace stevedore::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stevedore::fuzz;
  Choices choices(data, size);
  const auto cuts = choices.Take(choices.Below(6));
  const std::size_t used = std::min(size, cuts.size() + 1);
  const std::string bytes = std::string(Text(data + used, size - used)) + std::string(kEnd);
  const std::string answer = Exchange(bytes, {});
  RequireReplies(answer, std::count(bytes.begin(), bytes.end(), '\n'));
  Require(Exchange(bytes, cuts) == answer, "the pieces do not matter", answer);
  return 0;
}
