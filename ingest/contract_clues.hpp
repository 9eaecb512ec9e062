#pragma once

#include <string>
#include <string_view>

// What can be told from texts that were not written to be read by machines. All return empty text when nothing can.
namespace macp::ingest {

/// `cargo-test`, `pytest`, `vitest`, `jest`, `go-test` or `package-test`, by what a command runs.
[[nodiscard]] std::string_view runner_of_command(std::string_view command);

/// The first URL in `text` that leads to a pull request, up to its number.
[[nodiscard]] std::string_view pull_request_url_in(std::string_view text);

/// The digits of N in `…/pull/N…`, without leading zeros.
[[nodiscard]] std::string_view pull_request_number_in(std::string_view url);

/// The digits after the first `issue-`, else `issue/`, else `issue#`, else `#`, in any case, that no letter or digit
/// precedes; without leading zeros. A number that is `pull_request`, or is called one, is passed over.
[[nodiscard]] std::string_view issue_number_in(std::string_view text, std::string_view pull_request);

/// The last component of a path.
[[nodiscard]] std::string_view last_component(std::string_view path);

}  // namespace macp::ingest
