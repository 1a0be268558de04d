"""The officers' desk: server-rendered pages over what the other rooms know. Start reading at `routes.py`."""
