"""Front door for `streamlit run streamlit_app.py`; `station serve` opens the same page."""

from station.pages import front

front.render()
