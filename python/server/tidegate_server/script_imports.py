"""What an entry script imports, found without running it."""

import ast
import os
from typing import Iterator, List, NamedTuple, Sequence, Union

# What these names mean is decided when the script is loaded (names.py).
_NOT_HERE = frozenset(("azureml", "azureml_inference_server_http", "tidegate_server", "__future__", "main"))


class Import(NamedTuple):
    module: str  # "a.b"
    names: List[str]  # from a.b import these; [] for `import a.b`

    @property
    def root(self) -> str:
        return self.module.partition(".")[0]


def of_environment(source: str, folders: Sequence[str]) -> List[Import]:
    """Those at the top of the script, also inside `try`, in order, but for modules that lie in `folders`, which are
    the user's own. SyntaxError, ValueError."""
    imports = []  # type: List[Import]
    for found in _imports(ast.parse(source).body):
        if found.root in _NOT_HERE or any(_is_in(folder, found.root) for folder in folders):
            continue
        if found not in imports:
            imports.append(found)
    return imports


def mentions(source: Union[str, bytes], root: str) -> bool:
    """Whether it imports that package anywhere, also in its functions. SyntaxError, ValueError."""
    for node in ast.walk(ast.parse(source)):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module or ""]
        if any(name.partition(".")[0] == root for name in names):
            return True
    return False


def _imports(body: Sequence[ast.stmt]) -> Iterator[Import]:
    for statement in body:
        if isinstance(statement, ast.Import):
            for alias in statement.names:
                yield Import(alias.name, [])
        elif isinstance(statement, ast.ImportFrom) and statement.module and not statement.level:
            yield Import(statement.module, [alias.name for alias in statement.names])
        elif isinstance(statement, ast.Try):
            yield from _imports(statement.body)


def _is_in(folder: str, root: str) -> bool:
    """A module, a package, or an extension such as root.cpython-311-x86_64-linux-gnu.so."""
    try:
        names = os.listdir(folder)
    except OSError:
        return False
    return any(name == root or name.startswith(root + ".") for name in names)
