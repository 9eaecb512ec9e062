// The limit: what broadcasting costs when nothing but the kernel is in the way. `bench_raw_epoll PORT`
#include "bench/peers/raw_epoll/connection.hpp"

#include <exception>
#include <iostream>
#include <stdexcept>
#include <string>

int main(int argc, char** argv) {
    using namespace macp::bench;
    try {
        if (argc != 2) throw std::invalid_argument{"usage: bench_raw_epoll PORT"};
        raise_file_limit();
        Server{parse_address("127.0.0.1:" + std::string{argv[1]})}.run();
    } catch (std::exception const& error) {
        std::cerr << error.what() << '\n';
        return 2;
    }
}
