#include "controller/kube/lister.h"

#include <iterator>
#include <utility>

namespace stevedore::kube {
namespace {

constexpr const char* kPageSize = "500";
constexpr int kMaxPages = 10'000;

Listing Failed(Failure failure) {
  Listing listing;
  listing.failure = std::move(failure);
  return listing;
}

}  // namespace

Failure Senseless(const std::string& message) {
  Failure failure;
  failure.status.message = message;
  return failure;
}

Listing FetchList(Transport& transport, const Resource& resource,
                  const std::string& resource_version, bool paged, const std::stop_token& stop) {
  Listing listing;
  std::string continue_token;
  for (int page_number = 0; page_number < kMaxPages; ++page_number) {
    Request request{.path = resource.path, .timeout = kListTimeout, .gzip = true, .stop = stop};
    if (!resource.field_selector.empty()) {
      request.query.emplace_back("fieldSelector", resource.field_selector);
    }
    if (!resource.label_selector.empty()) {
      request.query.emplace_back("labelSelector", resource.label_selector);
    }
    if (paged) request.query.emplace_back("limit", kPageSize);
    if (continue_token.empty()) {
      request.query.emplace_back("resourceVersion", resource_version);
    } else {
      request.query.emplace_back("continue", continue_token);
    }
    const Result<Response> response = transport.Do(request);
    if (!response) return Failed(Senseless(response.error().detail));
    if (response->status != 200) {
      const ApiStatus status = ParseStatus(response->body, response->status);
      // The pages of a list belong to one version; once it is gone, only a list in one piece helps.
      if (status.code == 410 && page_number > 0) {
        return FetchList(transport, resource, resource_version, false, stop);
      }
      return Failed({status, response->retry_after});
    }
    Result<ListPage> page = ParseList(response->body);
    if (!page) return Failed(Senseless(page.error().detail));
    std::move(page->objects.begin(), page->objects.end(), std::back_inserter(listing.objects));
    listing.resource_version = page->resource_version;
    continue_token = page->continue_token;
    if (continue_token.empty()) return listing;
    // A list in one piece is not continued: else 410s could send us round for ever.
    if (!paged) break;
  }
  return Failed(Senseless("the list has too many pages"));
}

}  // namespace stevedore::kube
