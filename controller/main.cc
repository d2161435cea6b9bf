// stevedore-controller: routes, Services and EndpointSlices in, the proxy's config and honest
// statuses out.
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <cstdlib>

#include "controller/options.h"

int main(int argc, char** argv) {
  const int code = stevedore::ControllerMain(argc, argv);
  // cpprestsdk's thread pool outlives main and would meet OpenSSL's destructors.
  std::fflush(nullptr);
  std::_Exit(code);
}
