"""azureml.core.Model as entry scripts use it: Model.get_model_path(), for files that are already here."""

import os
from typing import Any, Iterator, List, Optional

MODELS_FOLDER = "azureml-models"
_LISTED_MAX = 20


class AzureMLException(Exception):
    def __init__(self, exception_message: str, **kwargs: Any) -> None:
        super().__init__(exception_message)
        self.message = exception_message


class WebserviceException(AzureMLException):
    def __init__(self, exception_message: str, status_code: Optional[int] = None, **kwargs: Any) -> None:
        super().__init__(exception_message)
        self.status_code = status_code


class ModelNotFoundException(WebserviceException):
    """Of both kinds, as the SDK raises the other one when a version was asked for."""


class Model:
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise NotImplementedError(
            "tidegate_server's Model has get_model_path() only; models of a workspace need the package azureml-core")

    @staticmethod
    def get_model_path(model_name: str, version: Optional[int] = None, _workspace: Any = None) -> str:
        """The one file or folder in azureml-models/<name>/<version or highest>, else ./<name>. A workspace is not
        asked: a replica has its models."""
        from azureml import exceptions  # the real ones where they are installed

        if version is not None and not isinstance(version, int):
            raise exceptions.WebserviceException("version should be an int")
        if model_name is None:
            raise exceptions.WebserviceException("model_name is None")
        folder = version_folder(model_name, version)
        if folder is not None:
            entries = sorted(os.listdir(folder))
            if len(entries) != 1:
                raise exceptions.WebserviceException(
                    "Dir %s can contain only 1 file or folder. Found %s" % (folder, entries))
            return os.path.join(folder, entries[0])
        if os.path.exists(model_name):
            return model_name
        raise exceptions.ModelNotFoundException(not_found(model_name, version))


def models_root() -> str:
    return os.path.join(os.environ.get("AML_APP_ROOT", ""), MODELS_FOLDER)


def version_folder(model_name: str, version: Optional[int]) -> Optional[str]:
    wanted = latest_version(model_name) if version is None else str(version)
    folder = os.path.join(models_root(), model_name, wanted or "")
    return folder if wanted and os.path.isdir(folder) else None


def latest_version(model_name: str) -> Optional[str]:
    return max(versions(model_name), key=int, default=None)


def versions(model_name: str) -> List[str]:
    try:
        found = os.listdir(os.path.join(models_root(), model_name))
    except OSError:
        return []
    return [name for name in found if name.isascii() and name.isdigit()]


def not_found(model_name: str, version: Optional[int]) -> str:
    which = model_name if version is None else "%s version %d" % (model_name, version)
    here = list(present())
    if len(here) > _LISTED_MAX:
        here[_LISTED_MAX:] = ["and %d more" % (len(here) - _LISTED_MAX)]
    return "Model %s not found in cache at %s or in current working directory %s. Models here: %s." % (
        which, models_root(), os.getcwd(), ", ".join(here) or "none")


def present() -> Iterator[str]:
    try:
        names = sorted(os.listdir(models_root()))
    except OSError:
        return
    for name in names:
        for version in sorted(versions(name), key=int):
            yield "%s/%s" % (name, version)
