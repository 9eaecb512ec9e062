#include "delivery/held.hpp"

namespace macp::delivery {

Held hold(
    core::Seq seq, std::string_view source, std::string_view type, std::string_view subject, std::string_view text,
    core::DataSpan data
) {
    auto const bytes = std::make_shared<std::string>();
    bytes->reserve(text.size() + source.size() + type.size() + subject.size());
    bytes->append(text).append(source).append(type).append(subject);
    auto rest = std::string_view{*bytes};
    auto const take = [&rest](std::size_t size) {
        auto const part = rest.substr(0, size);
        rest.remove_prefix(size);
        return part;
    };
    core::EventView event{.seq = seq};
    event.text = take(text.size());
    event.source = take(source.size());
    event.type = take(type.size());
    event.subject = take(subject.size());
    if (data.offset <= event.text.size()) event.data = event.text.substr(data.offset, data.size);
    return {.owner = bytes, .event = event};
}

Held copy_of(core::EventView const& event) {
    core::DataSpan const data{
        .offset = event.data.empty() ? 0 : static_cast<std::size_t>(event.data.data() - event.text.data()),
        .size = event.data.size(),
    };
    return hold(event.seq, event.source, event.type, event.subject, event.text, data);
}

}  // namespace macp::delivery
