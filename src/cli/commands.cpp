#include "cli/commands.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "cli/cli.h"
#include "cli/deploy_input.h"
#include "cli/flag_parse.h"
#include "cli/help.h"

namespace tidegate::cli {
namespace {

constexpr std::array kCommands = {
    &kServe,
    &kModelRegister,
    &kModelList,
    &kModelShow,
    &kModelDeploy,
    &kServiceList,
    &kServiceShow,
    &kServiceRun,
    &kServiceUpdate,
    &kServiceGetKeys,
    &kServiceGetLogs,
    &kServiceDelete,
    &kComputeCreate,
    &kComputeAttachKubernetes,
    &kComputeAttachAks,
    &kComputeList,
    &kComputeShow,
    &kComputeDetach,
    &kComputeDelete,
};

// What `az ml` had and Tidegate has not: told apart from a typing mistake.
constexpr std::array<std::string_view, 18> kNotOffered = {"model update",
                                                          "model delete",
                                                          "model download",
                                                          "model package",
                                                          "model profile",
                                                          "service regen-key",
                                                          "service get-access-token",
                                                          "endpoint",
                                                          "environment",
                                                          "folder",
                                                          "workspace",
                                                          "run",
                                                          "experiment",
                                                          "pipeline",
                                                          "dataset",
                                                          "datastore",
                                                          "computetarget update",
                                                          "computetarget get-credentials"};

struct CommonTargets {
  std::optional<std::string> data, output, path;
  bool verbose = false;
  bool debug = false;
  bool quiet = false;
};

void declare_common(FlagSet& flags, CommonTargets& out) {
  flags.group("For every command");
  flags.text("--data", "DIR",
             "data folder of the server (default: TIDEGATE_DATA, else ~/.tidegate)", out.data);
  flags.text("-o,--output", "FORMAT", "json, table, tsv or none (default json)", out.output);
  flags.toggle("-v", "print the whole object of the server", out.verbose);
  flags.text("--path", "DIR", "where source paths begin (default: the current folder)", out.path);
  flags.toggle("--only-show-errors", "no progress, notes or warnings", out.quiet);
  flags.toggle("--debug,--verbose", "show each call to the server", out.debug);
  flags.accepted("-g,--resource-group", "NAME", "there is one workspace; ignored");
  flags.accepted("-w,--workspace-name", "NAME", "there is one workspace; ignored");
  flags.accepted("--subscription-id", "ID", "there is one workspace; ignored");
  flags.refused("--query", "JMESPATH", "not offered: pipe the JSON through jq");
}

Format format_of(const std::optional<std::string>& text, domain::Complaints& complaints) {
  if (!text || *text == "json" || *text == "jsonc") return Format::json;
  if (*text == "table") return Format::table;
  if (*text == "tsv") return Format::tsv;
  if (*text == "none") return Format::none;
  complaints.add("-o/--output", fmt::format("must be json, table, tsv or none, is \"{}\"", *text));
  return Format::json;
}

// --data may stand before the command: it is moved behind it.
std::vector<std::string> command_first(std::vector<std::string> arguments) {
  while (!arguments.empty()) {
    bool has_value = arguments[0] == "--data" && arguments.size() > 1;
    bool is_whole = arguments[0].starts_with("--data=");
    if (!has_value && !is_whole) break;
    std::rotate(arguments.begin(), arguments.begin() + (has_value ? 2 : 1), arguments.end());
    if (!arguments[0].starts_with("--data")) break;
  }
  return arguments;
}

std::vector<std::string> leading_words(const std::vector<std::string>& arguments) {
  std::vector<std::string> words;
  for (const std::string& word : arguments) {
    if (word.starts_with('-')) break;
    words.push_back(word);
  }
  return words;
}

std::string joined(const std::vector<std::string>& words, std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count && i < words.size(); ++i)
    text += (i == 0 ? "" : " ") + words[i];
  return text;
}

std::size_t words_in(std::string_view path) {
  return 1 + static_cast<std::size_t>(std::ranges::count(path, ' '));
}

const Command* find_command(const std::vector<std::string>& words) {
  for (const Command* command : kCommands) {
    if (joined(words, words_in(command->path)) == command->path) return command;
  }
  return nullptr;
}

std::string all_help() {
  return fmt::format(
      "Tidegate: a trained model and a score.py become a web service with keys.\n\n"
      "usage: tidegate COMMAND [flags]\n\nCommands:\n{}\n"
      "`tidegate COMMAND --help` tells more about each. One dash or two make no difference for "
      "flags\n"
      "of two letters: -ct and --ct are the same.\n\n"
      "Example:\n"
      "  tidegate serve &\n"
      "  tidegate model register -n mymodel -p model.pkl\n"
      "  tidegate model deploy -n myservice -m mymodel:1 -ic inferenceconfig.json\n"
      "  tidegate service run -n myservice -d '{{\"data\": [[1, 2, 3]]}}'\n",
      overview(kCommands, ""));
}

// The group of commands that the first word names, if it names one.
std::string group_of(const std::vector<std::string>& words) {
  if (words.empty()) return "";
  std::string prefix = words[0] + " ";
  bool exists =
      std::ranges::any_of(kCommands, [&](const Command* c) { return c->path.starts_with(prefix); });
  return exists ? prefix : "";
}

Error unknown_command(const std::vector<std::string>& words) {
  std::string all = joined(words, words.size());
  for (std::string_view other : kNotOffered) {
    if (joined(words, words_in(other)) != other) continue;
    return {Code::invalid,
            fmt::format("`tidegate {}` is not offered yet\nhint: `tidegate --help` lists what is",
                        other)};
  }
  if (words.empty())
    return {Code::invalid, "no command is given\nhint: `tidegate --help` lists the commands"};
  std::vector<std::string_view> paths;
  for (const Command* command : kCommands) paths.push_back(command->path);
  std::string group = group_of(words);
  bool is_group_alone = !group.empty() && words.size() == 1;
  std::string_view near = is_group_alone ? std::string_view() : domain::suggest(all, paths);
  for (std::string_view path : paths) {
    if (near.empty() && path.starts_with(all + " ") && words.size() > 1) near = path;
  }
  std::string message = fmt::format("`tidegate {}` is no command", all);
  if (!near.empty()) message += fmt::format("; did you mean `tidegate {}`?", near);
  return {Code::invalid,
          fmt::format("{}\nhint: `tidegate {}--help` lists the commands", message, group)};
}

int show_help(const std::vector<std::string>& words, Console& console) {
  std::string group = group_of(words);
  console.result(group.empty() ? all_help()
                               : fmt::format("Commands:\n{}", overview(kCommands, group)));
  return 0;
}

// Everything about one call of one command, in the order of its life.
Result<> execute(const Command& command, const std::vector<std::string>& arguments,
                 Context& context) {
  std::unique_ptr<Verb> verb = command.make();
  FlagSet flags;
  CommonTargets common;
  verb->declare(flags);
  declare_common(flags, common);
  if (wants_help(arguments)) {
    context.console.result(help_of(command, flags));
    return {};
  }
  auto& options = context.console.options();
  options.quiet = std::ranges::find(arguments, "--only-show-errors") != arguments.end();
  domain::Complaints complaints;
  parse_flags(flags, arguments, context.console, complaints);
  CommonFlags wanted{.format = format_of(common.output, complaints),
                     .verbose = common.verbose,
                     .path = common.path.value_or("")};
  if (auto result = settle(complaints, /*strict=*/false, context.console); !result) {
    return fail(Code::invalid, fmt::format("{}\nhint: `tidegate {} --help` lists the flags",
                                           result.error().message, command.path));
  }
  options.debug = common.debug;
  if (common.data) context.data = data_folder(*common.data);
  return verb->run(context, wanted);
}

}  // namespace

int run_command(const std::vector<std::string>& given, Context& context) {
  std::vector<std::string> arguments = command_first(given);
  std::vector<std::string> words = leading_words(arguments);
  const Command* command = find_command(words);
  if (command == nullptr && (wants_help(arguments) || joined(words, 1) == "help")) {
    return show_help(words, context.console);
  }
  if (command == nullptr || command->make == nullptr) {
    Error error = unknown_command(words);
    context.console.error(error);
    return exit_code(error.code);
  }
  auto first_flag = arguments.begin() + static_cast<std::ptrdiff_t>(words_in(command->path));
  auto result = execute(*command, {first_flag, arguments.end()}, context);
  if (result) return 0;
  context.console.end_live();
  context.console.error(result.error());
  return exit_code(result.error().code);
}

}  // namespace tidegate::cli
