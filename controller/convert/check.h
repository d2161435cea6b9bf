// Checks drafts with the project's own decoder, compiler and validator, as they will be printed.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "controller/convert/documents.h"

namespace stevedore::convert {

// A route that a controller would not accept becomes a loss with its reason. What the given
// Services say against a reference, and rules that are never reached, are notes. Returns the YAML
// of the routes that stay, in order.
std::vector<std::string> CheckRoutes(const std::vector<Document>& documents,
                                     const std::string& class_name, Conversion& conversion);

}  // namespace stevedore::convert
