#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "cli/api.h"
#include "cli/context.h"
#include "cli/flag_set.h"

namespace tidegate::cli {

// How a result is printed: -o/--output.
enum class Format { json, table, tsv, none };

// What every command is asked besides its own flags.
struct CommonFlags {
  Format format = Format::json;
  bool verbose = false;  // -v: the whole object instead of the short form
  std::string path;      // --path: where source paths begin; empty: the current directory
};

// One command. Declares its flags into its own fields, then runs with them.
class Verb {
 public:
  virtual ~Verb() = default;
  virtual void declare(FlagSet& flags) = 0;
  // Problems have been collected into the error; success is exit code 0.
  virtual Result<> run(Context& context, const CommonFlags& common) = 0;
};

struct Command {
  std::string_view path;     // "model register"
  std::string_view purpose;  // one line
  std::string_view usage;    // behind the path: "-n NAME -p PATH"
  std::string_view example;  // lines; may be several
  std::unique_ptr<Verb> (*make)();
};

// One file each.
extern const Command kModelRegister, kModelList, kModelShow, kModelDeploy;
extern const Command kServiceList, kServiceShow, kServiceRun, kServiceUpdate, kServiceGetKeys,
    kServiceGetLogs, kServiceDelete;
extern const Command kComputeCreate, kComputeAttachKubernetes, kComputeAttachAks, kComputeList,
    kComputeShow, kComputeDetach, kComputeDelete;

}  // namespace tidegate::cli
