#pragma once

#include <pthread.h>
#include <string>

namespace macp::async {

/// Names the calling thread for `top -H` and the telemetry page; the system keeps fifteen characters.
inline void name_this_thread(std::string const& name) {
    ::pthread_setname_np(::pthread_self(), name.substr(0, 15).c_str());
}

}  // namespace macp::async
