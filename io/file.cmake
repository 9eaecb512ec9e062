# Files on disk, without Asio: following one that grows, and writing one so that a crash leaves old or new.
macp_library(io_file
  SOURCES atomic_file.cpp file_place.cpp file_tail.cpp folder.cpp
  USES macp_core)
