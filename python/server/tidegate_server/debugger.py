"""AZUREML_DEBUG_PORT: a debugger of the user's listens there, and the worker connects out to it."""

from .logs import logger


def connect(port: int) -> None:
    """0: no. A debugger that cannot be had is said in the log; the server starts all the same."""
    if not port:
        return
    logger.warning("AZUREML_DEBUG_PORT is set: starting in debugging mode, which is not for production")
    try:
        import debugpy
    except ImportError as error:
        logger.error("no debugger: %s. Install it into this environment: pip install debugpy", error)
        return
    try:
        debugpy.connect(("127.0.0.1", port))
    except (OSError, RuntimeError) as error:
        logger.error("no debugger at 127.0.0.1:%d: %s. Start the editor's listener on AZUREML_DEBUG_PORT first, then "
                     "this server", port, error)
