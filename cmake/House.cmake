# What every target of ours is compiled with, and the one way to declare a floor of the house.
find_package(Boost 1.81 REQUIRED)
find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(spdlog 1.10 REQUIRED)
find_package(tl-expected REQUIRED)

add_library(macp_options INTERFACE)
target_include_directories(macp_options INTERFACE $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}> $<INSTALL_INTERFACE:include/macp>)
target_compile_features(macp_options INTERFACE cxx_std_20)
target_compile_options(macp_options INTERFACE $<BUILD_INTERFACE:-Wall -Wextra -Wpedantic -Wshadow -Wconversion
  -Wnon-virtual-dtor -Woverloaded-virtual $<$<BOOL:${MACP_WERROR}>:-Werror>>)

if(MACP_SANITIZE)
  add_compile_options(-fsanitize=${MACP_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${MACP_SANITIZE})
  if(MACP_SANITIZE STREQUAL "thread")
    add_compile_options($<$<CXX_COMPILER_ID:GNU>:-Wno-tsan>)  # Asio's atomic_thread_fence; TSan only fails to model it
  endif()
endif()
if(MACP_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  add_compile_options("SHELL:-Xclang -fno-pch-timestamp")  # lets ccache hit with a precompiled header
endif()

# The non-template halves of Asio and Beast, compiled once. A request goes through some eight coroutines; Asio keeps two
# freed frames a thread unless told, the rest go through malloc (keeping eight took 8 % off a small GET).
add_library(macp_boost STATIC ${PROJECT_SOURCE_DIR}/async/boost_src.cpp)
target_compile_definitions(macp_boost PUBLIC
  BOOST_ASIO_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED BOOST_BEAST_SEPARATE_COMPILATION
  BOOST_ASIO_RECYCLING_ALLOCATOR_CACHE_SIZE=8)
target_compile_features(macp_boost PUBLIC cxx_std_20)
target_link_libraries(macp_boost PUBLIC Boost::headers Threads::Threads OpenSSL::SSL OpenSSL::Crypto)

# Adds each folder that exists; a folder declares its own target.
function(macp_add_floors)
  foreach(folder IN LISTS ARGN)
    if(EXISTS ${PROJECT_SOURCE_DIR}/${folder}/CMakeLists.txt)
      add_subdirectory(${folder})
    endif()
  endforeach()
endfunction()

# macp_library(events SOURCES a.cpp b.cpp USES macp_async SQLite::SQLite3 [ASIO])
# Declares target macp_<name>. USES is the folder's row of the floor rule: only what it may include.
# ASIO: reuse the precompiled header of Asio, nlohmann/json and spdlog.
function(macp_library name)
  cmake_parse_arguments(ARG "ASIO" "" "SOURCES;USES" ${ARGN})
  add_library(macp_${name} STATIC ${ARG_SOURCES})
  target_link_libraries(macp_${name} PUBLIC macp_options ${ARG_USES})
  if(ARG_ASIO)
    target_link_libraries(macp_${name} PUBLIC macp_boost)
    target_precompile_headers(macp_${name} REUSE_FROM macp_async)
  endif()
endfunction()
