// The live page's files, of proxy/report/page, as the build put them into the program.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace stevedore::report {

extern const std::string_view kPageHtml;
extern const std::string_view kPageCss;
extern const std::string_view kPageJs;

}  // namespace stevedore::report
