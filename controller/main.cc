// stevedore-controller: routes, Services and EndpointSlices in, the proxy's config and honest
// statuses out.
// SPDX-License-Identifier: Apache-2.0
#include "controller/options.h"

int main(int argc, char** argv) { return stevedore::ControllerMain(argc, argv); }
