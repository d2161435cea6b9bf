#include "proxy/base/version.h"

namespace stevedore {

const char* Version() noexcept { return STEVEDORE_VERSION; }
const char* Revision() noexcept { return STEVEDORE_REVISION; }

}  // namespace stevedore
