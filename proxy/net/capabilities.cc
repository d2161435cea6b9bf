#include "proxy/net/capabilities.h"

#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace stevedore::net {

void RaiseNetBindService() noexcept {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3]{};
  if (::syscall(SYS_capget, &header, sets) != 0) return;
  sets[0].effective |= sets[0].permitted & (1u << CAP_NET_BIND_SERVICE);
  ::syscall(SYS_capset, &header, sets);
}

}  // namespace stevedore::net
