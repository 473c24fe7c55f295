#pragma once

namespace tidegate::app {

inline constexpr char kVersion[] = TIDEGATE_VERSION;  // of the CMake project

}  // namespace tidegate::app
