// stevedore-proxy: forwards UDP datagrams by the bytes of their payload.
// SPDX-License-Identifier: Apache-2.0
#include "proxy/options.h"

int main(int argc, char** argv) { return stevedore::ProxyMain(argc, argv); }
