#pragma once

#include "core/event.hpp"
#include "core/result.hpp"
#include "ingest/contract_payload.hpp"
#include "ingest/json_members.hpp"

#include <string>
#include <string_view>

namespace macp::ingest {

/// How an event came in, as far as its fields depend on it.
struct Arrival {
    std::string_view incoming_type{};  ///< Its type before it was renamed.
    std::string_view door_tool{};      ///< The tool when the payload names none; empty: unknown.
    std::string_view pointer{};        ///< Where the payload stands in the body, for refusals: empty or `/payload`.
    bool strict = true;                ///< Refuse an event that lacks a field it cannot do without.
    bool has_subject = false;          ///< The event's subject is its task: leave it.
};

/// The tool that sent a payload: its own word, else by the marks that each tool leaves, else `door_tool`.
[[nodiscard]] std::string tool_of(ContractPayload const& payload, std::string_view door_tool);

/// Gives `event.data` the fields of the contract that it lacks; a given value stays as it is. `event` must have its
/// canonical type, its id and an object as data, and gets its subject.
/// Errors: InvalidField with a pointer to the field that is missing.
[[nodiscard]] core::Result<void> lift_fields(JsonParser& parser, core::NewEvent& event, Arrival const& arrival);

/// Renames an event whose data is an object, and lifts the fields of an agent's event; all others stay as they are.
/// `arrival.incoming_type` does not count: it is the event's type. Call it only for `may_be_contract_type`.
/// Errors: those of `lift_fields`.
[[nodiscard]] core::Result<void> apply_contract(JsonParser& parser, core::NewEvent& event, Arrival arrival);

}  // namespace macp::ingest
