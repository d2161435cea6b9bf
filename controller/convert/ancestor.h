// The ancestor's file: one listener, rules by bytes, peers by address.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "controller/convert/documents.h"

namespace stevedore::convert {

// Reads the file as the proxy does (proxy/config/load.h), and makes a route in `ns` of it, named
// after the file. Its peers stay addresses, which a cluster takes only with --static-peers: a note
// says so.
void ReadAncestor(const Input& input, const std::string& ns, Conversion& into);

}  // namespace stevedore::convert
