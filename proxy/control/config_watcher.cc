#include "proxy/control/config_watcher.h"

#include <filesystem>
#include <utility>

namespace stevedore::control {

ConfigWatcher::ConfigWatcher(std::string path, net::EventLoop& loop, std::uint64_t tag)
    : path_(std::move(path)), loop_(loop), tag_(tag) {
  const std::filesystem::path parts(path_);
  directory_ = parts.has_parent_path() ? parts.parent_path().string() : ".";
  name_ = parts.filename().string();
  Watch();
  file_ = IdentifyFile(path_);
}

void ConfigWatcher::Watch() {
  const auto directory = IdentifyFile(directory_);
  const bool same = watch_ && directory && watched_ && directory->device == watched_->device &&
                    directory->inode == watched_->inode;
  if (same) return;
  if (watch_) loop_.Remove(watch_->fd());
  watch_.reset();
  auto watch = DirectoryWatch::Open(directory_);
  if (!watch || !loop_.Add(watch->fd(), tag_)) return;
  watch_.emplace(std::move(*watch));
  watched_ = directory;
}

// Whether the path leads to another file, or to other content, than when last looked at.
bool ConfigWatcher::Moved() {
  auto now = IdentifyFile(path_);
  return std::exchange(file_, now) != now;
}

bool ConfigWatcher::OnEvent() {
  const bool named = watch_ && watch_->Drain(name_);
  // An event about another name matters when the file may be reached through it. Otherwise it would
  // only make us look while somebody writes.
  std::error_code error;
  if (!named && !std::filesystem::is_symlink(path_, error)) return false;
  return Moved() || named;
}

bool ConfigWatcher::Poll() {
  Watch();
  return Moved();
}

}  // namespace stevedore::control
