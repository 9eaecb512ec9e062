#include "http/transport.hpp"
#include "ws/frame.hpp"
#include "ws/handshake.hpp"
#include "ws/upgrade.hpp"

#include <array>

namespace macp::ws {
namespace {

constexpr std::size_t max_echo_bytes = std::size_t{32} << 20;

/// Appends the answers to all messages in `bytes`. False once the connection is to be ended.
bool echo(FrameDecoder& decoder, std::string_view bytes, std::string& out) {
    while (true) {
        switch (decoder.next(bytes)) {
            case FrameDecoder::Status::NeedMore:
                return true;
            case FrameDecoder::Status::Failed:
                append_close_frame(out, decoder.error(), {});
                return false;
            case FrameDecoder::Status::Message:
                break;
        }
        switch (decoder.opcode()) {
            case Opcode::Close:
                append_frame(out, Opcode::Close, decoder.payload());
                return false;
            case Opcode::Ping:
                append_frame(out, Opcode::Pong, decoder.payload());
                break;
            case Opcode::Text:
            case Opcode::Binary:
                append_frame(out, decoder.opcode(), decoder.payload());
                break;
            case Opcode::Pong:
            case Opcode::Continuation:
                break;
        }
    }
}

async::Task<> serve_echo(std::unique_ptr<http::Transport> transport, std::string head, std::string leftover) {
    FrameDecoder decoder{max_echo_bytes};
    std::string out = std::move(head);
    bool open = echo(decoder, leftover, out);
    std::array<char, 16 << 10> buffer{};
    while (true) {
        if (!out.empty()) {
            auto const written = co_await transport->write(out);
            if (written.error) co_return;
            out.clear();
        }
        if (!open) break;
        auto const read = co_await transport->read_some(buffer);
        if (read.error) co_return;
        open = echo(decoder, {buffer.data(), read.bytes}, out);
    }
    co_await transport->shutdown();
}

}  // namespace

core::Result<http::Response> open_echo(http::Request const& request) {
    if (!wants_upgrade(request)) return upgrade_required(request);
    auto head = accept_upgrade(request, {});
    if (!head) return core::pass_on(head);
    http::Response response{.status = 101};
    response.takeover = [head = *std::move(head)](std::unique_ptr<http::Transport> transport, std::string leftover) {
        return serve_echo(std::move(transport), head, std::move(leftover));
    };
    return response;
}

}  // namespace macp::ws
