#pragma once

#include "core/position.hpp"
#include "core/result.hpp"

#include <string>
#include <string_view>

namespace macp::cli {

/// Warnings of the libraries go to standard error, where they cannot mix with what a command prints.
void log_to_stderr();

/// True when standard output is a terminal and NO_COLOR does not forbid colours.
[[nodiscard]] bool colours_wanted();

/// An event as one readable line: with its position, when it has one, and coloured by its outcome when `colours`.
[[nodiscard]] std::string readable_line(
    std::string_view type, std::string_view data, std::string_view position, bool colours
);

/// Prints `macp: …` to standard error, a line for each line of the message.
void complain(std::string_view message);

/// Says that the log has no such events for this reader, and why.
void tell_gap(core::Gap const& gap);

/// Sends what has been printed on its way. Errors: StorageFull, Unavailable: standard output takes no more.
[[nodiscard]] core::Result<void> flush_output();

/// Complains about `error` and returns the exit code that fits.
[[nodiscard]] int report(core::Error const& error);

/// The same for what failed on this machine, where no server has a part in it: 1.
[[nodiscard]] int report_local(core::Error const& error);

}  // namespace macp::cli
