# Builds the client library alone, installs it to a prefix of its own, and builds and runs the example against that.
# cmake -DSOURCE=… -DWORK=… -DCOMPILER=… -DLAUNCHER=… -DFLAGS=… -DLINKER_FLAGS=… -DSANITIZE=… -P package_test.cmake
function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE code OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT code EQUAL 0)
    list(JOIN ARGN " " command)
    message(FATAL_ERROR "${command}\nended with ${code}:\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

set(prefix ${WORK}/prefix)
file(REMOVE_RECURSE ${prefix} ${WORK}/example)
set(toolchain -G Ninja -DCMAKE_CXX_COMPILER=${COMPILER} -DCMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER}
  -DCMAKE_EXE_LINKER_FLAGS=${LINKER_FLAGS})

run(${CMAKE_COMMAND} -S ${SOURCE} -B ${WORK}/client ${toolchain} -DCMAKE_CXX_FLAGS=${FLAGS} -DMACP_CLIENT_ONLY=ON
  -DMACP_SANITIZE=${SANITIZE} -DCMAKE_INSTALL_PREFIX=${prefix})
run(${CMAKE_COMMAND} --build ${WORK}/client)
run(${CMAKE_COMMAND} --install ${WORK}/client)

if(SANITIZE)
  string(APPEND FLAGS " -fsanitize=${SANITIZE}")
endif()
run(${CMAKE_COMMAND} -S ${SOURCE}/examples/subscribe -B ${WORK}/example ${toolchain} -DCMAKE_CXX_FLAGS=${FLAGS}
  -DCMAKE_PREFIX_PATH=${prefix})
run(${CMAKE_COMMAND} --build ${WORK}/example)
run(${WORK}/example/subscribe --help)
if(NOT output MATCHES "usage: subscribe")
  message(FATAL_ERROR "unexpected help:\n${output}")
endif()
