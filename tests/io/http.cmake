add_library(macp_test_server STATIC ../support/scripted_server.cpp ../support/certificate.cpp)
target_link_libraries(macp_test_server PUBLIC macp_test_main macp_boost)
macp_test(io_http
  SOURCES address_guard_test.cpp url_test.cpp http_client_test.cpp http_client_tls_test.cpp ws_client_test.cpp
  USES macp_io_http macp_test_server)
