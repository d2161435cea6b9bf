#include "proxy/control/buffer_advice.h"

#include "proxy/net/udp_socket.h"

namespace stevedore::control {

std::optional<std::string> BufferAdvice::For(int granted) {
  constexpr int kWanted = 2 * net::kBufferBytes;
  if (given_ || granted >= kWanted) return std::nullopt;
  given_ = true;
  return "Receive buffers are smaller than wanted: bursts may be lost granted_bytes=" +
         std::to_string(granted) + " wanted_bytes=" + std::to_string(kWanted) +
         " advice=\"set net.core.rmem_max to " + std::to_string(net::kBufferBytes) +
         " on the node\"";
}

}  // namespace stevedore::control
