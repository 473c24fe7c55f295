"""An ONNX model: {"inputs": {"name": tensor}} -> {"outputs": {"name": tensor}}. Tensors are nested lists, or what
ONNX Runtime Server takes and gives, the JSON form of TensorProto; the reply has the form of the request."""

import numpy as np
import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as failures

from tidegate_server import swagger
from tidegate_server.no_code import bodies, model_files, onnx_protos, tensors

_TYPES = {"float": "float32", "double": "float64", "float16": "float16", "string": "object", "bool": "bool",
          "int8": "int8", "int16": "int16", "int32": "int32", "int64": "int64", "uint8": "uint8", "uint16": "uint16",
          "uint32": "uint32", "uint64": "uint64"}
_REFUSALS = tuple(getattr(failures, name) for name in ("InvalidArgument", "RuntimeException", "Fail", "InvalidGraph")
                  if hasattr(failures, name))


def init():
    global session, inputs, outputs, form
    path = model_files.find((".onnx",), "an ONNX model")
    try:
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise model_files.ModelFileError("%s cannot be loaded with onnxruntime %s: %s. Register a model that onnx's "
                                         "checker accepts" % (path, onnxruntime.__version__, error)) from error
    inputs = [declared(one) for one in session.get_inputs()]
    outputs = [one.name for one in session.get_outputs()]
    form = '{"inputs": {%s}}' % ", ".join('"%s": [...]' % one.name for one in inputs)
    print("serving %s with onnxruntime %s; inputs: %s; outputs: %s" % (
        path, onnxruntime.__version__, "; ".join(one.text for one in inputs), ", ".join(outputs)))


def declared(found):
    """`found`: onnxruntime's NodeArg, whose type is "tensor(float)" and the like."""
    kind = found.type[len("tensor("):-1] if found.type.startswith("tensor(") else ""
    if kind not in _TYPES:
        raise model_files.ModelFileError("input %s of the model is of type %s, which JSON has no form for; deploy it "
                                         "with an entry script of your own" % (found.name, found.type))
    return tensors.Declared(found.name, np.dtype(_TYPES[kind]), found.shape or None)


def run(raw_data):
    body = bodies.read_object(raw_data, form)
    bodies.only_known(body, ("inputs", "data", "input_data", "outputFilter", "output_filter"), form)
    given = bodies.one_of(body, ("inputs", "data", "input_data"), form)
    if len(inputs) == 1 and not isinstance(given, dict):
        given = {inputs[0].name: given}
    tensors.named(given, inputs)
    has_protos = any(map(onnx_protos.is_proto, given.values()))
    feed = {one.name: read(given[one.name], one) for one in inputs}
    wanted = wanted_outputs(body)
    try:
        values = session.run(wanted, feed)
    except _REFUSALS as error:
        takes = "The model takes %s" % "; ".join(one.text for one in inputs)
        raise bodies.refused_by("the model does not take these inputs", error, takes) from error
    write = written if has_protos else bodies.plain
    return {"outputs": {name: write(value) for name, value in zip(wanted, values)}}


def read(value, one):
    return onnx_protos.read(value, one) if onnx_protos.is_proto(value) else tensors.made_of(value, one)


def written(value):
    return onnx_protos.write(value) if isinstance(value, np.ndarray) else bodies.plain(value)


def wanted_outputs(body):
    asked = body.get("outputFilter", body.get("output_filter"))
    if not asked:
        return outputs
    if not isinstance(asked, list) or any(name not in outputs for name in asked):
        raise bodies.refused("outputFilter must be a list of outputs of the model, which are: %s" % ", ".join(outputs))
    return asked


def schemas():
    members = {one.name: {"type": "array", "items": {}, "description": one.text} for one in inputs}
    example = {"inputs": {one.name: tensors.example(one) for one in inputs}}
    taken = {"type": "object", "required": ["inputs"], "example": example,
             "properties": {"inputs": {"type": "object", "properties": members, "required": list(members)}}}
    given = {"type": "object", "properties": {name: {"type": "array", "items": {}} for name in outputs}}
    return swagger.Schemas(taken, {"type": "object", "properties": {"outputs": given}})


run.tidegate_schemas = schemas
