#include "store/models.h"

#include "store/sql.h"
#include "store/values.h"

namespace tidegate::store {
namespace {

using domain::Model;
using domain::ModelFile;
using domain::ModelRef;

constexpr const char* kOne =
    "SELECT name, version, tags, properties, description, framework, framework_version, asset_id, "
    "created FROM models WHERE workspace = ? AND name = ? AND version = ?";
constexpr const char* kMany =
    "SELECT name, version, tags, properties, description, framework, framework_version, asset_id, "
    "created FROM models WHERE workspace = ?1 AND (?2 = '' OR name = ?2) "
    "ORDER BY created DESC, name, version DESC";

Result<Model> read_row(SQLite::Statement& row) {
  Model model;
  model.name = text_at(row, 0);
  model.version = static_cast<int>(number_at(row, 1));
  TIDEGATE_TRY(model.tags, map_from_text(text_at(row, 2)));
  TIDEGATE_TRY(model.properties, map_from_text(text_at(row, 3)));
  model.description = text_at(row, 4);
  model.framework = text_at(row, 5);
  model.framework_version = text_at(row, 6);
  model.asset_id = text_at(row, 7);
  model.created = from_micros(number_at(row, 8));
  return model;
}

Result<> load_files(Database& db, std::string_view workspace, Model& model) {
  TIDEGATE_TRY(model.files, select(
                                db,
                                "SELECT path, sha256, size, executable FROM model_files "
                                "WHERE workspace = ? AND name = ? AND version = ? ORDER BY path",
                                [](SQLite::Statement& row) {
                                  return ModelFile{text_at(row, 0), text_at(row, 1),
                                                   static_cast<std::uint64_t>(number_at(row, 2)),
                                                   number_at(row, 3) != 0};
                                },
                                workspace, model.name, model.version));
  return {};
}

Result<int> next_version(Database& db, std::string_view workspace, const std::string& name) {
  TIDEGATE_TRY(
      [[maybe_unused]] int rows,
      execute(db,
              "INSERT INTO model_names (workspace, name, last_version) VALUES (?, ?, 1) "
              "ON CONFLICT (workspace, name) DO UPDATE SET last_version = last_version + 1",
              workspace, name));
  TIDEGATE_TRY(auto version,
               select_one(
                   db, "SELECT last_version FROM model_names WHERE workspace = ? AND name = ?",
                   [](SQLite::Statement& row) { return static_cast<int>(number_at(row, 0)); },
                   workspace, name));
  return version.value_or(1);
}

Result<> insert_model(Database& db, std::string_view workspace, const Model& model) {
  TIDEGATE_TRY(
      [[maybe_unused]] int rows,
      execute(db,
              "INSERT INTO models (workspace, name, version, tags, properties, description, "
              "framework, framework_version, asset_id, created) "
              "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
              workspace, model.name, model.version, map_to_text(model.tags),
              map_to_text(model.properties), model.description, model.framework,
              model.framework_version, model.asset_id, to_micros(model.created)));
  for (const ModelFile& file : model.files) {
    TIDEGATE_TRY([[maybe_unused]] int one,
                 execute(db,
                         "INSERT INTO model_files (workspace, name, version, path, sha256, size, "
                         "executable) VALUES (?, ?, ?, ?, ?, ?, ?)",
                         workspace, model.name, model.version, file.path, file.sha256, file.size,
                         file.executable));
  }
  return {};
}

}  // namespace

Result<Model> add_model(Database& db, std::string_view workspace, Model model) {
  TIDEGATE_TRY_VOID(db.transact([&]() -> Result<> {
    TIDEGATE_TRY(model.version, next_version(db, workspace, model.name));
    return insert_model(db, workspace, model);
  }));
  return model;
}

Result<std::optional<Model>> find_model(Database& db, std::string_view workspace,
                                        const ModelRef& ref) {
  TIDEGATE_TRY(auto model, select_one(db, kOne, read_row, workspace, ref.name, ref.version));
  if (model) TIDEGATE_TRY_VOID(load_files(db, workspace, *model));
  return model;
}

Result<std::vector<Model>> list_models(Database& db, std::string_view workspace,
                                       std::string_view name) {
  TIDEGATE_TRY(auto models, select(db, kMany, read_row, workspace, name));
  for (Model& model : models) TIDEGATE_TRY_VOID(load_files(db, workspace, model));
  return models;
}

}  // namespace tidegate::store
