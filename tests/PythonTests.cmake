# Tests that are Python files run by pytest, one ctest each: tidy, integration and cluster tests.
#
#   stevedore_python_tests(FOLDER LABEL label [ENV A=b ...] [BESIDE name ...] [WITHOUT name ...])    for test_*.py
#
# They run one at a time: most of them measure that nothing is lost under load. Those that do not, or send little, and
# mostly wait, are named after BESIDE and run beside others; those after WITHOUT measure times and have a make target of
# their own. A file of which pytest skipped something (and nothing failed) is "Skipped" in ctest's list, never silently
# green.

# The first Python that has pytest and PyYAML: Debian's, else the one on PATH (people who manage their own).
foreach(candidate /usr/bin/python3 python3)
  execute_process(COMMAND ${candidate} -c "import pytest, yaml" RESULT_VARIABLE without_pytest OUTPUT_QUIET ERROR_QUIET)
  if(NOT without_pytest)
    set(STEVEDORE_PYTHON ${candidate})
    break()
  endif()
endforeach()
if(NOT STEVEDORE_PYTHON)
  message(FATAL_ERROR "No Python with pytest and PyYAML: run cmake/deps.sh test")
endif()

set(STEVEDORE_PYTEST ${STEVEDORE_PYTHON} -B -m pytest -q -ra -p no:cacheprovider --rootdir ${CMAKE_SOURCE_DIR}/tests)

function(stevedore_python_tests folder)
  cmake_parse_arguments(A "" "LABEL" "ENV;BESIDE;WITHOUT" ${ARGN})
  file(GLOB files CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/test_*.py)
  foreach(file ${files})
    get_filename_component(name ${file} NAME_WE)
    string(REGEX REPLACE "^test_" "" name ${name})
    if(name IN_LIST A_WITHOUT)
      continue()
    endif()
    set(test ${A_LABEL}/${name})
    if(TEST ${test})   # a file of another folder has the name
      set(test ${A_LABEL}/${folder}_${name})
    endif()
    add_test(NAME ${test} COMMAND ${STEVEDORE_PYTEST} ${file} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
    set_tests_properties(${test} PROPERTIES LABELS ${A_LABEL} TIMEOUT 600
      SKIP_REGULAR_EXPRESSION "(^|\n)([0-9]+ passed, )?[0-9]+ skipped in "
      ENVIRONMENT "PYTHONPATH=${CMAKE_SOURCE_DIR}/tests;${A_ENV};${STEVEDORE_SANITIZER_OPTIONS}")
    if(NOT name IN_LIST A_BESIDE)
      set_tests_properties(${test} PROPERTIES RUN_SERIAL TRUE)
    endif()
  endforeach()
endfunction()

add_test(NAME tidy/tree COMMAND ${STEVEDORE_PYTHON} -B ${CMAKE_CURRENT_SOURCE_DIR}/tidy/tidy.py ${CMAKE_SOURCE_DIR})
add_test(NAME tidy/planted COMMAND ${STEVEDORE_PYTEST} ${CMAKE_CURRENT_SOURCE_DIR}/tidy/planted_test.py)
set_tests_properties(tidy/tree tidy/planted PROPERTIES LABELS tidy TIMEOUT 60)

# Integration tests run this build's binaries (sanitized in the preset dev); real programs and clusters get what ships.
stevedore_python_tests(harness LABEL unit)
stevedore_python_tests(integration LABEL integration ENV "STEVEDORE_BUILD=${CMAKE_BINARY_DIR}"
  BESIDE access alerts backup crafted crd_agreement demo directory docs drops examples lifecycle matching monitoring ports
    privacy supervise)
stevedore_python_tests(faults LABEL integration ENV "STEVEDORE_BUILD=${CMAKE_BINARY_DIR}"
  BESIDE crash_points descriptors failing_calls network process volumes worker_hangs)
stevedore_python_tests(programs LABEL integration ENV "STEVEDORE_BUILD=${CMAKE_SOURCE_DIR}/build/release"
  BESIDE dns dtls kcp quic tftp versions)
stevedore_python_tests(supply LABEL integration ENV "STEVEDORE_BUILD=${CMAKE_SOURCE_DIR}/build/release"
  BESIDE artefacts reproducible sbom)
stevedore_python_tests(dataplane LABEL integration
  ENV "STEVEDORE_BUILD=${CMAKE_SOURCE_DIR}/build/release" "STEVEDORE_LOAD=$<TARGET_FILE:stevedore-load>"
    "STEVEDORE_BENCH=$<TARGET_FILE:stevedore-bench>"
  BESIDE live_page loops)
stevedore_python_tests(soak LABEL integration
  ENV "STEVEDORE_BUILD=${CMAKE_SOURCE_DIR}/build/release" "STEVEDORE_LOAD=$<TARGET_FILE:stevedore-load>"
  BESIDE report soak)
set_tests_properties(integration/soak PROPERTIES TIMEOUT 1200)  # of which five minutes are its own
stevedore_python_tests(e2e LABEL cluster
  ENV "STEVEDORE_BUILD=${CMAKE_SOURCE_DIR}/build/release" "STEVEDORE_CONVERGENCE=$<TARGET_FILE:stevedore-convergence>"
  BESIDE apply chart chart_releases client_access client_faults client_lists convergence convert crashes crd_command
    crd_gone crd_kubectl crd_schema docs events examples first_route install leader losses prometheus published_service
    rbac refusals scaling ways_in
  WITHOUT scale)

# The longest first, or the others wait for them at the end.
set_tests_properties(integration/soak cluster/crashes cluster/convergence cluster/losses cluster/prometheus
  PROPERTIES COST 1000)

# What clients lose is a matter of milliseconds: of three places it takes two.
set_tests_properties(cluster/losses PROPERTIES PROCESSORS 2)

set_tests_properties(cluster/convergence PROPERTIES TIMEOUT 1300)  # 4 minutes of computing, among others longer

# Kubernetes itself, built once: minutes the first time.
add_test(NAME cluster/binaries COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/cluster/cluster.sh build)
set_tests_properties(cluster/binaries PROPERTIES LABELS cluster TIMEOUT 2400 FIXTURES_SETUP cluster_binaries)
get_property(tests DIRECTORY PROPERTY TESTS)
list(FILTER tests INCLUDE REGEX "^cluster/")
list(REMOVE_ITEM tests cluster/binaries)
set_tests_properties(${tests} PROPERTIES FIXTURES_REQUIRED cluster_binaries)
