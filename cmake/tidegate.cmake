# How a layer, its link test and its unit test are declared.

find_program(CCACHE ccache)
if(CCACHE)
  # gcc's precompiled headers need these relaxations (ccache manual, "Precompiled headers").
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE})
  add_compile_options(-fpch-preprocess)
endif()

# -Wno-restrict: g++ 12 misfires inside std::string when inlining. It does so with -Warray-bounds and
# -Wmaybe-uninitialized too, at -O2 -DNDEBUG only; those stay on, and the few places are written another way.
add_compile_options(-Wall -Wextra -Wshadow -Wno-missing-field-initializers)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_compile_options(-Wno-restrict)
endif()
if(TIDEGATE_STRICT)
  add_compile_options(-Werror)
endif()
if(TIDEGATE_SANITIZE)
  add_compile_options(-fsanitize=${TIDEGATE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
  add_link_options(-fsanitize=${TIDEGATE_SANITIZE})
endif()
# A library nobody calls is not needed at run time; keeps libcrypto and friends out of the Python module.
add_link_options(-Wl,--as-needed)

# tidegate_layer(<name> SOURCES ... [LAYERS ...] [LIBRARIES ...] [PCH ...])
#   One folder = one static library `tidegate_<name>` = one namespace.
#   LAYERS     the folders this one may include (ARCHITECTURE.md, "Layers")
#   LIBRARIES  third-party targets that this folder owns: never visible to its users
#   PCH        headers to precompile (the ones that are slow and stable)
# Each layer gets a link test: an executable of the whole archive plus the declared layers and
# nothing else, so that a call into a layer that is not declared is a link error.
function(tidegate_layer name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LAYERS;LIBRARIES;PCH" ${ARGN})
  add_library(tidegate_${name} STATIC ${ARG_SOURCES})
  target_include_directories(tidegate_${name} PUBLIC ${PROJECT_SOURCE_DIR}/src)
  list(TRANSFORM ARG_LAYERS PREPEND tidegate_)
  target_link_libraries(tidegate_${name} PUBLIC ${ARG_LAYERS} PRIVATE ${ARG_LIBRARIES})
  if(ARG_PCH)
    target_precompile_headers(tidegate_${name} PRIVATE ${ARG_PCH})
  endif()
  if(TIDEGATE_TESTS)
    add_executable(linktest_${name} ${PROJECT_SOURCE_DIR}/test/support/link_test_main.cpp)
    target_link_libraries(linktest_${name} PRIVATE
      "$<LINK_LIBRARY:WHOLE_ARCHIVE,tidegate_${name}>" ${ARG_LAYERS} ${ARG_LIBRARIES})
  endif()
endfunction()

# tidegate_unit_test(<layer> SOURCES ... [LAYERS ...] [LIBRARIES ...] [PCH ...])
#   The tests of src/<layer>, as one executable `test_<layer>`; ctest lists each case.
function(tidegate_unit_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LAYERS;LIBRARIES;PCH" ${ARGN})
  add_executable(test_${name} ${ARG_SOURCES})
  list(TRANSFORM ARG_LAYERS PREPEND tidegate_)
  target_link_libraries(test_${name} PRIVATE
    tidegate_${name} ${ARG_LAYERS} ${ARG_LIBRARIES} GTest::gtest GTest::gtest_main)
  target_include_directories(test_${name} PRIVATE ${PROJECT_SOURCE_DIR}/test)
  target_compile_definitions(test_${name} PRIVATE
    TIDEGATE_SOURCE_DIR="${PROJECT_SOURCE_DIR}" TIDEGATE_BINARY_DIR="${CMAKE_BINARY_DIR}")
  if(ARG_PCH)
    target_precompile_headers(test_${name} PRIVATE ${ARG_PCH})
  endif()
  include(GoogleTest)
  gtest_discover_tests(test_${name} TEST_PREFIX "${name}." DISCOVERY_MODE PRE_TEST)
endfunction()
