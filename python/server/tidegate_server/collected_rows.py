"""From what a script collects to CSV: a list (one row), numpy (1-D: one row), pandas or Spark.

Python's csv dialect everywhere: commas, CRLF, quotes where needed. The libraries are never imported
here: what a script hands over, it has imported.
"""

import csv
import io
import sys
from typing import Any, Iterable, List, Optional, Sequence


class NotTabular(Exception):
    pass


def is_frame(data: Any) -> bool:
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(data, pandas.DataFrame)


def is_array(data: Any) -> bool:
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(data, numpy.ndarray)


def is_spark(data: Any) -> bool:
    return "pyspark" in sys.modules and type(data).__module__.startswith("pyspark.") and hasattr(data, "toPandas")


def plain(data: Any) -> Any:
    """A list, a 2-D array or a pandas frame."""
    if isinstance(data, list) or is_frame(data):
        return data
    if is_array(data):
        if data.ndim not in (1, 2):
            raise NotTabular("an array of %d dimensions is no table" % data.ndim)
        return data.reshape(1, -1) if data.ndim == 1 else data
    if is_spark(data):
        return data.toPandas()
    raise NotTabular(
        "input data must be list, numpy array, pandas dataframe, or spark dataframe, not %s" % type(data).__name__)


def with_columns(data: Any, names: Sequence[str], values: Sequence[Any]) -> Any:
    """`data` is plain; gives a new one with the columns at its end, the same values in each row."""
    if isinstance(data, list):
        return data + list(values)
    if is_frame(data):
        frame = data.copy(deep=False)
        for name, value in zip(names, values):
            frame[name] = value
        return frame
    numpy = sys.modules["numpy"]
    columns = numpy.repeat(numpy.array([list(values)], dtype=object), data.shape[0], axis=0)
    return numpy.append(data, columns, axis=1)


def column_names(data: Any) -> Optional[List[Any]]:
    return list(data.columns) if is_frame(data) else None


def rows_of(data: Any) -> Iterable[Sequence[Any]]:
    if isinstance(data, list):
        return [data]
    if is_frame(data):
        return data.itertuples(index=False, name=None)
    return data


def row_count(data: Any) -> int:
    return 1 if isinstance(data, list) else len(data)


def csv_of(rows: Iterable[Sequence[Any]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode("utf-8", "backslashreplace")


def csv_of_data(data: Any) -> bytes:
    """pandas writes its own values: dates and missing ones have a form of their own there."""
    if not is_frame(data):
        return csv_of(rows_of(data))
    text = io.StringIO(newline="")
    try:
        data.to_csv(text, index=False, header=False, lineterminator="\r\n")
    except TypeError:  # pandas before 1.5
        data.to_csv(text, index=False, header=False, line_terminator="\r\n")
    return text.getvalue().encode("utf-8", "backslashreplace")
