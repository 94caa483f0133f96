"""Front door for `streamlit run streamlit_app.py`; `station serve` opens the same page."""

from pathlib import Path

import streamlit as st

from station import server
from station.pages import front

app = st.App(Path(front.__file__), **server.for_streamlit_run())
