// fmt's own code, compiled once for the whole program. As a header, every file that formats one
// string compiled all of it again: 2.5 of 4 seconds for a file of 20 lines. Debian has no static
// libfmt, and the shared one must not appear in the user's Python process.
#include <fmt/format-inl.h>

FMT_BEGIN_NAMESPACE
namespace detail {

template class buffer<char>;
template void buffer<char>::append(const char*, const char*);
template thousands_sep_result<char> thousands_sep_impl(locale_ref);
template char decimal_point_impl(locale_ref);
template locale_ref::locale_ref(const std::locale&);
template std::locale locale_ref::get<std::locale>() const;
template dragonbox::decimal_fp<float> dragonbox::to_decimal(float) noexcept;
template dragonbox::decimal_fp<double> dragonbox::to_decimal(double) noexcept;
template void vformat_to(buffer<char>&, string_view, basic_format_args<buffer_context<char>>,
                         locale_ref);

}  // namespace detail
FMT_END_NAMESPACE
