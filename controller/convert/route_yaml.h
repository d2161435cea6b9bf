// A draft as the YAML document that one applies.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "controller/convert/conversion.h"

namespace stevedore::convert {

// The route with its comments, ending with a newline, without "---". Fields that have the CRD's
// default are left out, but for those of a health check; fields that no reader of this folder sets
// (allow, deny, rateLimit, drain, followReplyPort and so on) are not written.
std::string ToYaml(const Draft& draft);

}  // namespace stevedore::convert
