"""What the scripts have in common: the caller's JSON in, plain JSON values out, and what is the caller's fault."""

import json
from typing import Any, Dict, Sequence

from tidegate_server.inputs import BadRequest

_MESSAGE_MAX = 600  # characters of a library's message that the caller gets


def refused(message: str) -> BadRequest:
    """For `raise`: the caller gets 400 and the message."""
    return BadRequest(400, message)


def refused_by(what: str, error: BaseException, hint: str) -> BadRequest:
    """A library's own words, as long as they are no essay, and what it would have taken."""
    words = " ".join(str(error).split())
    if len(words) > _MESSAGE_MAX:
        words = words[:_MESSAGE_MAX] + "..."
    return refused("%s: %s. %s" % (what, words.rstrip("."), hint))


def read_object(body: str, form: str) -> Dict[str, Any]:
    """`form`: what is expected, for the message."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise refused("the body is no JSON (%s); send %s" % (error, form)) from None
    if not isinstance(value, dict):
        raise refused("the body is no JSON object; send %s" % form)
    return value


def only_known(body: Dict[str, Any], known: Sequence[str], form: str) -> None:
    unknown = sorted(set(body) - set(known))
    if unknown:
        raise refused("the body has unknown members: %s; send %s" % (", ".join(map(repr, unknown)), form))


def one_of(body: Dict[str, Any], names: Sequence[str], form: str) -> Any:
    """The value of the one member among these that is there."""
    there = [name for name in names if name in body]
    if len(there) != 1:
        found = "has none of" if not there else "has more than one of"
        raise refused("the body %s %s; send %s" % (found, ", ".join(map(repr, names)), form))
    return body[there[0]]


def plain(value: Any) -> Any:
    """Arrays, frames, numbers and containers of them as what JSON has."""
    if isinstance(value, dict):
        return {key if isinstance(key, str) else str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if hasattr(value, "toarray"):  # scipy's sparse matrices
        value = value.toarray()
    elif hasattr(value, "to_numpy"):  # pandas
        value = value.to_numpy()
    if hasattr(value, "tolist"):  # numpy's arrays and numbers; of objects, the objects
        value = value.tolist()
        return plain(value) if isinstance(value, list) and _holds_objects(value) else value
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value


def _holds_objects(value: Any) -> bool:
    while isinstance(value, list) and value:
        value = value[0]
    return not isinstance(value, (bool, int, float, str))
