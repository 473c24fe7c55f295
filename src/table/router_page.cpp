#include "table/router_page.h"

#include "base/json.h"

namespace tidegate::table {

std::string to_json(const RouterPage& page) {
  return to_text(Json{
      {"routerId", page.router_id}, {"tableVersion", page.table_version}, {"busy", page.busy}});
}

}  // namespace tidegate::table
