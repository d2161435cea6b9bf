#include "controller/kube/rest_call.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pplx/threadpool.h>

#include <array>
#include <charconv>
#include <ios>
#include <utility>

namespace stevedore::kube {
namespace {

namespace http = web::http;

// Codes from here on are OpenSSL's: the library number sits above the errno values.
constexpr int kFirstOpenSslCode = 0x02000000;

std::string CodeText(const std::error_code& code) {
  const int value = code.value();
  if (value >= kFirstOpenSslCode) {
    OPENSSL_init_ssl(OPENSSL_INIT_LOAD_SSL_STRINGS | OPENSSL_INIT_LOAD_CRYPTO_STRINGS, nullptr);
    std::array<char, 256> text{};
    ERR_error_string_n(static_cast<unsigned long>(value), text.data(), text.size());
    return text.data();
  }
  // asio's stream_truncated and eof, which errno would call EPERM and ENOENT.
  if (value == 1) return "the TLS connection was cut";
  if (value == 2) return "the connection was closed";
  return code.message();
}

std::optional<std::chrono::seconds> RetryAfter(const http::http_headers& headers) {
  const auto found = headers.find(http::header_names::retry_after);
  if (found == headers.end()) return std::nullopt;
  unsigned value = 0;
  const std::string& text = found->second;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return std::chrono::seconds(value);
}

}  // namespace

void OpenCalls::Add() {
  const std::lock_guard lock(mutex_);
  ++open_;
}

void OpenCalls::Remove() {
  const std::lock_guard lock(mutex_);
  --open_;
  changed_.notify_all();
}

bool OpenCalls::WaitForNone(std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, limit, [this] { return open_ == 0; });
}

CallError DescribeFailure(std::exception_ptr exception) {
  try {
    std::rethrow_exception(std::move(exception));
  } catch (const http::http_exception& error) {
    const std::error_code& code = error.error_code();
    std::string detail = error.what();
    if (code.value() != 0) detail += ": " + CodeText(code);
    return CallError{code.value() == static_cast<int>(std::errc::timed_out), std::move(detail)};
  } catch (const std::exception& error) {
    return CallError{false, error.what()};
  } catch (...) {
    return CallError{false, "unknown failure"};
  }
}

// Where the library writes the body. Its own buffers either hold back bytes until a block is full
// or grow without limit; its adapter for std::ostream casts between unrelated types.
class RestCall::BodySink final
    : public concurrency::streams::details::streambuf_state_manager<std::uint8_t> {
 public:
  explicit BodySink(std::shared_ptr<RestCall> call)
      : streambuf_state_manager(std::ios_base::out), call_(std::move(call)) {}

  bool can_seek() const override { return false; }
  bool has_size() const override { return false; }
  std::size_t buffer_size(std::ios_base::openmode) const override { return 0; }
  void set_buffer_size(std::size_t, std::ios_base::openmode) override {}
  std::size_t in_avail() const override { return 0; }
  pos_type getpos(std::ios_base::openmode) const override { return traits::eof(); }
  pos_type seekpos(pos_type, std::ios_base::openmode) override { return traits::eof(); }
  pos_type seekoff(off_type, std::ios_base::seekdir, std::ios_base::openmode) override {
    return traits::eof();
  }
  bool acquire(std::uint8_t*&, std::size_t&) override { return false; }
  void release(std::uint8_t*, std::size_t) override {}

 protected:
  pplx::task<std::size_t> _putn(const std::uint8_t* data, std::size_t size) override {
    return call_->Receive(reinterpret_cast<const char*>(data), size);
  }
  pplx::task<int_type> _putc(std::uint8_t byte) override {
    return _putn(&byte, 1).then([byte](std::size_t) { return int_type{byte}; });
  }
  pplx::task<bool> _sync() override { return pplx::task_from_result(true); }
  std::uint8_t* _alloc(std::size_t) override { return nullptr; }
  void _commit(std::size_t) override {}

  // Nothing can be read.
  pplx::task<int_type> _bumpc() override { return _getc(); }
  int_type _sbumpc() override { return traits::eof(); }
  pplx::task<int_type> _getc() override { return pplx::task_from_result(int_type{traits::eof()}); }
  int_type _sgetc() override { return traits::eof(); }
  pplx::task<int_type> _nextc() override { return _getc(); }
  pplx::task<int_type> _ungetc() override { return _getc(); }
  pplx::task<std::size_t> _getn(std::uint8_t*, std::size_t) override {
    return pplx::task_from_result(std::size_t{0});
  }
  std::size_t _scopy(std::uint8_t*, std::size_t) override { return 0; }

 private:
  const std::shared_ptr<RestCall> call_;
};

RestCall::RestCall(std::shared_ptr<http::client::http_client> client, const Options& options,
                   std::shared_ptr<OpenCalls> open_calls)
    : client_(std::move(client)), options_(options), open_calls_(std::move(open_calls)) {
  open_calls_->Add();
}

RestCall::~RestCall() { open_calls_->Remove(); }

std::shared_ptr<RestCall> RestCall::Start(std::shared_ptr<http::client::http_client> client,
                                          http::http_request request, const Options& options,
                                          std::shared_ptr<OpenCalls> open_calls) {
  std::shared_ptr<RestCall> call(new RestCall(std::move(client), options, std::move(open_calls)));
  try {
    const concurrency::streams::streambuf<std::uint8_t> body(std::make_shared<BodySink>(call));
    request.set_response_stream(body.create_ostream());
    // A task whose exception nobody takes ends the process: the last continuation takes them all.
    call->client_->request(request, call->cancellation_.get_token())
        .then([call](const http::http_response& response) { return call->OnAnswer(response); })
        .then([call](const pplx::task<void>& done) {
          std::optional<CallError> error;
          try {
            done.get();
          } catch (...) {
            error = DescribeFailure(std::current_exception());
          }
          call->OnEnd(std::move(error));
        });
  } catch (...) {
    call->OnEnd(DescribeFailure(std::current_exception()));
  }
  return call;
}

pplx::task<void> RestCall::OnAnswer(const http::http_response& response) {
  {
    const std::lock_guard lock(mutex_);
    answered_ = true;
    status_ = response.status_code();
    retry_after_ = RetryAfter(response.headers());
    changed_.notify_all();
  }
  return response.content_ready().then([](const http::http_response&) {});
}

void RestCall::OnEnd(std::optional<CallError> error) {
  const std::lock_guard lock(mutex_);
  ended_ = true;
  error_ = std::move(error);
  changed_.notify_all();
}

bool RestCall::Wait(Until until, Deadline deadline, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  return changed_.wait_until(lock, std::move(stop), deadline, [this, until] {
    if (ended_ || overflowed_) return true;
    return (until == Until::kAnswered && answered_) || (until == Until::kBytes && !bytes_.empty());
  });
}

bool RestCall::answered() {
  const std::lock_guard lock(mutex_);
  return answered_;
}

bool RestCall::ended() {
  const std::lock_guard lock(mutex_);
  return ended_;
}

bool RestCall::overflowed() {
  const std::lock_guard lock(mutex_);
  return overflowed_;
}

int RestCall::status() {
  const std::lock_guard lock(mutex_);
  return status_;
}

std::optional<std::chrono::seconds> RestCall::retry_after() {
  const std::lock_guard lock(mutex_);
  return retry_after_;
}

std::optional<CallError> RestCall::error() {
  const std::lock_guard lock(mutex_);
  return error_;
}

std::string RestCall::TakeBytes() {
  std::string bytes;
  {
    const std::lock_guard lock(mutex_);
    bytes = std::exchange(bytes_, std::string());
  }
  OpenGate();
  return bytes;
}

void RestCall::Cancel() {
  {
    const std::lock_guard lock(mutex_);
    cancelled_ = true;
    if (ended_) return;
  }
  OpenGate();
  crossplat::threadpool::shared_instance().service().post(
      [call = shared_from_this()] { call->cancellation_.cancel(); });
}

pplx::task<std::size_t> RestCall::Receive(const char* data, std::size_t size) {
  const std::lock_guard lock(mutex_);
  if (cancelled_ || overflowed_) return pplx::task_from_result(size);
  if (!options_.wait_when_full && bytes_.size() + size > options_.max_buffered_bytes) {
    overflowed_ = true;
    bytes_.clear();
  } else {
    bytes_.append(data, size);
  }
  changed_.notify_all();
  if (!options_.wait_when_full || bytes_.size() < options_.max_buffered_bytes) {
    return pplx::task_from_result(size);
  }
  gate_.emplace();
  return pplx::create_task(*gate_).then([size] { return size; });
}

void RestCall::OpenGate() {
  std::optional<pplx::task_completion_event<void>> gate;
  {
    const std::lock_guard lock(mutex_);
    gate = std::exchange(gate_, std::nullopt);
  }
  // Not under the lock: it may run what the library does next.
  if (gate) gate->set();
}

}  // namespace stevedore::kube
