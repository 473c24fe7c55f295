#include "base/log_file.h"

#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "base/log.h"

namespace tidegate {
namespace {

void write_to_spdlog(Level level, std::string_view line) {
  static constexpr spdlog::level::level_enum kLevels[] = {spdlog::level::debug, spdlog::level::info,
                                                          spdlog::level::warn, spdlog::level::err};
  spdlog::default_logger_raw()->log(kLevels[static_cast<int>(level)],
                                    spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace

Result<> log_to_file(const LogFileOptions& options) {
  try {
    auto logger = options.path.empty()
                      ? spdlog::stderr_logger_mt("tidegate")
                      : spdlog::rotating_logger_mt("tidegate", options.path, options.size_max_bytes,
                                                   options.files_max);
    logger->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %L [%P] %v", spdlog::pattern_time_type::utc);
    logger->set_level(spdlog::level::debug);
    logger->flush_on(spdlog::level::debug);
    spdlog::set_default_logger(logger);
    set_log_sink(&write_to_spdlog);
    return {};
  } catch (const spdlog::spdlog_ex& error) {
    return fail(Code::internal,
                fmt::format("cannot write the log file {}: {}", options.path, error.what()));
  }
}

}  // namespace tidegate
