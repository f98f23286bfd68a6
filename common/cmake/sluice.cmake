# What every room shares: language level, warnings, sanitizers, and the three ways to declare a target.

set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")

option(SLUICE_WERROR "treat warnings as errors" OFF)
option(SLUICE_FUZZ "build the fuzz targets (clang only)" OFF)
option(SLUICE_DEFECTS "compile the planted defects of the views' operators in (tests/equality/defects only)" OFF)
option(SLUICE_FAILPOINTS "compile the named failpoints in (tests only)" OFF)
set(SLUICE_SANITIZE "" CACHE STRING "sanitizers, as for -fsanitize=")

find_package(PkgConfig REQUIRED)

add_library(sluice_options INTERFACE)
target_compile_definitions(sluice_options INTERFACE _GNU_SOURCE SLUICE_VERSION="${PROJECT_VERSION}")
target_compile_options(sluice_options INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2
  -Wcast-qual -Wvla -Wundef -Wwrite-strings -Wpointer-arith -Wno-format-nonliteral -Wno-missing-field-initializers
  -fno-strict-aliasing -fno-omit-frame-pointer -fstack-protector-strong)
if(SLUICE_WERROR)
  target_compile_options(sluice_options INTERFACE -Werror)
endif()
if(SLUICE_FAILPOINTS)
  target_compile_definitions(sluice_options INTERFACE SLUICE_FAILPOINTS)
endif()
if(SLUICE_DEFECTS)
  target_compile_definitions(sluice_options INTERFACE SLUICE_DEFECTS)
endif()
if(SLUICE_SANITIZE)
  target_compile_options(sluice_options INTERFACE -fsanitize=${SLUICE_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(sluice_options INTERFACE -fsanitize=${SLUICE_SANITIZE})
endif()

# sluice_room(NAME SOURCES ... LINKS ...): a shared room, `sluice::NAME`; its headers are included as "NAME/file.h".
function(sluice_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;LINKS;PRIVATE_LINKS" ${ARGN})
  add_library(sluice_${name} STATIC ${ROOM_SOURCES})
  add_library(sluice::${name} ALIAS sluice_${name})
  target_include_directories(sluice_${name} PUBLIC "${CMAKE_SOURCE_DIR}/common")
  target_link_libraries(sluice_${name} PUBLIC ${ROOM_LINKS} PRIVATE sluice_options ${ROOM_PRIVATE_LINKS})
endfunction()

# sluice_heart(NAME SOURCES ... LINKS ...): a service's testable part, a static library `sluice_NAME_heart`.
function(sluice_heart name)
  cmake_parse_arguments(HEART "" "" "SOURCES;LINKS;PRIVATE_LINKS" ${ARGN})
  string(REPLACE "-" "_" target ${name})
  add_library(sluice_${target}_heart STATIC ${HEART_SOURCES})
  target_include_directories(sluice_${target}_heart PUBLIC "${CMAKE_CURRENT_SOURCE_DIR}")
  target_link_libraries(sluice_${target}_heart PUBLIC ${HEART_LINKS} PRIVATE sluice_options ${HEART_PRIVATE_LINKS})
endfunction()

# sluice_service(NAME SOURCES ... LINKS ...): the binary `sluice-NAME`.
function(sluice_service name)
  cmake_parse_arguments(SERVICE "" "" "SOURCES;LINKS" ${ARGN})
  add_executable(sluice-${name} ${SERVICE_SOURCES})
  target_link_libraries(sluice-${name} PRIVATE ${SERVICE_LINKS} sluice_options)
  install(TARGETS sluice-${name} RUNTIME DESTINATION bin)
endfunction()

# sluice_embed(TARGET FILE...): each text FILE becomes `extern const char embedded_<file with _>[]` in a generated
# header "embedded/<file>.h", so that SQL lives in .sql files that psql can run.
function(sluice_embed target)
  foreach(file ${ARGN})
    get_filename_component(base ${file} NAME)
    string(MAKE_C_IDENTIFIER ${base} symbol)
    set(header "${CMAKE_CURRENT_BINARY_DIR}/embed/embedded/${base}.h")
    add_custom_command(OUTPUT ${header}
      COMMAND ${CMAKE_COMMAND} -DIN=${CMAKE_CURRENT_SOURCE_DIR}/${file} -DOUT=${header} -DSYMBOL=embedded_${symbol}
              -P ${CMAKE_SOURCE_DIR}/common/cmake/embed.cmake
      DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${file} ${CMAKE_SOURCE_DIR}/common/cmake/embed.cmake VERBATIM)
    target_sources(${target} PRIVATE ${header})
  endforeach()
  target_include_directories(${target} PRIVATE "${CMAKE_CURRENT_BINARY_DIR}/embed")
endfunction()
