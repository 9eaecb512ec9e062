#include "core/config_keys.hpp"
#include "core/config_load.hpp"

namespace macp::core {
namespace {

struct Differs {
    Config& a;
    Config& b;
    template <class Field>
    bool operator()(Field field) const {
        return field(a) != field(b);
    }
};

struct Assign {
    Config& to;
    Config& from;
    template <class Field>
    void operator()(Field field) const {
        field(to) = field(from);
    }
};

}  // namespace

std::vector<std::string> keys_that_need_restart(Config const& running, Config const& loaded) {
    auto a = running;  // the accessors hand out what may be written to
    auto b = loaded;
    std::vector<std::string> keys;
    for (auto const& key : config_keys()) {
        if (!key.reloadable && std::visit(Differs{a, b}, key.field)) keys.emplace_back(key.path);
    }
    return keys;
}

void apply_reloadable(Config& running, Config const& loaded) {
    auto from = loaded;
    for (auto const& key : config_keys()) {
        if (key.reloadable) std::visit(Assign{running, from}, key.field);
    }
}

}  // namespace macp::core
