#include "cli/app.hpp"

int main(int argc, char** argv) {
    return macp::cli::run(argc, argv);
}
