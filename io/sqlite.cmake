# A thin handle over SQLite.
find_package(SQLite3 REQUIRED)
macp_library(io_sqlite
  SOURCES sqlite.cpp
  USES macp_core SQLite::SQLite3)
