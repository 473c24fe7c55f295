"""The entry script of the numpy bar: @input_schema turns 100 x 100 numbers into an array."""

import numpy as np
from inference_schema.parameter_types.numpy_parameter_type import NumpyParameterType
from inference_schema.schema_decorators import input_schema


def init():
    pass


@input_schema("data", NumpyParameterType(np.zeros((100, 100))))
def run(data):
    return data.sum(axis=1).tolist()
