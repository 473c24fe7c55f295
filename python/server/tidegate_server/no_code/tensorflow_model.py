"""A TensorFlow SavedModel, with TensorFlow Serving's requests: {"instances": [...]} -> {"predictions": [...]}, or by
columns {"inputs": ...} -> {"outputs": ...}; "signature_name" picks another signature than serving_default."""

import base64
import binascii
import os

import numpy as np

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")  # what it says about the machine's processor is no news
import tensorflow as tf  # noqa: E402

from tidegate_server import swagger  # noqa: E402
from tidegate_server.no_code import bodies, model_files, tensors  # noqa: E402

_DEFAULT = "serving_default"
_FORM = '{"instances": [...]} or {"inputs": ...}'


class Signature:
    """One of the model's functions, with its inputs by name."""

    def __init__(self, function):
        self._function = function
        self.specs = function.structured_input_signature[1]
        self.inputs = [declared(name, spec) for name, spec in sorted(self.specs.items())]

    def __call__(self, arrays):
        given = {name: tf.constant(array, dtype=self.specs[name].dtype) for name, array in arrays.items()}
        return {name: value.numpy() for name, value in self._function(**given).items()}

    @property
    def takes(self):
        return "the model takes %s" % "; ".join(one.text for one in self.inputs)


def declared(name, spec):
    shape = None if spec.shape.rank is None else [side if side is not None else "?" for side in spec.shape.as_list()]
    return tensors.Declared(name, np.dtype(spec.dtype.as_numpy_dtype), shape)


def init():
    global signatures, model
    folder = find()
    try:
        model = tf.saved_model.load(folder)  # kept: its functions do not keep its variables
    except Exception as error:
        raise model_files.ModelFileError("%s cannot be loaded with TensorFlow %s: %s: %s. Register the folder that "
                                         "tf.saved_model.save() or model.export() has written"
                                         % (folder, tf.__version__, type(error).__name__, error)) from error
    signatures = {name: Signature(function) for name, function in model.signatures.items()}
    if not signatures:
        raise model_files.ModelFileError(
            "%s has no signatures; save it with signatures=, or with model.export()" % folder)
    print("serving %s with TensorFlow %s; %s" % (folder, tf.__version__, "; ".join(
        "%s: %s" % (name, signature.takes) for name, signature in signatures.items())))


def find():
    """The folder with saved_model.pb; of several, which TensorFlow Serving takes for versions, the highest number."""
    root = os.environ.get("AZUREML_MODEL_DIR", "")
    files = model_files.all_files(root)
    folders = [os.path.dirname(name) for name in files if os.path.basename(name) == "saved_model.pb"]
    numbered = [folder for folder in folders if os.path.basename(folder).isdigit()]
    if len(folders) > 1 and len(numbered) == len(folders):
        folders = [max(folders, key=lambda folder: int(os.path.basename(folder)))]
    if len(folders) != 1:
        raise model_files.ModelFileError(
            "the model has %d folders with a saved_model.pb, one is needed; it holds: %s. Register the folder of a "
            "SavedModel" % (len(folders), model_files.listed(files)))
    return os.path.join(root, folders[0])


def run(raw_data):
    body = bodies.read_object(raw_data, _FORM)
    bodies.only_known(body, ("instances", "inputs", "signature_name"), _FORM)
    given = bodies.one_of(body, ("instances", "inputs"), _FORM)
    signature = signature_of(body.get("signature_name"))
    if "instances" in body:
        return {"predictions": by_rows(call(signature, columns(given, signature)))}
    outputs = call(signature, given if is_named(given) else by_only_name(given, signature))
    return {"outputs": only(outputs)}


def signature_of(name):
    if name is None:
        name = _DEFAULT if _DEFAULT in signatures else next(iter(signatures))
    if name not in signatures:
        raise bodies.refused("the model has no signature %r; it has: %s" % (name, ", ".join(sorted(signatures))))
    return signatures[name]


def is_named(given):
    return isinstance(given, dict) and set(given) != {"b64"}


def by_only_name(given, signature):
    if len(signature.inputs) != 1:
        raise bodies.refused("inputs must be an object with a member for each input; %s" % signature.takes)
    return {signature.inputs[0].name: given}


def columns(instances, signature):
    """Rows, each a value or an object, as one tensor for each input."""
    if not isinstance(instances, list) or not instances:
        raise bodies.refused("instances must be a list of at least one row; %s" % signature.takes)
    if not any(is_named(row) for row in instances):
        return by_only_name(instances, signature)
    names = set(instances[0]) if is_named(instances[0]) else set()
    if any(not is_named(row) or set(row) != names for row in instances):
        raise bodies.refused("instances must have the same members in each row; %s" % signature.takes)
    return {name: [row[name] for row in instances] for name in sorted(names)}


def call(signature, given):
    tensors.named(given, signature.inputs)
    arrays = {one.name: tensors.made_of(decoded(given[one.name], one), one) for one in signature.inputs}
    try:
        return signature(arrays)
    except (tf.errors.InvalidArgumentError, tf.errors.UnimplementedError, tf.errors.OutOfRangeError, ValueError,
            TypeError) as error:
        hint = signature.takes[0].upper() + signature.takes[1:]
        raise bodies.refused_by("the model does not take these inputs", error, hint) from error


def decoded(value, one):
    """{"b64": ...} stands for bytes that are no text."""
    if isinstance(value, dict):
        try:
            return base64.b64decode(value["b64"], validate=True)
        except (KeyError, TypeError, ValueError, binascii.Error):
            raise bodies.refused('input %r has an object that is not {"b64": "..."}; the model takes %s' % (
                one.name, one.text)) from None
    return [decoded(item, one) for item in value] if isinstance(value, list) else value


def by_rows(outputs):
    """As TensorFlow Serving: of one output its rows, of several a row of objects."""
    plain = {name: bodies.plain(value) for name, value in outputs.items()}
    if len(plain) == 1:
        return next(iter(plain.values()))
    return [dict(zip(plain, row)) for row in zip(*plain.values())]


def only(outputs):
    plain = {name: bodies.plain(value) for name, value in outputs.items()}
    return next(iter(plain.values())) if len(plain) == 1 else plain


def schemas():
    signature = signature_of(None)
    row = {one.name: tensors.example(one, skip=1) for one in signature.inputs}
    rows = {"type": "array", "items": {}, "description": signature.takes}
    taken = {"type": "object", "properties": {"instances": rows}, "required": ["instances"],
             "example": {"instances": [row]}}
    return swagger.Schemas(taken, {"type": "object", "properties": {"predictions": {"type": "array", "items": {}}}})


run.tidegate_schemas = schemas
