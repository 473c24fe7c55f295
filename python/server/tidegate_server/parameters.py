"""What run() takes, as inspect.signature() sees it; a plain function is read without that module, which brings a
megabyte that most scripts do not need."""

from types import FunctionType
from typing import Any, List, NamedTuple, Optional

REQUIRED = object()  # the default of a parameter that has none

# Bits of a code object's co_flags: `inspect` in Python's library reference.
_VARARGS, _VARKEYWORDS, _COROUTINE = 0x04, 0x08, 0x80


class Parameter(NamedTuple):
    name: str
    default: Any


def is_async(run: Any) -> bool:
    if _is_plain(run):
        return bool(run.__code__.co_flags & _COROUTINE)
    import inspect

    return inspect.iscoroutinefunction(run)


def of(run: Any) -> Optional[List[Parameter]]:
    """None: some can be given by position only, or are *args or **kwargs. TypeError or ValueError: not to be known."""
    if _is_plain(run):
        return _of_code(run)
    import inspect

    parameters = list(inspect.signature(run).parameters.values())
    by_name = (inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    if any(parameter.kind not in by_name for parameter in parameters):
        return None
    return [
        Parameter(parameter.name, REQUIRED if parameter.default is parameter.empty else parameter.default)
        for parameter in parameters
    ]


def _is_plain(run: Any) -> bool:
    return type(run) is FunctionType and not hasattr(run, "__wrapped__") and not hasattr(run, "__signature__")


def _of_code(run: FunctionType) -> Optional[List[Parameter]]:
    code = run.__code__
    if code.co_flags & (_VARARGS | _VARKEYWORDS) or code.co_posonlyargcount:
        return None
    names = code.co_varnames[: code.co_argcount]
    defaults = dict(zip(reversed(names), reversed(run.__defaults__ or ())))
    defaults.update(run.__kwdefaults__ or {})
    names += code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
    return [Parameter(name, defaults.get(name, REQUIRED)) for name in names]
