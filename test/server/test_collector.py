"""ModelDataCollector: paths and bytes of what a script collects."""

import json
import re
from datetime import datetime, timezone

import pytest

COMMON = """
import json, os, sys, warnings
warnings.simplefilter("always")
from azureml.monitoring import ModelDataCollector
"""

HEADERS = (
    "$aml_dc_correlation_id,$aml_dc_scoring_timestamp,$aml_dc_boundary,$aml_workspace,$aml_service_name,"
    "$aml_model_name,$aml_model_version,$aml_request_id")
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
NO_REQUEST = "00000000-0000-0000-0000-000000000000"
CONFIG = {
    "accountContext": {
        "subscriptionId": "SUB-1", "resourceGroupName": "Group", "accountName": "Ws", "workspaceId": "w-1"},
    "modelsInfo": {
        "mapped": {"9": {"internalId": "i9"}, "10": {"internalId": "i10"}},
        "placed": {"1": {"dataCollectorStoragePath": "sub/rg/Ws/{webservice_name}/placed/one/"}},
    },
}


class Collecting:
    def __init__(self, serve, folder):
        self._serve = serve
        self.folder = folder
        self.began = datetime.now(timezone.utc)

    def start(self, script, **kwargs):
        env = {
            "AML_MODEL_DC_STORAGE_ENABLED": "true", "TIDEGATE_MODEL_DATA": str(self.folder), "SERVICE_NAME": "svc",
            **kwargs.pop("env", {})}
        self.replica = self._serve(COMMON + script, env=env, **kwargs)
        return self.replica

    def files(self):
        """Path without the day (today, in UTC) -> bytes with ids and times replaced."""
        days = {self.began.strftime("%Y/%m/%d"), datetime.now(timezone.utc).strftime("%Y/%m/%d")}
        found = {}
        for path in sorted(self.folder.rglob("*")):
            if path.is_file():
                name = str(path.relative_to(self.folder))
                for day in days:
                    name = name.replace(day, "<day>")
                found[name] = neutral(path.read_bytes())
        return found


def neutral(data):
    text = data.decode()
    text = re.sub(UUID, "<uuid>", text)
    return re.sub(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?", "<time>", text)


@pytest.fixture
def collecting(serve, tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    return Collecting(serve, folder)


def one_collector(arguments, data):
    return f"""
def init():
    global dc
    dc = ModelDataCollector({arguments})
def run(body):
    dc.collect({data})
    return None
"""


# --- bytes ----------------------------------------------------------------------------------------


def test_inputs_and_predictions_are_joined_by_their_correlation(collecting):
    replica = collecting.start("""
def init():
    global inputs, predictions
    inputs = ModelDataCollector("best", designation="inputs", feature_names=["f1", "f2"])
    predictions = ModelDataCollector("best", designation="predictions", feature_names=["p"])
def run(body):
    correlations = inputs.collect(json.loads(body), "mine")
    assert predictions.collect(predictions.add_correlations([0.5], correlations)) is None
    return correlations
""")
    first = replica.score(b'[1, "a,\\"b\\"\\n"]', x_request_id="req-1").json()
    replica.score(b'[2.5, null]', x_request_id="req-2")
    assert list(first) == [
        "$aml_dc_scoring_timestamp", "$aml_request_id", "$aml_dc_correlation_id", "$aml_dc_boundary", "$aml_workspace",
        "$aml_service_name", "$aml_model_name", "$aml_model_version"]
    assert re.fullmatch("mine-" + UUID, first["$aml_dc_correlation_id"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?", first["$aml_dc_scoring_timestamp"])
    tail = "mine-<uuid>,<time>,1440,default/default/default,svc,best,default,req-%d\r\n"
    place = "modeldata/default/default/default/svc/best/default"
    assert collecting.files() == {
        f"{place}/inputs/<day>/inputs.csv":
            f"f1,f2,{HEADERS}\r\n" + '1,"a,""b""\n",' + tail % 1 + "2.5,," + tail % 2,
        f"{place}/predictions/<day>/predictions.csv": f"p,{HEADERS}\r\n0.5," + tail % 1 + "0.5," + tail % 2,
    }
    raw = [path.read_bytes().split(b"\r\n")[1:3] for path in sorted(collecting.folder.rglob("*.csv"))]
    ids = [[re.search(rb"mine-[0-9a-f-]{36}", row).group() for row in rows] for rows in raw]
    assert ids[0] == ids[1]


@pytest.mark.parametrize("data, rows", [
    ("numpy.array([1.0, 2.5])", "1.0,2.5{}"),
    ("numpy.array([[1, 2], [3, 4]])", "1,2{}3,4{}"),
    ("numpy.array([['a b', 'c,d']])", 'a b,"c,d"{}'),
    ("numpy.array([[1e-7, float('nan')]])", "1e-07,nan{}"),
    ("['ä', True]", "ä,True{}"),
])
def test_lists_and_arrays(collecting, data, rows):
    replica = collecting.start("import numpy\n" + one_collector("'m', 'inputs', ['x', 'y']", data))
    assert replica.score(b"").status == 200
    tail = f",<uuid>,<time>,1440,default/default/default,svc,m,default,{'<request>'}\r\n"
    text = collecting.files()["modeldata/default/default/default/svc/m/default/inputs/<day>/inputs.csv"]
    text = re.sub(r"default,<uuid>\r\n", "default,<request>\r\n", text)
    assert text == f"x,y,{HEADERS}\r\n" + rows.format(tail, tail)


def test_general_rows_have_no_correlations_and_no_header_without_names(collecting):
    replica = collecting.start(one_collector("'m', collection_name='mine'", "['a', 1]"))
    replica.score(b"")
    replica.score(b"")
    assert collecting.files() == {"modeldata/default/default/default/svc/m/default/general/<day>/mine.csv": "a,1\r\n" * 2}


# The pandas of a script is not ours to install: this one has what the collector asks of it.
PANDAS = """
class Series(list):
    pass

class DataFrame:
    def __init__(self, columns):
        self._columns = dict(columns)
    @property
    def columns(self):
        return list(self._columns)
    def copy(self, deep):
        return DataFrame(self._columns)
    def __setitem__(self, name, value):
        self._columns[name] = [value] * len(self)
    def __len__(self):
        return len(next(iter(self._columns.values())))
    def itertuples(self, index, name):
        return zip(*self._columns.values())
    def to_csv(self, out, index, header, lineterminator):
        for row in self.itertuples(index, None):
            out.write(",".join("" if cell is None else str(cell) for cell in row) + lineterminator)
"""


def test_a_frame_names_its_own_columns(collecting):
    replica = collecting.start(
        "from pandas import DataFrame\n"
        + one_collector("'m', 'inputs', ['other']", "DataFrame({'a': [1, 2], 'b c': ['x', None]})"),
        files={"pandas.py": PANDAS})
    assert replica.score(b"").status == 200
    (text,) = collecting.files().values()
    tail = "<uuid>,<time>,1440,default/default/default,svc,m,default,"
    assert text == f"a,b c,{HEADERS}\r\n1,x,{tail}<uuid>\r\n2,,{tail}<uuid>\r\n"


LATER = ["<id>", "2020-02-29T23:59:59.5", "1440", "a/b/c", "old", "first", "4", "r"]


@pytest.mark.parametrize("names", ["['label']", "None"])
@pytest.mark.parametrize("form", ["list", "array"])
def test_a_label_is_filed_under_the_time_and_model_of_its_input(collecting, names, form):
    made = "['yes'] + ROW" if form == "list" else "numpy.array([['yes'] + ROW, ['no'] + ROW])"
    replica = collecting.start(f"""
import numpy
ROW = {LATER}
def init():
    global dc
    dc = ModelDataCollector("m", "labels", {names})
    dc.add_correlations([0], dict(zip(dc._HEADERS, ROW)))
def run(body):
    dc.collect({made})
""")
    assert replica.score(b"").status == 200
    header = "" if names == "None" else f"label,{HEADERS}\r\n"
    rows = ["yes"] if form == "list" else ["yes", "no"]
    text = "".join(f"{label},<id>,<time>".replace("<time>", LATER[1]) + ",1440,a/b/c,old,first,4,r\r\n" for label in rows)
    path = collecting.folder / "modeldata/a/b/c/old/first/4/labels/2020/02/29/labels.csv"
    assert path.read_bytes().decode() == header + text


def test_rows_of_several_places_go_to_several_files(collecting):
    replica = collecting.start("""
NAMES = ["v", "$aml_dc_scoring_timestamp", "$aml_dc_boundary", "$aml_model_version"]
def init():
    global dc
    dc = ModelDataCollector("m", "signals", NAMES, collection_name="clicks")
def run(body):
    for row in json.loads(body):
        dc.collect(row)
""")
    rows = [["a", "2020-01-01T10:00:00", 60, 1], ["b", "2020-01-01T11:00:00", 60, 1], ["c", "2020-01-02T00:00:00", 1440, 2]]
    assert replica.score(json.dumps(rows).encode()).status == 200
    names = [str(path.relative_to(collecting.folder / "modeldata/default/default/default/svc/m"))
             for path in sorted(collecting.folder.rglob("*.csv"))]
    assert names == ["1/signals/2020/01/01/10/clicks.csv", "1/signals/2020/01/01/11/clicks.csv",
                     "2/signals/2020/01/02/clicks.csv"]


# --- settings -------------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments, env, path", [
    ("'mapped'", {}, "sub-1/group/ws/svc/mapped/10"),
    ("'mapped', model_version=9", {}, "sub-1/group/ws/svc/mapped/9"),
    ("'placed'", {}, "sub/rg/Ws/svc/placed/one"),
    ("'m'", {}, "sub-1/group/ws/svc/m/default"),
    ("'m', workspace='A/B/C', webservice_name='w'", {}, "a/b/c/w/m/default"),
    ("'../../../../x/..'", {}, "sub-1/group/ws/svc/_/_/_/_/x/_/default"),
])
def test_the_path_comes_from_arguments_and_the_config_map(collecting, arguments, env, path):
    replica = collecting.start(
        one_collector(arguments, "[1]"), env=env, files={"model_config_map.json": json.dumps(CONFIG)})
    replica.score(b"")
    assert list(collecting.files()) == [f"modeldata/{path}/general/<day>/default.csv"]


@pytest.mark.parametrize("arguments, env, workspace", [
    ("'m'", {}, "default/default/mine"),
    ("'m'", {"TIDEGATE_WORKSPACE": "Sub/Group/Mine"}, "sub/group/mine"),
    ("'m', workspace='A/B/C'", {"TIDEGATE_WORKSPACE": "Sub/Group/Mine"}, "a/b/c"),
])
def test_without_a_map_workspace_and_version_are_the_replicas(collecting, arguments, env, workspace):
    replica = collecting.start(
        one_collector(arguments, "[1]"), env={"WORKSPACE_NAME": "Mine", **env}, files={"azureml-models/m/12/x": ""})
    replica.score(b"")
    assert list(collecting.files()) == [f"modeldata/{workspace}/svc/m/12/general/<day>/default.csv"]


def test_the_boundary_of_an_hour_is_a_folder_and_a_column(collecting):
    replica = collecting.start(one_collector("'m', 'inputs', ['x']", "[1]"), env={"AML_MODEL_DC_BOUNDARY": "hour"})
    replica.score(b"")
    ((path, text),) = collecting.files().items()
    assert re.search(r"/inputs/<day>/\d\d/inputs\.csv$", path)
    assert ",60,default/default/default," in text


@pytest.mark.parametrize("env, said", [
    ({"AML_MODEL_DC_STORAGE_ENABLED": None},
     "Data collection is not enabled. Set environment variable AML_MODEL_DC_STORAGE_ENABLED to 'true' to enable"),
    ({"AML_MODEL_DC_STORAGE_ENABLED": "false"}, "Data collection is not enabled."),
])
def test_off_it_does_nothing_and_says_so(collecting, env, said):
    replica = collecting.start("""
def init():
    global dc
    dc = ModelDataCollector("m", "inputs")
def run(body):
    correlations = dc.collect([1])
    return [correlations, dc.add_correlations([2], correlations)]
""", env=env)
    assert replica.score(b"").json() == [None, [2]]
    assert said in replica.log()
    assert collecting.files() == {}


def test_without_a_folder_a_warning_names_the_variable(collecting):
    replica = collecting.start(one_collector("'m'", "[1]"), env={"TIDEGATE_MODEL_DATA": None})
    assert replica.score(b"").status == 200
    assert b"TIDEGATE_MODEL_DATA must name the folder" in replica.stderr


def test_debug_prints_instead_of_writing(collecting):
    replica = collecting.start(
        one_collector("'m', feature_names=['a']", "[1]"),
        env={"AML_MODEL_DC_DEBUG": "true", "AML_MODEL_DC_STORAGE_ENABLED": None})
    replica.score(b"")
    assert "Data collection is in debug mode." in replica.log()
    assert re.search(r"print \[[^]]+\] - a\r?\n.* - 1\r?\n", replica.log())
    assert collecting.files() == {}


# --- bad input ------------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments, data, said", [
    ("'m', 'wrong'", "[1]", "Incorrect designation value. Supported values: 'default', 'inputs', 'predictions'"),
    ("'m'", "{'a': 1}", "collect failed: input data must be list, numpy array, pandas dataframe"),
    ("'m', 'inputs'", "'text'", "collect failed: input data must be list"),
    ("'m'", "numpy.zeros((1, 2, 3))", "collect failed: an array of 3 dimensions is no table"),
])
def test_what_cannot_be_collected_is_said_and_scoring_goes_on(collecting, arguments, data, said):
    replica = collecting.start("import numpy\n" + one_collector(arguments, data))
    assert replica.score(b"").status == 200
    assert said in replica.log() + replica.stderr.decode()
    assert collecting.files() == {}


def test_a_broken_config_map_is_not_used(collecting):
    replica = collecting.start(one_collector("'m'", "[1]"), files={"model_config_map.json": "{"})
    assert replica.score(b"").status == 200
    assert "model_config_map.json is not used" in replica.log()
    assert len(collecting.files()) == 1


def test_a_row_outside_a_request_has_no_request_id(collecting):
    replica = collecting.start("""
def init():
    ModelDataCollector("m", "inputs").collect([1])
def run(body): return None
""")
    assert replica.score(b"").status == 200
    (text,) = collecting.files().values()
    assert text.endswith(f"m,default,{NO_REQUEST}\r\n")


def test_other_columns_of_the_same_day_go_to_a_file_of_their_own(collecting):
    script = """
def init(): pass
def run(body):
    names = json.loads(body)
    ModelDataCollector("m", feature_names=names).collect([0] * len(names))
"""
    replica = collecting.start(script)
    for names in (b'["a"]', b'["a", "b"]', b'["a"]'):
        assert replica.score(names).status == 200
    place = "modeldata/default/default/default/svc/m/default/general/<day>"
    assert collecting.files() == {f"{place}/default.csv": "a\r\n0\r\n0\r\n", f"{place}/default-2.csv": "a,b\r\n0,0\r\n"}
