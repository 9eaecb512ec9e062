#pragma once

#include "cli/command.hpp"

#include <memory>

namespace macp::cli {

/// All commands of `macp`: what parses the command line, and what completion, man page and reference are written from.
[[nodiscard]] std::unique_ptr<CLI::App> make_app(Action& chosen);

/// Parses and runs; returns the exit code.
[[nodiscard]] int run(int argc, char const* const* argv);

}  // namespace macp::cli
