#include "proxy/base/http_endpoint.h"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <optional>
#include <set>
#include <thread>
#include <utility>
#include <vector>

namespace stevedore {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;

constexpr std::size_t kMaxConnections = 64;
constexpr int kMaxWaiting = 1024;  // in the kernel, for a place
constexpr std::uint32_t kMaxHeaderBytes = 8192;
constexpr std::size_t kMaxReplyBytes = 32 << 20;  // of all replies on their way
constexpr std::chrono::seconds kTimeout{10};
// The least time that a connection has before another may take its place: enough for a request that
// is sent at once, so short that a thousand idlers in front of a probe do not use up its second.
constexpr std::chrono::milliseconds kGrace{20};

// For the pages among the replies: nothing from elsewhere, nothing inline, nobody's frame.
constexpr const char* kPolicy =
    "default-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors "
    "'none'";

using Handlers = std::map<std::string, HttpEndpoint::Handler>;

http::response<http::string_body> Answer(const Handlers& handlers,
                                         const http::request<http::empty_body>& request) {
  const std::string target(request.target());
  const std::string path = target.substr(0, target.find('?'));
  HttpReply reply;
  const auto found = handlers.find(path);
  if (request.method() != http::verb::get && request.method() != http::verb::head) {
    reply = {405, "text/plain; charset=utf-8", "only GET\n"};
  } else if (found == handlers.end()) {
    reply = {404, "text/plain; charset=utf-8", "not found\n"};
  } else {
    reply = found->second(path.size() < target.size() ? target.substr(path.size() + 1) : "");
  }
  http::response<http::string_body> response(static_cast<http::status>(reply.status),
                                             request.version());
  response.set(http::field::content_type, reply.content_type);
  response.set(http::field::cache_control, "no-store");
  response.set("X-Content-Type-Options", "nosniff");
  response.set("Content-Security-Policy", kPolicy);
  response.keep_alive(request.keep_alive());
  const std::size_t length = reply.body.size();
  if (request.method() != http::verb::head) response.body() = std::move(reply.body);
  response.content_length(length);
  return response;
}

class Connection;

// The connections of an endpoint, and who leaves when there are too many, or too many bytes: of
// those that wait for a request, or else of those that read their reply, the longest at it. So
// idlers and slow readers cost each other their places, and a scrape, over in milliseconds, keeps
// its own. Thread: the endpoint's alone.
class OpenConnections {
 public:
  using Time = std::chrono::steady_clock::time_point;

  void Add(Connection& connection) { all_.insert(&connection); }
  void Remove(Connection& connection) { all_.erase(&connection); }
  // Makes room for one more, or says how long to wait before asking again: more than 0.
  std::chrono::steady_clock::duration MakeRoom(Time now);
  // Closes others until their replies and `writer`'s have no more than kMaxReplyBytes together.
  void LimitReplies(const Connection& writer);

 private:
  std::set<Connection*> all_;
};

// One connection; lives as long as an operation of it is under way.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(tcp::socket socket, const Handlers& handlers, OpenConnections& open)
      : stream_(std::move(socket)), handlers_(handlers), open_(open) {
    open_.Add(*this);
  }
  ~Connection() { open_.Remove(*this); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void Read() {
    reply_bytes_ = 0;
    since_ = std::chrono::steady_clock::now();
    parser_.emplace();
    parser_->header_limit(kMaxHeaderBytes);
    parser_->body_limit(0);
    stream_.expires_after(kTimeout);
    http::async_read(stream_, buffer_, *parser_,
                     [self = shared_from_this()](beast::error_code error, std::size_t) {
                       if (!error) self->Write();
                     });
  }
  // Its operation ends with an error, and with that the connection.
  void Close() {
    open_.Remove(*this);
    stream_.close();
  }
  // Of the reply on its way; 0 while it waits for a request.
  std::size_t reply_bytes() const { return reply_bytes_; }
  OpenConnections::Time since() const { return since_; }

 private:
  void Write() {
    response_ = Answer(handlers_, parser_->get());
    reply_bytes_ = std::max<std::size_t>(response_.body().size(), 1);
    since_ = std::chrono::steady_clock::now();
    open_.LimitReplies(*this);
    stream_.expires_after(kTimeout);
    http::async_write(stream_, response_,
                      [self = shared_from_this()](beast::error_code error, std::size_t) {
                        self->response_ = {};
                        if (!error && self->parser_->get().keep_alive()) self->Read();
                      });
  }

  beast::tcp_stream stream_;
  beast::flat_static_buffer<kMaxHeaderBytes> buffer_;
  std::optional<http::request_parser<http::empty_body>> parser_;
  http::response<http::string_body> response_;
  const Handlers& handlers_;
  OpenConnections& open_;
  std::size_t reply_bytes_ = 0;
  OpenConnections::Time since_;
};

std::chrono::steady_clock::duration OpenConnections::MakeRoom(Time now) {
  if (all_.size() < kMaxConnections) return {};
  Connection* const leaves =
      *std::min_element(all_.begin(), all_.end(), [](const Connection* a, const Connection* b) {
        return std::pair(a->reply_bytes() > 0, a->since()) <
               std::pair(b->reply_bytes() > 0, b->since());
      });
  const auto age = now - leaves->since();
  if (age < kGrace) return kGrace - age;
  leaves->Close();
  return {};
}

void OpenConnections::LimitReplies(const Connection& writer) {
  std::vector<Connection*> others;
  std::size_t bytes = writer.reply_bytes();
  for (Connection* connection : all_) {
    if (connection == &writer || connection->reply_bytes() == 0) continue;
    bytes += connection->reply_bytes();
    others.push_back(connection);
  }
  if (bytes <= kMaxReplyBytes) return;
  std::sort(others.begin(), others.end(),
            [](const Connection* a, const Connection* b) { return a->since() < b->since(); });
  for (Connection* connection : others) {
    if (bytes <= kMaxReplyBytes) return;
    bytes -= connection->reply_bytes();
    connection->Close();
  }
}

Result<tcp::endpoint> ParseAddress(const std::string& address) {
  const Error wrong{Errc::kInvalid,
                    "address \"" + address + "\": must be HOST:PORT, :PORT or [V6]:PORT"};
  const std::size_t colon = address.rfind(':');
  if (colon == std::string::npos) return wrong;
  std::string host = address.substr(0, colon);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']')
    host = host.substr(1, host.size() - 2);
  const std::string port = address.substr(colon + 1);
  if (port.empty() || port.size() > 5 || port.find_first_not_of("0123456789") != std::string::npos)
    return wrong;
  const unsigned long number = std::stoul(port);
  if (number > 65535) return wrong;
  beast::error_code error;
  const auto ip = host.empty() ? asio::ip::make_address("::") : asio::ip::make_address(host, error);
  if (error) return wrong;
  return tcp::endpoint(ip, static_cast<std::uint16_t>(number));
}

beast::error_code Listen(tcp::acceptor& acceptor, const tcp::endpoint& endpoint) {
  beast::error_code error;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error && endpoint.address().is_v6()) acceptor.set_option(asio::ip::v6_only(false), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(kMaxWaiting, error);
  return error;
}

}  // namespace

struct HttpEndpoint::Impl {
  explicit Impl(Handlers h) : acceptor(context), handlers(std::move(h)) {}

  void Accept() {
    acceptor.async_accept([this](beast::error_code error, tcp::socket socket) {
      if (error == asio::error::operation_aborted) return;
      if (error) return AcceptLater();
      Admit(std::move(socket));
    });
  }
  // The next one is accepted when this one has its place.
  void Admit(tcp::socket socket) {
    if (const auto wait = open.MakeRoom(std::chrono::steady_clock::now()); wait.count() > 0) {
      retry.expires_after(wait);
      retry.async_wait([this, kept = std::move(socket)](beast::error_code error) mutable {
        if (!error) Admit(std::move(kept));
      });
      return;
    }
    std::make_shared<Connection>(std::move(socket), handlers, open)->Read();
    Accept();
  }
  // Without descriptors the connection stays queued: to ask again at once would spin.
  void AcceptLater() {
    retry.expires_after(std::chrono::milliseconds(100));
    retry.async_wait([this](beast::error_code error) {
      if (!error) Accept();
    });
  }

  OpenConnections open;  // before the context: connections that end with it leave this
  asio::io_context context{1};
  tcp::acceptor acceptor;
  asio::steady_timer retry{context};
  Handlers handlers;
  std::thread thread;
};

HttpEndpoint::HttpEndpoint(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

HttpEndpoint::~HttpEndpoint() {
  impl_->context.stop();
  impl_->thread.join();
}

std::uint16_t HttpEndpoint::port() const noexcept {
  beast::error_code error;
  return impl_->acceptor.local_endpoint(error).port();
}

std::string HttpEndpoint::address() const {
  beast::error_code error;
  const tcp::endpoint local = impl_->acceptor.local_endpoint(error);
  const std::string host = local.address().to_string();
  return (local.address().is_v6() ? "[" + host + "]" : host) + ":" + std::to_string(local.port());
}

Result<std::unique_ptr<HttpEndpoint>> HttpEndpoint::Start(const std::string& address,
                                                          std::map<std::string, Handler> handlers) {
  auto endpoint = ParseAddress(address);
  if (!endpoint) return endpoint.error();
  auto impl = std::make_unique<Impl>(std::move(handlers));
  beast::error_code error = Listen(impl->acceptor, *endpoint);
  if (error == asio::error::address_family_not_supported && endpoint->address().is_unspecified())
    error = Listen(impl->acceptor, tcp::endpoint(asio::ip::address_v4::any(), endpoint->port()));
  if (error) return Error{Errc::kUnavailable, "listen on " + address + ": " + error.message()};
  impl->Accept();
  impl->thread = std::thread([state = impl.get()] { state->context.run(); });
  return std::unique_ptr<HttpEndpoint>(new HttpEndpoint(std::move(impl)));
}

}  // namespace stevedore
