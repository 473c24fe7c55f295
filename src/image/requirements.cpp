#include "image/requirements.h"

#include <algorithm>
#include <array>
#include <cctype>

#include <fmt/format.h>

#include "image/recipe.h"

namespace tidegate::image {
namespace {

// Packages whose name at PyPI is another one.
constexpr std::array<std::pair<std::string_view, std::string_view>, 12> kOtherName = {{
    {"dask-core", "dask"},
    {"matplotlib-base", "matplotlib"},
    {"msgpack-python", "msgpack"},
    {"opencv", "opencv-python-headless"},
    {"py-opencv", "opencv-python-headless"},
    {"py-xgboost", "xgboost"},
    {"py-xgboost-cpu", "xgboost"},
    {"pytables", "tables"},
    {"pytorch", "torch"},
    {"pytorch-cpu", "torch"},
    {"ruamel-yaml", "ruamel.yaml"},
    {"seaborn-base", "seaborn"},
}};

// conda packages that are no Python packages; PyPI has none of that name, or something else.
constexpr std::array<std::string_view, 57> kNotInPypi = {
    "binutils",  "blas",         "bzip2",       "ca-certificates",
    "clang",     "compilers",    "cuda",        "cudatoolkit",
    "cudnn",     "ffmpeg",       "fontconfig",  "freetype",
    "gcc",       "geos",         "gfortran",    "git",
    "glib",      "gmp",          "gxx",         "hdf5",
    "icu",       "intel-openmp", "jpeg",        "krb5",
    "lapack",    "libblas",      "libcblas",    "libffi",
    "libgcc",    "libgcc-ng",    "libgfortran", "libgomp",
    "liblapack", "libopenblas",  "libpng",      "libstdcxx-ng",
    "libtiff",   "libxml2",      "llvm-openmp", "make",
    "mkl",       "nccl",         "ncurses",     "nodejs",
    "nomkl",     "openblas",     "openjdk",     "openmpi",
    "openssl",   "proj",         "r-base",      "readline",
    "sqlite",    "tk",           "xz",          "zlib",
    "zstd",
};

bool is_name_char(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.';
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())) != 0) {
    text.remove_prefix(1);
  }
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) {
    text.remove_suffix(1);
  }
  return text;
}

// "conda-forge::numpy=1.20" -> "numpy=1.20"
std::string_view without_channel(std::string_view spec) {
  auto at = spec.find("::");
  return trim(at == std::string_view::npos ? spec : spec.substr(at + 2));
}

bool is_not_in_pypi(std::string_view name) {
  return std::find(kNotInPypi.begin(), kNotInPypi.end(), name) != kNotInPypi.end() ||
         name.starts_with("r-") || name.starts_with("cuda-") || name.starts_with('-') ||
         name.ends_with("-linux-64");
}

std::string pypi_name(std::string_view name) {
  std::string normalized = normalized_name(name);
  for (const auto& [conda, pypi] : kOtherName) {
    if (conda == normalized) return std::string(pypi);
  }
  return std::string(name);
}

bool is_plain_release(std::string_view version) {
  return std::all_of(version.begin(), version.end(), [](char c) {
    return std::isdigit(static_cast<unsigned char>(c)) != 0 || c == '.';
  });
}

// conda's "=1.20" means "any 1.20"; PyPI's words for it are "==1.20.*".
std::string fuzzy_version(std::string_view version) {
  if (version == "*") return "";
  if (version.ends_with(".*")) return fmt::format("=={}", version);
  if (version.ends_with('*')) return fmt::format("=={}.*", version.substr(0, version.size() - 1));
  return is_plain_release(version) ? fmt::format("=={}.*", version) : fmt::format("=={}", version);
}

// The part behind the name, blanks between words already single.
std::optional<std::string> pip_form_of_constraint(std::string_view rest) {
  rest = trim(rest);
  if (rest.empty()) return "";
  if (rest.find_first_of("|[]'\"") != std::string_view::npos) return std::nullopt;
  bool after_space = is_name_char(rest.front()) || rest.front() == '*';
  if (after_space) {
    // "1.20.3", "1.20.*" or "1.20.3 py38_0": written with a blank, the version is exact.
    std::string_view version = rest.substr(0, rest.find(' '));
    return version.ends_with('*') ? fuzzy_version(version) : fmt::format("=={}", version);
  }
  std::string compact;
  std::copy_if(rest.begin(), rest.end(), std::back_inserter(compact),
               [](char c) { return c != ' '; });
  std::string_view text = compact;
  if (text.starts_with('=') && !text.starts_with("==")) {
    text.remove_prefix(1);
    auto build = text.find('=');
    if (text.find_first_of("<>!~,") != std::string_view::npos) return std::nullopt;
    if (build != std::string_view::npos) return fmt::format("=={}", text.substr(0, build));
    return text.empty() ? std::nullopt : std::optional(fuzzy_version(text));
  }
  return compact;  // >=, <=, ==, !=, ~=, lists of them: the same words at PyPI
}

bool names_a_file(std::string_view line) {
  static constexpr std::string_view kBeginnings[] = {
      "-e", "--editable", "-r", "--requirement", "-c", "--constraint", ".", "/", "file:"};
  return std::any_of(std::begin(kBeginnings), std::end(kBeginnings),
                     [line](std::string_view start) { return line.starts_with(start); }) ||
         line.find("@ file:") != std::string_view::npos;
}

std::string origin_of(const domain::Environment& environment, const std::string& line) {
  auto found = environment.origins.find(line);
  return found == environment.origins.end() ? "environment" : found->second;
}

void add_conda(const domain::Environment& environment, const std::string& line,
               std::vector<Requirement>& out, domain::Complaints& complaints) {
  std::string origin = origin_of(environment, line);
  std::string name = normalized_name(package_name(without_channel(line)));
  if (is_not_in_pypi(name)) {
    complaints.add(origin,
                   fmt::format("{}: PyPI does not have the conda package {}; leave it out, or "
                               "use userManagedDependencies with an interpreter that has it",
                               line, package_name(without_channel(line))));
    return;
  }
  auto text = pip_form_of_conda(line);
  if (!text) {
    complaints.add(origin, fmt::format("{}: this conda form has no equal at PyPI; write it as "
                                       "name=version, or below pip:",
                                       line));
    return;
  }
  out.push_back({*text, line, origin});
}

void add_pip(const domain::Environment& environment, const std::string& line,
             std::vector<Requirement>& out, domain::Complaints& complaints) {
  std::string origin = origin_of(environment, line);
  std::string_view text = trim(line);
  if (text.find_first_of("\r\n") != std::string_view::npos) {
    complaints.add(origin, fmt::format("a pip line holds one requirement, this one breaks: {}",
                                       text.substr(0, text.find_first_of("\r\n"))));
  } else if (names_a_file(text)) {
    complaints.add(origin,
                   fmt::format("{}: names a file, which the build cannot see; name a package "
                               "or put the code into sourceDirectory",
                               text));
  } else if (!text.empty()) {
    out.push_back({std::string(text), line, origin});
  }
}

}  // namespace

std::string_view package_name(std::string_view line) {
  line = trim(line);
  if (line.starts_with('-')) return {};
  auto end = std::find_if_not(line.begin(), line.end(), is_name_char);
  return line.substr(0, static_cast<std::size_t>(end - line.begin()));
}

std::string normalized_name(std::string_view name) {
  std::string out;
  for (char c : name) {
    bool separator = c == '-' || c == '_' || c == '.';
    if (separator && out.ends_with('-')) continue;
    out.push_back(separator ? '-' : static_cast<char>(std::tolower(static_cast<unsigned char>(c))));
  }
  return out;
}

std::optional<std::string> pip_form_of_conda(std::string_view spec) {
  spec = without_channel(spec);
  std::string_view name = package_name(spec);
  if (name.empty()) return std::nullopt;
  auto constraint = pip_form_of_constraint(spec.substr(name.size()));
  if (!constraint) return std::nullopt;
  return pypi_name(name) + *constraint;
}

std::vector<Requirement> requirement_lines(const domain::Environment& environment,
                                           domain::Complaints& complaints) {
  std::vector<Requirement> lines;
  for (const std::string& line : environment.conda) add_conda(environment, line, lines, complaints);
  for (const std::string& line : environment.pip) add_pip(environment, line, lines, complaints);
  return lines;
}

std::string requirements_text(const std::vector<Requirement>& lines) {
  std::string text;
  for (const Requirement& line : lines) text += line.text + "\n";
  return text;
}

std::string requirements_of(const domain::Environment& environment,
                            domain::Complaints& complaints) {
  return requirements_text(requirement_lines(environment, complaints));
}

}  // namespace tidegate::image
