"""What run() takes is read from its code where that is enough: as inspect would say."""

import functools
import inspect
import sys

import pytest
from replica import PACKAGES

sys.path.append(str(PACKAGES))

from tidegate_server import parameters  # noqa: E402


def one(data): ...
def with_default(data, scale=2): ...
def all_with_defaults(data=None, scale=2): ...
def by_name_only(data, *, scale, offset=0): ...
def with_locals(data, request_headers):
    text = data
    return text


@functools.wraps(with_default)
def wrapper(*args, **kwargs): ...


class Callable:
    def __call__(self, data, scale=1): ...
    def method(self, data): ...


def said_by_inspect(run):
    return [
        (p.name, parameters.REQUIRED if p.default is p.empty else p.default)
        for p in inspect.signature(run).parameters.values()
    ]


@pytest.mark.parametrize(
    "run",
    [one, with_default, all_with_defaults, by_name_only, with_locals, wrapper, Callable(), Callable().method,
     functools.partial(with_default, scale=3), lambda data: data],
    ids=lambda run: getattr(run, "__name__", type(run).__name__),
)
def test_names_and_defaults_are_those_of_inspect(run):
    assert parameters.of(run) == said_by_inspect(run)


@pytest.mark.parametrize("source", ["data, /", "*data", "data, **more", "data, /, scale", "*, data, **more"])
def test_what_cannot_be_given_by_name_alone_is_none(source):
    assert parameters.of(eval(f"lambda {source}: 0")) is None


async def coroutine(data): ...
async def generator(data): yield data


@pytest.mark.parametrize("run", [coroutine, generator, one, functools.partial(coroutine), Callable().method])
def test_async_is_what_inspect_calls_a_coroutine_function(run):
    assert parameters.is_async(run) == inspect.iscoroutinefunction(run)
