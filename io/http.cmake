macp_library(io_http ASIO
  SOURCES url.cpp wire.cpp http_client.cpp ws_client.cpp
  USES macp_core macp_async)
