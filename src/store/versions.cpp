#include "store/versions.h"

#include "store/sql.h"
#include "store/values.h"

namespace tidegate::store {
namespace {

#define TIDEGATE_VERSION_COLUMNS                                                        \
  "SELECT id, service_id, generation, spec, phase, step, strict, ignore_docker_steps, " \
  "environment_hash, interpreter, found_in, image, created FROM versions "

std::string_view step_name(VersionStep step) {
  switch (step) {
    case VersionStep::environment:
      return "environment";
    case VersionStep::layout:
      return "layout";
    case VersionStep::replicas:
      return "replicas";
  }
  return "environment";
}

VersionPhase phase_from_text(std::string_view text) {
  if (text == "current") return VersionPhase::current;
  return text == "draining" ? VersionPhase::draining : VersionPhase::preparing;
}

VersionStep step_from_text(std::string_view text) {
  if (text == "replicas") return VersionStep::replicas;
  return text == "layout" ? VersionStep::layout : VersionStep::environment;
}

Result<Version> read_row(SQLite::Statement& row) {
  Version version;
  version.id = text_at(row, 0);
  version.service_id = text_at(row, 1);
  version.generation = static_cast<int>(number_at(row, 2));
  TIDEGATE_TRY(Json spec, parse_json(text_at(row, 3), "stored version"));
  TIDEGATE_TRY(version.spec, domain::service_spec_from_json(spec));
  version.phase = phase_from_text(text_at(row, 4));
  version.step = step_from_text(text_at(row, 5));
  version.strict = number_at(row, 6) != 0;
  version.ignore_docker_steps = number_at(row, 7) != 0;
  version.environment_hash = text_at(row, 8);
  version.interpreter = text_at(row, 9);
  version.found_in = text_at(row, 10);
  version.image = text_at(row, 11);
  version.created = from_micros(number_at(row, 12));
  return version;
}

Result<> insert_row(Database& db, const Version& version) {
  TIDEGATE_TRY(
      [[maybe_unused]] int rows,
      execute(db,
              "INSERT INTO versions (id, service_id, generation, spec, phase, step, strict, "
              "ignore_docker_steps, environment_hash, interpreter, found_in, image, created) "
              "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
              version.id, version.service_id, version.generation,
              to_text(domain::to_json(version.spec)), phase_name(version.phase),
              step_name(version.step), version.strict, version.ignore_docker_steps,
              version.environment_hash, version.interpreter, version.found_in, version.image,
              to_micros(version.created)));
  return {};
}

Result<> insert_uses(Database& db, const Version& version) {
  auto add_asset = [&](const std::string& asset_id) -> Result<> {
    TIDEGATE_TRY(
        [[maybe_unused]] int rows,
        execute(db, "INSERT OR IGNORE INTO version_assets (version_id, asset_id) VALUES (?, ?)",
                version.id, asset_id));
    return {};
  };
  const domain::Workload& workload = version.spec.workload;
  for (const domain::Asset& asset : workload.assets) TIDEGATE_TRY_VOID(add_asset(asset.id));
  if (!workload.driver_program.empty()) TIDEGATE_TRY_VOID(add_asset(workload.driver_program));
  for (const domain::ModelRef& model : workload.models) {
    TIDEGATE_TRY(
        [[maybe_unused]] int rows,
        execute(db,
                "INSERT OR IGNORE INTO version_models (version_id, workspace, name, version) "
                "VALUES (?, ?, ?, ?)",
                version.id, version.spec.workspace, model.name, model.version));
  }
  return {};
}

}  // namespace

std::string_view phase_name(VersionPhase phase) {
  switch (phase) {
    case VersionPhase::preparing:
      return "preparing";
    case VersionPhase::current:
      return "current";
    case VersionPhase::draining:
      return "draining";
  }
  return "preparing";
}

Result<> add_version(Database& db, const Version& version) {
  return db.transact([&]() -> Result<> {
    TIDEGATE_TRY_VOID(insert_row(db, version));
    return insert_uses(db, version);
  });
}

Result<> update_version(Database& db, const Version& version) {
  TIDEGATE_TRY(int rows,
               execute(db,
                       "UPDATE versions SET spec = ?, phase = ?, step = ?, environment_hash = ?, "
                       "interpreter = ?, found_in = ?, image = ? WHERE id = ?",
                       to_text(domain::to_json(version.spec)), phase_name(version.phase),
                       step_name(version.step), version.environment_hash, version.interpreter,
                       version.found_in, version.image, version.id));
  if (rows == 0) return fail(Code::not_found, "no version with id " + version.id);
  return {};
}

Result<> remove_version(Database& db, std::string_view id) {
  return db.transact([&]() -> Result<> {
    TIDEGATE_TRY([[maybe_unused]] int replicas,
                 execute(db, "DELETE FROM replicas WHERE version_id = ?", id));
    TIDEGATE_TRY([[maybe_unused]] int rows, execute(db, "DELETE FROM versions WHERE id = ?", id));
    return {};
  });
}

Result<std::optional<Version>> find_version(Database& db, std::string_view id) {
  return select_one(db, TIDEGATE_VERSION_COLUMNS "WHERE id = ?", read_row, id);
}

Result<std::vector<Version>> list_versions(Database& db) {
  return select(db, TIDEGATE_VERSION_COLUMNS "ORDER BY service_id, generation", read_row);
}

Result<std::vector<Version>> list_versions_of(Database& db, std::string_view service_id) {
  return select(db, TIDEGATE_VERSION_COLUMNS "WHERE service_id = ? ORDER BY generation", read_row,
                service_id);
}

}  // namespace tidegate::store
