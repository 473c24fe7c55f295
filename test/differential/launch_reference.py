"""The reference implementation's program, on the loopback address instead of all."""

from azureml_inference_server_http import constants

constants.DEFAULT_HOST = "127.0.0.1"

from azureml_inference_server_http import amlserver  # noqa: E402

amlserver.run()
