#include "store/migrations.h"

namespace tidegate::store {
namespace {

// Times are microseconds since 1970, UTC. Maps and specs are JSON text.
constexpr const char* kFirst = R"sql(
CREATE TABLE settings (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT;

CREATE TABLE workspaces (
  name           TEXT PRIMARY KEY,
  id             TEXT NOT NULL,
  subscription   TEXT NOT NULL,
  resource_group TEXT NOT NULL,
  created        INTEGER NOT NULL
) STRICT;

-- An uploaded file by the name it was uploaded under; assets pick from here by prefix.
CREATE TABLE artifacts (
  container TEXT NOT NULL,
  path      TEXT NOT NULL,
  sha256    TEXT NOT NULL,
  size      INTEGER NOT NULL,
  created   INTEGER NOT NULL,
  PRIMARY KEY (container, path)
) STRICT;

CREATE TABLE assets (
  id        TEXT PRIMARY KEY,
  workspace TEXT NOT NULL REFERENCES workspaces(name),
  name      TEXT NOT NULL,
  prefixes  TEXT NOT NULL,
  created   INTEGER NOT NULL
) STRICT;

CREATE TABLE asset_files (
  asset_id TEXT NOT NULL REFERENCES assets(id) ON DELETE CASCADE,
  path     TEXT NOT NULL,
  sha256   TEXT NOT NULL,
  size     INTEGER NOT NULL,
  PRIMARY KEY (asset_id, path)
) STRICT;

-- last_version only grows: a number is never given twice, also after a deletion.
CREATE TABLE model_names (
  workspace    TEXT NOT NULL REFERENCES workspaces(name),
  name         TEXT NOT NULL,
  last_version INTEGER NOT NULL,
  PRIMARY KEY (workspace, name)
) STRICT;

CREATE TABLE models (
  workspace         TEXT NOT NULL,
  name              TEXT NOT NULL,
  version           INTEGER NOT NULL,
  tags              TEXT NOT NULL,
  properties        TEXT NOT NULL,
  description       TEXT NOT NULL,
  framework         TEXT NOT NULL,
  framework_version TEXT NOT NULL,
  asset_id          TEXT NOT NULL REFERENCES assets(id),
  created           INTEGER NOT NULL,
  PRIMARY KEY (workspace, name, version),
  FOREIGN KEY (workspace, name) REFERENCES model_names(workspace, name)
) STRICT;

CREATE TABLE model_files (
  workspace  TEXT NOT NULL,
  name       TEXT NOT NULL,
  version    INTEGER NOT NULL,
  path       TEXT NOT NULL,
  sha256     TEXT NOT NULL,
  size       INTEGER NOT NULL,
  executable INTEGER NOT NULL,
  PRIMARY KEY (workspace, name, version, path),
  FOREIGN KEY (workspace, name, version) REFERENCES models(workspace, name, version) ON DELETE CASCADE
) STRICT;

CREATE TABLE computes (
  workspace   TEXT NOT NULL REFERENCES workspaces(name),
  name        TEXT NOT NULL,
  kind        TEXT NOT NULL,
  description TEXT NOT NULL,
  created     INTEGER NOT NULL,
  PRIMARY KEY (workspace, name)
) STRICT;

-- last_generation: the highest number ever used, also by an update that failed.
CREATE TABLE services (
  id              TEXT PRIMARY KEY,
  workspace       TEXT NOT NULL REFERENCES workspaces(name),
  name            TEXT NOT NULL,
  spec            TEXT NOT NULL,
  generation      INTEGER NOT NULL,
  last_generation INTEGER NOT NULL,
  key_primary     TEXT NOT NULL,
  key_secondary   TEXT NOT NULL,
  state           TEXT NOT NULL,
  error           TEXT NOT NULL,
  operation_id    TEXT NOT NULL,
  deleting        INTEGER NOT NULL,
  created         INTEGER NOT NULL,
  updated         INTEGER NOT NULL,
  UNIQUE (workspace, name)
) STRICT;

-- Generations of services that still have folders or replicas.
CREATE TABLE versions (
  id                  TEXT PRIMARY KEY,
  service_id          TEXT NOT NULL REFERENCES services(id),
  generation          INTEGER NOT NULL,
  spec                TEXT NOT NULL,
  phase               TEXT NOT NULL,
  step                TEXT NOT NULL,
  strict              INTEGER NOT NULL,
  ignore_docker_steps INTEGER NOT NULL,
  environment_hash    TEXT NOT NULL,
  interpreter         TEXT NOT NULL,
  found_in            TEXT NOT NULL,
  created             INTEGER NOT NULL
) STRICT;
CREATE INDEX versions_by_service ON versions(service_id);

CREATE TABLE version_assets (
  version_id TEXT NOT NULL REFERENCES versions(id) ON DELETE CASCADE,
  asset_id   TEXT NOT NULL REFERENCES assets(id),
  PRIMARY KEY (version_id, asset_id)
) STRICT;

CREATE TABLE version_models (
  version_id TEXT NOT NULL REFERENCES versions(id) ON DELETE CASCADE,
  workspace  TEXT NOT NULL,
  name       TEXT NOT NULL,
  version    INTEGER NOT NULL,
  PRIMARY KEY (version_id, name, version),
  FOREIGN KEY (workspace, name, version) REFERENCES models(workspace, name, version)
) STRICT;

-- A row stands here before its process is started, so that a process always has a row.
CREATE TABLE replicas (
  id         TEXT PRIMARY KEY,
  version_id TEXT NOT NULL REFERENCES versions(id),
  retiring   INTEGER NOT NULL,
  was_ready  INTEGER NOT NULL,
  created    INTEGER NOT NULL
) STRICT;
CREATE INDEX replicas_by_version ON replicas(version_id);

CREATE TABLE operations (
  id           TEXT PRIMARY KEY,
  kind         TEXT NOT NULL,
  workspace    TEXT NOT NULL,
  service_name TEXT NOT NULL,
  service_id   TEXT NOT NULL,
  state        TEXT NOT NULL,
  step         TEXT NOT NULL,
  warnings     TEXT NOT NULL,
  error        TEXT NOT NULL,
  request      TEXT NOT NULL,
  created      INTEGER NOT NULL,
  ended        INTEGER NOT NULL
) STRICT;
CREATE INDEX operations_by_service ON operations(workspace, service_name, created);
)sql";

// Of a compute target that is a cluster: JSON text; empty for a process target. What nobody may see
// stands apart, so that a query for people cannot pick it up by mistake.
constexpr const char* kClusters = R"sql(
ALTER TABLE computes ADD COLUMN cluster     TEXT NOT NULL DEFAULT '';
ALTER TABLE computes ADD COLUMN credentials TEXT NOT NULL DEFAULT '';
)sql";

// The image of a version's environment, by digest; empty on process targets.
constexpr const char* kVersionImage = R"sql(
ALTER TABLE versions ADD COLUMN image TEXT NOT NULL DEFAULT '';
)sql";

constexpr const char* kAll[] = {kFirst, kClusters, kVersionImage};

}  // namespace

std::span<const char* const> migrations() {
  return kAll;
}

}  // namespace tidegate::store
