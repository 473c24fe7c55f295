#include "image/install_script.h"

#include <fmt/format.h>

#include "base/json.h"

namespace tidegate::image {
namespace {

// Written for any POSIX shell. Output goes to the operation's log line by line.
constexpr std::string_view kFunctions = R"sh(
find_python() {
  for name in ${asked:+"python$asked"} python3 python /opt/miniconda/bin/python /opt/conda/bin/python; do
    if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 8))' 2>/dev/null; then
      command -v "$name"
      return
    fi
  done
}

with_conda() {
  for conda in micromamba mamba conda; do
    if command -v "$conda" >/dev/null; then
      echo "installing with $conda of the base image"
      case "$conda" in
        micromamba) micromamba create -y -p "$target" -f "$here/conda.yml" ;;
        *) "$conda" env create -q -p "$target" -f "$here/conda.yml" ;;
      esac
      "$target/bin/python" -m pip freeze >"$here/lock.txt" 2>/dev/null || "$conda" list -p "$target" >"$here/lock.txt"
      exit 0
    fi
  done
}

with_uv() {
  "$here/uv" $uv_flags venv --no-project --python "$python" "$target"
  if [ -s "$here/requirements.txt" ]; then
    "$here/uv" $uv_flags pip install --link-mode copy --compile-bytecode --python "$target/bin/python" \
      -r "$here/requirements.txt"
  fi
  "$here/uv" $uv_flags --quiet pip freeze --python "$target/bin/python" >"$here/lock.txt"
}

with_pip() {
  "$python" -m venv "$target" || exit 43
  if [ -s "$here/requirements.txt" ]; then
    "$target/bin/python" -m pip install --no-cache-dir --disable-pip-version-check --no-input \
      -r "$here/requirements.txt"
  fi
  "$target/bin/python" -m pip freeze >"$here/lock.txt"
}

if [ "$has_conda" = 1 ]; then with_conda; fi
if [ "$needs_conda" = 1 ]; then exit 41; fi
python=$(find_python)
if [ -z "$python" ]; then exit 40; fi
version=$("$python" -c 'import sys; print("%d.%d.%d" % sys.version_info[:3])')
echo "$version" >"$here/python.txt"
echo "Python $version of the base image ($python)"
if [ -n "$asked" ] && [ "${version%.*}" != "$asked" ] && [ "$strict" = 1 ]; then exit 42; fi
# uv of this machine runs in most images; not in those with another C library.
if "$here/uv" --version >/dev/null 2>&1; then with_uv; else with_pip; fi
)sh";

// 'a'\''b'
std::string shell_word(std::string_view text) {
  std::string out = "'";
  for (char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + "'";
}

// "3.8.13" -> "3.8"; "3" and "" -> "".
std::string minor_of(std::string_view version) {
  auto parsed = PythonVersion::parse(version);
  auto dot = version.find('.');
  if (!parsed || dot == std::string_view::npos) return {};
  return std::string(version.substr(0, version.find('.', dot + 1)));
}

}  // namespace

std::string install_script(const InstallPlan& plan) {
  return fmt::format(
             "set -eu\n"
             "here={}\n"
             "target={}\n"
             "asked={}\n"
             "strict={:d}\n"
             "needs_conda={:d}\n"
             "has_conda={:d}\n"
             "uv_flags='--no-config --no-progress --color never'\n"
             "umask 022\n"
             ". \"$here/env.sh\"\n",
             kMountedFolder, kEnvironmentFolder, shell_word(minor_of(plan.python_version)),
             plan.is_strict, plan.needs_conda, plan.has_conda)
      .append(kFunctions);
}

std::string environment_script(const std::map<std::string, std::string>& variables) {
  std::string text;
  for (const auto& [name, value] : variables) {
    text += fmt::format("export {}={}\n", name, shell_word(value));
  }
  return text;
}

std::map<std::string, std::string> build_variables(const ReadVariable& read,
                                                   const PackageIndex& index,
                                                   bool has_certificates) {
  std::map<std::string, std::string> variables = index.env;
  for (const char* name : {"http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY",
                           "NO_PROXY", "ALL_PROXY", "all_proxy"}) {
    const char* value = read(name);
    if (value != nullptr && *value != '\0') variables[name] = value;
  }
  auto pip_name_of = [&](const char* uv_name, const char* pip_name) {
    auto found = index.env.find(uv_name);
    if (found != index.env.end()) variables[pip_name] = found->second;
  };
  pip_name_of("UV_DEFAULT_INDEX", "PIP_INDEX_URL");
  pip_name_of("UV_INDEX", "PIP_EXTRA_INDEX_URL");
  if (has_certificates) {
    std::string file = fmt::format("{}/ca.pem", kMountedFolder);
    for (const char* name : {"SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE"}) {
      variables[name] = file;
    }
  }
  variables["UV_PYTHON_DOWNLOADS"] = "never";
  variables["UV_CACHE_DIR"] = fmt::format("{}/cache", kMountedFolder);
  return variables;
}

std::string conda_text(const domain::Environment& environment) {
  // JSON is YAML, and quotes whatever needs it.
  Json packages = Json::array();
  packages.push_back(environment.python_version.empty() ? "python"
                                                        : "python=" + environment.python_version);
  for (const std::string& line : environment.conda) packages.push_back(line);
  if (!environment.pip.empty()) {
    packages.push_back("pip");
    packages.push_back(Json{{"pip", environment.pip}});
  }
  return to_text(Json{{"channels", environment.channels}, {"dependencies", packages}}) + "\n";
}

}  // namespace tidegate::image
