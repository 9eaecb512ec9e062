#pragma once

#include "core/result.hpp"
#include "delivery/target_config.hpp"

#include <filesystem>
#include <optional>

namespace macp::delivery {

/// Name of the target that `macp.webhook` of `.mosaic/orchestrator/config.json` describes.
inline constexpr char const* mosaic_target_name = "mosaic";

/// Reads `macp.webhook` (`enabled`, `url`, `auth_token`, `timeout_seconds`, `retry_count`, `event_filter`; what else
/// stands there belongs to others) of the file into a target: format `Raw`, ordering `Target`, no signature. Nothing
/// when the file or the member is not there, or when it is not enabled and has no `url`.
/// Errors: InvalidField with file and member for a wrong type or range; BadJson; Unavailable when it cannot be read.
/// Blocks on the file system.
[[nodiscard]] core::Result<std::optional<TargetConfig>> read_mosaic_webhook(std::filesystem::path const& config_file);

}  // namespace macp::delivery
