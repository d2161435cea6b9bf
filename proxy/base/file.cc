#include "proxy/base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "proxy/base/unique_fd.h"

namespace stevedore {
namespace {

Error Failed(const char* step, const std::string& path) {
  const int saved = errno;
  const Errc code = saved == ENOENT   ? Errc::kNotFound
                    : saved == EACCES ? Errc::kDenied
                                      : Errc::kUnavailable;
  return {code, std::string(step) + " " + path + ": " + std::strerror(saved)};
}

Error TooLong(const std::string& path, std::size_t max_bytes) {
  return {Errc::kInvalid, path + ": longer than " + std::to_string(max_bytes) + " bytes"};
}

bool WriteAll(int fd, std::string_view content) {
  while (!content.empty()) {
    const ssize_t n = ::write(fd, content.data(), content.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    content.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

}  // namespace

Result<std::string> ReadFile(const std::string& path, std::size_t max_bytes) {
  // A pipe would hold up who opens it. Under /dev somebody names one on purpose: /dev/stdin.
  const bool device = path.starts_with("/dev/");
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | (device ? 0 : O_NONBLOCK)));
  if (!fd) return Failed("open", path);
  struct stat info {};
  if (!device && ::fstat(fd.get(), &info) == 0) {
    if (!S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode))
      return Error{Errc::kInvalid, path + ": not a regular file"};
    if (S_ISREG(info.st_mode) && static_cast<std::uint64_t>(info.st_size) > max_bytes)
      return TooLong(path, max_bytes);
  }
  std::string content;
  char chunk[16384];
  for (;;) {
    const ssize_t n = ::read(fd.get(), chunk, sizeof chunk);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Failed("read", path);
    if (n == 0) return content;
    content.append(chunk, static_cast<std::size_t>(n));
    if (content.size() > max_bytes) return TooLong(path, max_bytes);
  }
}

Result<> WriteFileAtomically(const std::string& path, std::string_view content) {
  const std::string temporary = path + ".tmp";
  ::unlink(temporary.c_str());  // of a writer that was killed, perhaps as another user
  {
    UniqueFd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
    if (!fd) return Failed("create", temporary);
    const bool written = WriteAll(fd.get(), content) && ::fsync(fd.get()) == 0;
    if (!written) {
      Error error = Failed("write", temporary);
      ::unlink(temporary.c_str());
      return error;
    }
  }
  if (std::rename(temporary.c_str(), path.c_str()) != 0) {
    Error error = Failed("rename to", path);
    ::unlink(temporary.c_str());
    return error;
  }
  std::string directory = std::filesystem::path(path).parent_path().string();
  if (directory.empty()) directory = ".";
  UniqueFd dir(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!dir || ::fsync(dir.get()) != 0) return Failed("sync directory", directory);
  return Ok();
}

std::optional<FileIdentity> IdentifyFile(const std::string& path) noexcept {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return std::nullopt;
  return FileIdentity{info.st_dev, info.st_ino, info.st_size,
                      info.st_mtim.tv_sec * 1'000'000'000 + info.st_mtim.tv_nsec};
}

}  // namespace stevedore
