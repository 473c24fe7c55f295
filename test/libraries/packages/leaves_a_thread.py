"""A package that has a second thread once it is imported, so that no process that has it is ever forked."""

import threading

threading.Thread(target=threading.Event().wait, daemon=True).start()
