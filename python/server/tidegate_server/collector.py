"""azureml.monitoring.ModelDataCollector, with files in a folder:

    <TIDEGATE_MODEL_DATA>/modeldata/<workspace>/<service>/<model>/<version>/<designation>/<yyyy>/<mm>/<dd>/<file>.csv

On with AML_MODEL_DC_STORAGE_ENABLED=true and that folder. Collecting never fails a request: what cannot
be collected is a warning in the log.
"""

import copy
import csv
import datetime
import json
import os
import uuid
import warnings
from itertools import groupby
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

from . import collected_rows as rows
from . import names, registered_model
from .collected_files import CollectedFiles, Rows
from .logs import logger

DESIGNATIONS = ("inputs", "predictions", "labels", "signals", "general")
NO_REQUEST = "00000000-0000-0000-0000-000000000000"
DEFAULT_WORKSPACE = "default/default/default"
LINK = "(http://aka.ms/amlmodeldatacollection)"
NAME_BYTES_MAX = 200
HOUR, DAY = 60, 24 * 60  # minutes

_files = None  # type: Optional[CollectedFiles]  # one for all collectors of the process


def is_true(variable: str) -> bool:
    return os.environ.get(variable, "").lower() == "true"


class ModelDataCollector:
    AML_DC_CORRELATION_HEADER = "$aml_dc_correlation_id"
    AML_DC_SCORING_TIMESTAMP_HEADER = "$aml_dc_scoring_timestamp"
    AML_DC_BOUNDARY_HEADER = "$aml_dc_boundary"
    AML_WORKSPACE_HEADER = "$aml_workspace"
    AML_SERVICE_NAME_HEADER = "$aml_service_name"
    AML_MODEL_NAME_HEADER = "$aml_model_name"
    AML_MODEL_VERSION_HEADER = "$aml_model_version"
    AML_REQUEST_ID_HEADER = "$aml_request_id"

    _HEADERS = [
        AML_DC_CORRELATION_HEADER, AML_DC_SCORING_TIMESTAMP_HEADER, AML_DC_BOUNDARY_HEADER, AML_WORKSPACE_HEADER,
        AML_SERVICE_NAME_HEADER, AML_MODEL_NAME_HEADER, AML_MODEL_VERSION_HEADER, AML_REQUEST_ID_HEADER]

    def __init__(
        self,
        model_name: str,
        designation: str = "default",
        feature_names: Optional[Sequence[str]] = None,
        workspace: str = DEFAULT_WORKSPACE,
        webservice_name: str = "default",
        model_version: Any = "default",
        collection_name: str = "default",
    ) -> None:
        self._active = False
        self._feature_names = None if feature_names is None else list(copy.copy(feature_names))
        self._correlation_headers = []  # type: List[str]
        self._prints = is_true("AML_MODEL_DC_DEBUG")
        self._writes = False
        if not self._is_switched_on():
            return
        if designation != "default" and designation not in DESIGNATIONS:
            print("Incorrect designation value. Supported values: 'default', " + ", ".join(map(repr, DESIGNATIONS)))
            return
        self._designation = "general" if designation == "default" else designation
        self.filename = "%s.csv" % (
            collection_name if self._designation in ("signals", "general") else self._designation)
        self._config = read_config_map()
        self.workspace = self._workspace_of(workspace)
        self.model_name = model_name
        self.model_version = self._version_of(model_version)
        named = webservice_name != "default"
        self.service_name = webservice_name if named else os.environ.get("SERVICE_NAME") or webservice_name
        self._boundary = HOUR if os.environ.get("AML_MODEL_DC_BOUNDARY") == "hour" else DAY
        if self._designation == "inputs":
            self._correlation_headers = self._HEADERS
        self._active = True

    def collect(self, input_data: Any, user_correlation_id: str = "") -> Optional[Dict[str, Any]]:
        """Gives the correlations of `inputs`, else None."""
        if not self._active:
            return None
        correlations = None
        try:
            data = rows.plain(input_data)
            if self._designation == "inputs":
                correlations = self._new_correlations(user_correlation_id)
                data = rows.with_columns(data, self._HEADERS, self._values(correlations))
            for path, text, count in self._parts(data):
                self._keep(data, path, text, count)
        except rows.NotTabular as error:
            warnings.warn("collect failed: %s" % error)
            return None
        except (TypeError, ValueError, AttributeError, csv.Error) as error:
            logger.warning("model data: %s of %s are not collected: %s: %s",
                           self._designation, self.model_name, type(error).__name__, error)
            return None
        return correlations

    def add_correlations(self, input_data: Any, correlations: Optional[Dict[str, Any]]) -> Any:
        """`input_data` with the columns of what collect() of the inputs gave."""
        if correlations is None:
            return input_data
        self._correlation_headers = self._HEADERS
        try:
            return rows.with_columns(rows.plain(input_data), self._HEADERS, self._values(correlations))
        except rows.NotTabular as error:
            warnings.warn("collect failed: %s" % error)
            return input_data

    # --- settings ---------------------------------------------------------------------------------

    def _is_switched_on(self) -> bool:
        self._writes = is_true("AML_MODEL_DC_STORAGE_ENABLED") and bool(names.model_data_folder())
        if self._prints:
            print("Data collection is in debug mode. Set environment variable AML_MODEL_DC_STORAGE_ENABLED to 'true' "
                  "to send data to the cloud " + LINK + ".")
        elif not is_true("AML_MODEL_DC_STORAGE_ENABLED"):
            print("Data collection is not enabled. Set environment variable AML_MODEL_DC_STORAGE_ENABLED to 'true' "
                  "to enable " + LINK + ".")
        elif not names.model_data_folder():
            warnings.warn("initialize failed: nothing is collected. For a deployed service use `tidegate service "
                          "update --collect-model-data true`; elsewhere TIDEGATE_MODEL_DATA must name the folder")
        return self._writes or self._prints

    def _workspace_of(self, given: str) -> str:
        context = self._config.get("accountContext") or {}
        parts = [context.get(name) for name in ("subscriptionId", "resourceGroupName", "accountName")]
        if given == DEFAULT_WORKSPACE and all(parts):
            given = "/".join(map(str, parts))
        elif given == DEFAULT_WORKSPACE and os.environ.get("TIDEGATE_WORKSPACE"):
            given = os.environ["TIDEGATE_WORKSPACE"]
        elif given == DEFAULT_WORKSPACE and os.environ.get("WORKSPACE_NAME"):
            given = "default/default/" + os.environ["WORKSPACE_NAME"]
        return given.lower()

    def _version_of(self, given: Any) -> str:
        if str(given) != "default":
            return str(given)
        known = [name for name in self._models_of(self.model_name) if name.isdigit()]
        return max(known, key=int, default=None) or registered_model.latest_version(self.model_name) or "default"

    def _models_of(self, name: str) -> Dict[str, Any]:
        return (self._config.get("modelsInfo") or {}).get(name) or {}

    # --- correlations -----------------------------------------------------------------------------

    def _new_correlations(self, user_id: str) -> Dict[str, Any]:
        own = str(uuid.uuid4())
        return {
            self.AML_DC_SCORING_TIMESTAMP_HEADER: utc_now().isoformat(),
            self.AML_REQUEST_ID_HEADER: names.request_id() or NO_REQUEST,
            self.AML_DC_CORRELATION_HEADER: "%s-%s" % (user_id, own) if user_id != "" else own,
            self.AML_DC_BOUNDARY_HEADER: self._boundary,
            self.AML_WORKSPACE_HEADER: self.workspace,
            self.AML_SERVICE_NAME_HEADER: self.service_name,
            self.AML_MODEL_NAME_HEADER: self.model_name,
            self.AML_MODEL_VERSION_HEADER: self.model_version,
        }

    def _values(self, correlations: Dict[str, Any]) -> List[Any]:
        return [correlations[name] for name in self._HEADERS]

    # --- where rows go ----------------------------------------------------------------------------

    def _names_for(self, data: Any) -> Optional[List[Any]]:
        """The header of `data`; None: nobody has named its columns."""
        own = rows.column_names(data)
        if own is None and self._feature_names is not None:
            own = self._feature_names + self._correlation_headers
        return own

    def _parts(self, data: Any) -> Iterator[Tuple[str, bytes, int]]:
        """Path, CSV and number of the rows that follow each other and have one place."""
        names = self._names_for(data)
        indices = {name: index for index, name in enumerate(names or ()) if name in _PLACE_HEADERS}
        if not indices and self._correlation_headers:
            # Nobody has named the columns; add_correlations() has put its own at the end.
            indices = {name: index - len(self._HEADERS) for index, name in enumerate(self._HEADERS)}
        if not indices or self._designation in ("inputs", "general"):
            yield self._path_of({}), rows.csv_of_data(data), rows.row_count(data)
            return
        for cells, run in groupby(rows.rows_of(data), lambda row: _cells(row, indices)):
            same_place = list(run)
            yield self._path_of(dict(cells)), rows.csv_of(same_place), len(same_place)

    def _path_of(self, cells: Dict[str, Any]) -> str:
        """`cells`: what the rows themselves say of their place."""
        model = str(cells.get(self.AML_MODEL_NAME_HEADER, self.model_name))
        version = str(cells.get(self.AML_MODEL_VERSION_HEADER, self.model_version))
        service = str(cells.get(self.AML_SERVICE_NAME_HEADER, self.service_name))
        workspace = str(cells.get(self.AML_WORKSPACE_HEADER, self.workspace))
        time = _time(cells.get(self.AML_DC_SCORING_TIMESTAMP_HEADER), utc_now())
        boundary = str(cells.get(self.AML_DC_BOUNDARY_HEADER, self._boundary))
        day = time.strftime("%Y/%m/%d/%H" if boundary == str(HOUR) else "%Y/%m/%d")
        info = self._models_of(model).get(version) or {}
        prefix = info.get("dataCollectorStoragePath", "").replace("{webservice_name}", service)
        inside = "/".join((prefix or "/".join((workspace, service, model, version)), self._designation, day))
        return os.path.join(names.model_data_folder(), "modeldata", *safe_parts(inside + "/" + self.filename.replace("/", "_")))

    def _keep(self, data: Any, path: str, text: bytes, count: int) -> None:
        names = self._names_for(data)
        header = rows.csv_of([names]) if names is not None else b""
        if self._prints:
            print((header + text).decode("utf-8"))
        if self._writes:
            files().append(path, Rows(header, text, count))


_PLACE_HEADERS = frozenset(ModelDataCollector._HEADERS[1:7])


def files() -> CollectedFiles:
    global _files
    if _files is None:
        _files = CollectedFiles()
    return _files


def safe_parts(path: str) -> List[str]:
    """Rows name their folder themselves: none leads out of ours, nor is a name that a file cannot have."""
    parts = (part.replace("\0", "_") for part in path.split("/"))
    return ["_" if part in (".", "..") else _cut(part) for part in parts if part]


def _cut(name: str) -> str:
    if len(name.encode("utf-8", "replace")) <= NAME_BYTES_MAX:
        return name
    return name.encode("utf-8", "replace")[:NAME_BYTES_MAX].decode("utf-8", "ignore")


def read_config_map() -> Dict[str, Any]:
    """What the platform says about the models; {} without it."""
    path = os.path.join(os.environ.get("AML_APP_ROOT", ""), "model_config_map.json")
    try:
        with open(path, encoding="utf-8") as source:
            found = json.load(source)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        logger.warning("model data: %s is not used: %s", path, error)
        return {}
    return found if isinstance(found, dict) else {}


def utc_now() -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)


def _cells(row: Sequence[Any], indices: Dict[str, int]) -> Tuple[Tuple[str, Any], ...]:
    return tuple((name, row[at]) for name, at in indices.items() if name in _PLACE_HEADERS and -len(row) <= at < len(row))


def _time(value: Any, other: datetime.datetime) -> datetime.datetime:
    for form in ("%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S"):
        try:
            return datetime.datetime.strptime(str(value), form)
        except ValueError:
            continue
    return other
