#pragma once

#include "core/event.hpp"
#include "core/result.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace macp::core {

/// `*` stands for any run of characters, dots and nothing included; everything else for itself. Case counts.
[[nodiscard]] bool glob_match(std::string_view pattern, std::string_view text);

[[nodiscard]] inline bool is_glob(std::string_view pattern) {
    return pattern.find('*') != std::string_view::npos;
}

inline constexpr std::size_t max_pattern_bytes = 256;
inline constexpr std::size_t max_patterns = 64;  ///< In one list of a filter.

/// Reads fields of an event's `data`, which is parsed when the first is asked for, once.
/// Threads: the one that made it, and one at a time there: all of a thread share its parser. Lifetime: `data` outlives
/// it.
class DataFields {
public:
    explicit DataFields(std::string_view data);
    DataFields(DataFields const&) = delete;
    DataFields& operator=(DataFields const&) = delete;
    ~DataFields();

    /// The value of a field as text: strings as they are, numbers and booleans as in JSON.
    /// Looks at the top, then under `metadata`; dotted names reach inside objects; `repo`/`repo_name` and
    /// `session`/`session_name` stand in for each other. False when it is missing, null, an object or an array.
    [[nodiscard]] bool read(std::string_view field, std::string& value);

private:
    struct Parsed;
    std::string_view data_;
    std::unique_ptr<Parsed> parsed_;
};

/// What every door asks of a pattern, and of a field's name, that it takes from outside: a reader's filter is held
/// against every event. Errors: InvalidField, without a field.
[[nodiscard]] Result<void> check_pattern(std::string_view pattern);

/// Which events a reader wants. All parts must hold; within a list one hit is enough; an empty list asks nothing.
struct Filter {
    std::vector<std::string> types{};     ///< Globs over the type.
    std::vector<std::string> sources{};   ///< Globs over the source.
    std::vector<std::string> subjects{};  ///< Globs over the subject.
    std::vector<std::pair<std::string, std::string>> where{
    };  ///< Field of `data` (dots reach inside) and glob; all must hold.

    /// True when every event passes.
    [[nodiscard]] bool passes_all() const {
        return types.empty() && sources.empty() && subjects.empty() && where.empty();
    }

    /// Threads: const and stateless, safe from anywhere.
    [[nodiscard]] bool matches(EventView const& event) const;
    /// Likewise, for an event that more than one filter is held against; `fields` are those of its data.
    [[nodiscard]] bool matches(EventView const& event, DataFields& fields) const;
    [[nodiscard]] bool matches_type(std::string_view type) const;

    /// Equal for filters that mean the same: readers with equal keys share a view.
    [[nodiscard]] std::string key() const;
};

/// One field of `data`, as `DataFields::read` has it.
[[nodiscard]] bool read_field(std::string_view data, std::string_view field, std::string& value);

}  // namespace macp::core
