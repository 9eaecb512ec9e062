macp_library(io_http ASIO
  SOURCES address_guard.cpp host_slots.cpp http_client.cpp url.cpp wire.cpp ws_client.cpp
  USES macp_core macp_async)
