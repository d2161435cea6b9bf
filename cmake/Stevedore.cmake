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
# What sanitized tests run with: every check that is off by default, and an end at the first report. ThreadSanitizer does
# not see inside Debian's libraries (cpprestsdk, spdlog, prometheus-cpp), so it must not judge what they do between
# themselves; what our code does is instrumented wherever it is called from.
set(STEVEDORE_SANITIZER_OPTIONS
  "ASAN_OPTIONS=detect_stack_use_after_return=1:check_initialization_order=1:strict_init_order=1:strict_string_checks=1:detect_leaks=1"
  "UBSAN_OPTIONS=print_stacktrace=1"
  "TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1:ignore_noninstrumented_modules=1")
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
if(STEVEDORE_SANITIZE STREQUAL "thread")
  # Boost.Asio has fences, which ThreadSanitizer does not follow; ours run one thread for each io_context.
  target_compile_options(stevedore_flags INTERFACE -Wno-tsan)
endif()
# docs/supply-chain.md says what each is for. No path of the checkout gets into the programs: two checkouts give the same.
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_options(stevedore_flags INTERFACE -O2 -g1 -D_FORTIFY_SOURCE=3 -fstack-protector-strong
    -fstack-clash-protection -fPIE -ffile-prefix-map=${CMAKE_SOURCE_DIR}=.)
  target_link_options(stevedore_flags INTERFACE -pie -Wl,-z,relro,-z,now,-z,noexecstack,--as-needed)
  set(STEVEDORE_CHECKED -D_GLIBCXX_ASSERTIONS -ftrivial-auto-var-init=zero)
endif()
# What every datagram passes is spared the checks that cost time in each access; its bounds are tested and fuzzed.
set(STEVEDORE_PACKET_PATH proxy_net proxy_runtime proxy_session proxy_worker)

function(stevedore_library name)
  cmake_parse_arguments(A "" "" "SRCS;DEPS;PRIVATE_DEPS" ${ARGN})
  add_library(${name} STATIC ${A_SRCS})
  target_link_libraries(${name} PUBLIC stevedore_flags ${A_DEPS} PRIVATE ${A_PRIVATE_DEPS})
  if(NOT name IN_LIST STEVEDORE_PACKET_PATH)
    target_compile_options(${name} PRIVATE ${STEVEDORE_CHECKED})
  endif()
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
  set_tests_properties(unit/${path} PROPERTIES LABELS "unit" TIMEOUT 300 ENVIRONMENT "${STEVEDORE_SANITIZER_OPTIONS}")
endfunction()
