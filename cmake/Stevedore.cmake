# The project's build vocabulary: warnings, sanitizers and the two kinds of target.
#
#   stevedore_library(NAME SRCS a.cc ... DEPS x ... [PRIVATE_DEPS y ...])   one static library per folder
#   stevedore_test_folder(PATH [DEPS x ...])     tests/PATH/*_test.cc as one binary, run by ctest as PATH

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

find_program(CCACHE ccache)
if(CCACHE)
  # Paths relative to the checkout, so that two clones share what was compiled.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1
      ${CCACHE})
endif()

set(STEVEDORE_SANITIZE "" CACHE STRING "Sanitizers, comma separated: address,undefined or thread")
find_package(Threads REQUIRED)

# A release tarball has no git: the revision is then "unknown", or what -DSTEVEDORE_REVISION says.
if(NOT STEVEDORE_REVISION)
  execute_process(COMMAND git rev-parse --short=12 HEAD WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
    OUTPUT_VARIABLE STEVEDORE_REVISION OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
if(NOT STEVEDORE_REVISION)
  set(STEVEDORE_REVISION unknown)
endif()

add_library(stevedore_flags INTERFACE)
target_compile_options(stevedore_flags INTERFACE -Wall -Wextra -Wconversion -Wshadow -Werror)
target_include_directories(stevedore_flags INTERFACE ${CMAKE_SOURCE_DIR})
target_link_libraries(stevedore_flags INTERFACE Threads::Threads)
# spdlog and fmt as the shared libraries that Debian ships, not as headers in every file.
target_compile_definitions(stevedore_flags INTERFACE SPDLOG_COMPILED_LIB SPDLOG_SHARED_LIB SPDLOG_FMT_EXTERNAL)
if(STEVEDORE_SANITIZE)
  target_compile_options(stevedore_flags INTERFACE -fsanitize=${STEVEDORE_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all)
  target_link_options(stevedore_flags INTERFACE -fsanitize=${STEVEDORE_SANITIZE})
endif()
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_options(stevedore_flags INTERFACE -O2 -g1 -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
    -ffile-prefix-map=${CMAKE_SOURCE_DIR}=.)
  target_link_options(stevedore_flags INTERFACE -pie -Wl,-z,relro,-z,now)
endif()

function(stevedore_library name)
  cmake_parse_arguments(A "" "" "SRCS;DEPS;PRIVATE_DEPS" ${ARGN})
  add_library(${name} STATIC ${A_SRCS})
  target_link_libraries(${name} PUBLIC stevedore_flags ${A_DEPS} PRIVATE ${A_PRIVATE_DEPS})
endfunction()

function(stevedore_test_folder path)
  cmake_parse_arguments(A "" "" "DEPS;LABELS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/${path}/*_test.cc)
  if(NOT sources)
    return()
  endif()
  string(REPLACE "/" "_" target "${path}_test")
  add_executable(${target} ${sources})
  target_link_libraries(${target} PRIVATE stevedore_flags ${A_DEPS} GTest::gmock GTest::gtest_main)
  add_test(NAME unit/${path} COMMAND ${target} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(unit/${path} PROPERTIES LABELS "unit" TIMEOUT 300)
endfunction()
