// `tidegate shim DIR` without the rest of tidegate.
#include <cstring>

#include "backend/local/shim.h"

int main(int argc, char** argv) {
  if (argc != 3 || std::strcmp(argv[1], "shim") != 0) return 2;
  return tidegate::backend::local::shim_main(argv[2]);
}
