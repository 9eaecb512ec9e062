#pragma once

#include <string_view>

namespace macp::core {

#ifndef MACP_VERSION_TEXT
#error "the build defines MACP_VERSION_TEXT from the VERSION file"
#endif
inline constexpr std::string_view version = MACP_VERSION_TEXT;

}  // namespace macp::core
