# Installs the client library as a CMake package: find_package(macp), target macp::client.
# Component `client`, so that `cmake --install build --component client` leaves the rest alone.
if(NOT TARGET macp_client)
  return()
endif()
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(macp_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/macp)
set(macp_client_targets macp_options macp_boost macp_core macp_async macp_io_http macp_client)
foreach(target IN LISTS macp_client_targets)
  string(REPLACE macp_ "" name ${target})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})
endforeach()
# Users write <macp/client/client.hpp>; among themselves the headers go by their paths from the root.
target_include_directories(macp_client INTERFACE $<INSTALL_INTERFACE:include>)

install(TARGETS ${macp_client_targets} EXPORT macpTargets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT client)
install(EXPORT macpTargets NAMESPACE macp:: DESTINATION ${macp_package_dir} COMPONENT client)

# What users include, and nothing that would drag Asio or Beast in.
install(FILES
  ${PROJECT_SOURCE_DIR}/client/backoff.hpp ${PROJECT_SOURCE_DIR}/client/client.hpp ${PROJECT_SOURCE_DIR}/client/errors.hpp
  ${PROJECT_SOURCE_DIR}/client/event.hpp ${PROJECT_SOURCE_DIR}/client/subscription.hpp
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/macp/client COMPONENT client)
install(FILES
  ${PROJECT_SOURCE_DIR}/core/event.hpp ${PROJECT_SOURCE_DIR}/core/filter.hpp ${PROJECT_SOURCE_DIR}/core/json.hpp
  ${PROJECT_SOURCE_DIR}/core/position.hpp ${PROJECT_SOURCE_DIR}/core/result.hpp ${PROJECT_SOURCE_DIR}/core/time.hpp
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/macp/core COMPONENT client)

configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/macpConfig.cmake.in ${PROJECT_BINARY_DIR}/macpConfig.cmake
  INSTALL_DESTINATION ${macp_package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/macpConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/macpConfig.cmake ${PROJECT_BINARY_DIR}/macpConfigVersion.cmake
  DESTINATION ${macp_package_dir} COMPONENT client)
