// What cpprestsdk is given: a client for an API server, with our own rules of trust, and requests.
// Internal to rest_*.cc: it exposes the library.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cpprest/http_client.h>
// A macro of the library that breaks the templates of others.
#undef U

#include <chrono>
#include <memory>
#include <string>

#include "controller/kube/cluster_access.h"
#include "controller/kube/transport.h"
#include "proxy/base/result.h"

namespace stevedore::kube {

// A client for `access.server` that gives up after `inactivity` without a byte in either direction.
// It follows no redirect, trusts the cluster's CA alone (the system's only where none is given),
// and reads CA and client certificate anew for each connection. With `gzip` it asks for compressed
// answers, and gives them out unpacked.
Result<std::shared_ptr<web::http::client::http_client>> MakeRestClient(
    const ClusterAccess& access, std::chrono::milliseconds inactivity, bool gzip);

// `token` may be empty. Errors: kInvalid, a header value with control characters.
Result<web::http::http_request> MakeRestRequest(const ClusterAccess& access, const Request& request,
                                                const std::string& user_agent,
                                                const std::string& token);

}  // namespace stevedore::kube
