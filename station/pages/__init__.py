"""The face in the browser: one module a page; the only room that knows Streamlit."""
