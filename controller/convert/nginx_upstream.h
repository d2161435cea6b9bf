// An entry of spec.upstreams of a TransportServer.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "controller/api/stevedore_route.h"
#include "controller/convert/reader.h"

namespace stevedore::convert {

// How the sessions of the TransportServer go on, for the upstream's affinity.
enum class NginxSessions {
  kPerClient,    // until they are idle
  kPerDatagram,  // udpRequests: 1
};

// `plain_services`: names of the Services in the same namespace that are given and not of type
// ExternalName: a backup is carried over for these alone, since NGINX wants an ExternalName.
api::UpstreamSpec ReadNginxUpstream(Reader& upstream, NginxSessions sessions,
                                    const std::vector<std::string>& plain_services,
                                    std::vector<std::string>& decisions);

}  // namespace stevedore::convert
