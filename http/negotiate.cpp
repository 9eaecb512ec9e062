#include "http/negotiate.hpp"

#include "core/json.hpp"
#include "http/uri.hpp"

#include <algorithm>
#include <string>

namespace macp::http {
namespace {

std::string_view cut(std::string_view& list, char separator) {
    auto const part = list.substr(0, list.find(separator));
    list.remove_prefix(std::min(list.size(), part.size() + 1));
    return core::trim(part);
}

/// `0`, `1`, `0.5`, `0.125`, `1.000` as thousandths; what is neither counts as 1000.
int thousandths(std::string_view text) {
    if (text.empty() || (text[0] != '0' && text[0] != '1')) return 1000;
    if (text[0] == '1' || text.size() < 3) return text[0] == '1' ? 1000 : 0;
    int value = 0;
    int weight = 100;
    for (auto const digit : text.substr(2, 3)) {
        if (digit < '0' || digit > '9') return 1000;
        value += (digit - '0') * weight;
        weight /= 10;
    }
    return value;
}

int quality_of(std::string_view parameters) {
    while (!parameters.empty()) {
        auto const parameter = cut(parameters, ';');
        if (parameter.size() > 2 && (parameter[0] == 'q' || parameter[0] == 'Q') && parameter[1] == '=') {
            return thousandths(parameter.substr(2));
        }
    }
    return 1000;
}

/// How exactly `range` names `wanted`: 0 not at all, 1 by `*`, 2 by `type/*`, 3 by name.
int specificity(std::string_view range, std::string_view wanted) {
    if (equal_ignoring_case(range, wanted)) return 3;
    if (range == "*" || range == "*/*") return 1;
    auto const slash = range.find('/');
    bool const any_subtype = slash != std::string_view::npos && range.substr(slash) == "/*";
    return any_subtype && equal_ignoring_case(range.substr(0, slash + 1), wanted.substr(0, slash + 1)) ? 2 : 0;
}

std::string join(std::initializer_list<std::string_view> parts) {
    std::string out;
    for (auto const part : parts) {
        if (!out.empty()) out += ", ";
        out += part;
    }
    return out;
}

}  // namespace

int quality(std::optional<std::string_view> header, std::string_view wanted) {
    if (!header || core::trim(*header).empty()) return 1000;
    int best = 0;
    int value = 0;
    for (auto list = *header; !list.empty();) {
        auto parameters = cut(list, ',');
        auto const range = cut(parameters, ';');
        auto const rank = specificity(range, wanted);
        if (rank > best) {
            best = rank;
            value = quality_of(parameters);
        }
    }
    return value;
}

bool accepts_gzip(std::optional<std::string_view> accept_encoding) {
    return accept_encoding && !core::trim(*accept_encoding).empty() && quality(accept_encoding, "gzip") > 0;
}

core::Result<std::string_view> choose_type(Request const& request, std::initializer_list<std::string_view> offers) {
    std::string_view chosen;
    int best = 0;
    for (auto const offer : offers) {
        auto const value = quality(request.header("accept"), offer);
        if (value <= best) continue;
        best = value;
        chosen = offer;
    }
    if (best == 0) {
        return core::fail(core::ErrorCode::NotAcceptable, "this is served as " + join(offers) + " only", "Accept");
    }
    return chosen;
}

core::Result<void> require_uncoded(Request const& request) {
    for (auto const& [name, value] : request.headers) {
        if (name != "content-encoding") continue;
        for (std::string_view codings = value; !codings.empty();) {
            auto const coding = cut(codings, ',');
            if (coding.empty() || equal_ignoring_case(coding, "identity")) continue;
            return core::fail(
                core::ErrorCode::UnsupportedType,
                "the body must be sent as it is, not in the coding " + std::string{coding.substr(0, 64)},
                "Content-Encoding"
            );
        }
    }
    return {};
}

std::string media_type(Request const& request) {
    auto const header = request.header("content-type").value_or(std::string_view{});
    std::string type{core::trim(header.substr(0, header.find(';')))};
    make_lower(type);
    return type;
}

core::Result<std::string> require_type(Request const& request, std::initializer_list<std::string_view> types) {
    auto type = media_type(request);
    if (type.empty() && types.size() > 0) return std::string{*types.begin()};
    if (std::ranges::find(types, std::string_view{type}) != types.end()) return type;
    return core::fail(
        core::ErrorCode::UnsupportedType, "the body must be " + join(types) + ", not " + type, "Content-Type"
    );
}

}  // namespace macp::http
