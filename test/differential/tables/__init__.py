"""All that is sent to both servers."""

from tables import cors, flags, http_surface, inputs, raw, schema, scripts, settings, starts, streams, swagger, values

GROUPS = [
    group
    for table in (http_surface, inputs, values, raw, schema, swagger, settings, flags, cors, streams, scripts)
    for group in table.GROUPS
]
STARTS = starts.STARTS + flags.STARTS + scripts.STARTS
