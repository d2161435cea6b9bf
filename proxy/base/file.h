// Whole files: read, and replace so that a reader sees the old or the new content and nothing else.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/base/result.h"

namespace stevedore {

// The content of `path`. kNotFound when there is none, kInvalid when it is longer than `max_bytes`
// or neither file nor link to one: a pipe or device is read only where it is named below /dev.
Result<std::string> ReadFile(const std::string& path, std::size_t max_bytes = 64u << 20);

// Replaces `path` by `content`: temporary file beside it, fsync, rename(2), fsync of the directory.
// A crash at any point leaves the old or the new content. Errors carry the step and errno; the
// temporary file is removed, and one that a killed writer left is replaced.
Result<> WriteFileAtomically(const std::string& path, std::string_view content);

// What tells, without reading, that a path leads to another file than before, or that the file was
// written to.
struct FileIdentity {
  dev_t device = 0;
  ino_t inode = 0;
  off_t size = 0;
  std::int64_t modified = 0;  // nanoseconds
  bool operator==(const FileIdentity&) const = default;
};
// Nothing while there is no such file.
std::optional<FileIdentity> IdentifyFile(const std::string& path) noexcept;

}  // namespace stevedore
