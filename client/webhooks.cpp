#include "client/client.hpp"
#include "io/url.hpp"

#include <nlohmann/json.hpp>

namespace macp::client {
namespace {

using nlohmann::json;

constexpr auto root = "/api/webhooks";

std::string path_of(std::string const& id, char const* below = "") {
    return std::string{root} + '/' + io::percent_encode(id) + below;
}

std::string page_of(std::size_t limit, std::string const& cursor) {
    std::string query;
    if (limit != 0) query += "limit=" + std::to_string(limit);
    if (!cursor.empty()) query += (query.empty() ? "cursor=" : "&cursor=") + io::percent_encode(cursor);
    return query.empty() ? query : '?' + query;
}

}  // namespace

core::Result<json> Client::webhooks(std::size_t limit, std::string const& cursor) {
    return get_json(root + page_of(limit, cursor));
}

core::Result<json> Client::webhook(std::string const& id) {
    return get_json(path_of(id));
}

core::Result<json> Client::create_webhook(json const& target, std::string key) {
    return send_json("POST", root, target, std::move(key));
}

core::Result<json> Client::update_webhook(std::string const& id, json const& change) {
    return send_json("PATCH", path_of(id), change);
}

core::Result<json> Client::delete_webhook(std::string const& id) {
    return send_json("DELETE", path_of(id), nullptr);
}

core::Result<json> Client::test_webhook(std::string const& id) {
    return send_json("POST", path_of(id, "/test"), nullptr);
}

core::Result<json> Client::pause_webhook(std::string const& id) {
    return send_json("POST", path_of(id, "/pause"), nullptr);
}

core::Result<json> Client::resume_webhook(std::string const& id) {
    return send_json("POST", path_of(id, "/resume"), nullptr);
}

core::Result<json> Client::replay_webhook(std::string const& id, json const& stretch) {
    return send_json("POST", path_of(id, "/replay"), stretch);
}

core::Result<json> Client::webhook_deliveries(std::string const& id, std::size_t limit, std::string const& cursor) {
    return get_json(path_of(id, "/deliveries") + page_of(limit, cursor));
}

core::Result<json> Client::dead_letters(std::string const& id, std::size_t limit, std::string const& cursor) {
    return get_json(path_of(id, "/dead-letters") + page_of(limit, cursor));
}

core::Result<json> Client::redeliver(std::string const& id, json const& choice) {
    return send_json("POST", path_of(id, "/dead-letters/redeliver"), choice);
}

core::Result<json> Client::discard(std::string const& id, json const& choice) {
    return send_json("POST", path_of(id, "/dead-letters/discard"), choice);
}

core::Result<json> Client::event_deliveries(core::Seq seq) {
    return get_json("/api/events/" + std::to_string(seq) + "/deliveries");
}

}  // namespace macp::client
