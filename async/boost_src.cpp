// The one translation unit that compiles the non-template halves of Asio, its TLS part and Beast.
#include <boost/asio/impl/src.hpp>
#include <boost/asio/ssl/impl/src.hpp>
#include <boost/beast/src.hpp>
