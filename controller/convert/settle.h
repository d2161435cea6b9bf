// Settles what several inputs claim alike: a port, or a name.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "controller/convert/conversion.h"

namespace stevedore::convert {

// Of several routes at one port and address the first stays, the others become losses that name it.
// Of several of one name all stay, the later ones with their port behind it.
void Settle(Conversion& conversion);

}  // namespace stevedore::convert
