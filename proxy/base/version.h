// The version and revision that this was built from.
// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace stevedore {

const char* Version() noexcept;
const char* Revision() noexcept;

}  // namespace stevedore
