"""How fast is a till answered? Against the same host's bare endpoints in the same minute.

Run: python -m benchmarks.till. Needs wrk. A server of its own on a new SQLite archive with 2,000
members; `health` is the dashboard's bare endpoint, `echo` a bare FastAPI that answers a body.
"""
