"""A newsroom whose every file wants to break something, for ``test_hostile.py``."""

import json
import struct
import zlib
from pathlib import Path

EVIL = "evil.example"
ACTIVE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<a href='java\tscript:alert(1)' style='x:expression(1)' onclick=alert(1) title='\" onfocus=alert(1)'>x</a>",
    "<iframe srcdoc='<script>1</script>'></iframe><form action=javascript:1><button formaction=javascript:1>x",
    "<meta http-equiv=refresh content='0;url=javascript:1'><base href=javascript:1//>",
    "<video poster=javascript:1 onerror=1><source src=javascript:1></video>",
    "<![CDATA[<script>1</script>]]> ]]> <!-- <script>1</script> --!> <script>2</script> -->",
    "<img src=https://x.example/p.png width=² height="
    + "9" * 5000
    + " alt=p.png> <ol start=²><li>x</ol> <td colspan=²>",
    "<template><script>1</script></template><plaintext><script>1</script>",
)
MARKS = "</mj-text><mj-raw><script>1</script></mj-raw> {{ 7*7 }} {% include '/etc/passwd' %} {# x #}"
SLOTS = "\ue000unsubscribe\ue001 \ue000name\ue001"
TITLES = {
    "encoded-word": f"=?utf-8?q?Hi=0D=0ABcc:_x@{EVIL}?=",
    "encoded-base64": "=?utf-8?b?SGkNCkJjYzogeEBldmlsLmV4YW1wbGU=?=",
    "line-ends": f"Line\r\nBcc: x@{EVIL}\r\n\r\nbody\u2028Bcc: y\u0085Bcc: z",
    "very-long": "Long " * 1000,
    "one-long-word": "W" * 5000,
    "emoji": "🎉🔥👩‍👩‍👧‍👦🏳️‍🌈",
    "right-to-left": "عنوان مقال ‏ טקסט",
    "chinese": "标题" * 40,
    "spaces": " \u00a0\u3000\u200b ",
    "bidi": "abc\u202eexe.fdp\u2066\u2067 isolate never ended",
    "zero-width": "\u200b\u200d\u2060\ufeff".join("invisible") + "\u200b" * 4000,
    "combining": "Z" + "\u0341" * 3000 + "algo",
    "controls": "nul \x00 bell \x07 escape \x1b[31m \x9b del \x7f",
    "cdata": "]]> <!-- --> <![CDATA[ & &amp; &#0; &#x1F;",
    "markup": '<script>alert(1)</script> & "quotes" <b>bold</b>',
    "templates": MARKS,
    "slots": SLOTS,
    "answer": "Re: Fwd: SV: 回复: an answer",
    "surrogate": "\\ud800 lone \\udfff",
    "formula": "=cmd|'/c calc'!A1",
    "capitals": "İSTANBUL'UN SESSİZ TÜM SOKAKLARI",
}


def newsroom(root: Path) -> None:
    """Write everything but config.toml."""
    for name, title in TITLES.items():
        article(root, f"title-{name}", title)
    for number, payload in enumerate(ACTIVE):
        article(
            root, f"active-{number}", f"Active {number}", f"Words.\n\n{payload}\n\nMore words after it.\n"
        )
    _front_matter(root)
    _bodies(root)
    _files(root)
    _pictures(root)
    _groups(root)
    _people(root)
    _pages(root)
    _feeds(root)


def article(root: Path, name: str, title: str, body: str = "", language: str = "en", **more: object) -> Path:
    front = {"title": title, "date": "2026-02-03 10:00:00", **more}
    lines = "\n".join(f"{key}: {json.dumps(value)}" for key, value in front.items())
    return put(
        root, f"articles/{name}.{language}.md", f"---\n{lines}\n---\n{body or _words(name)}\n".encode()
    )


def put(root: Path, name: str, data: bytes) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def _words(name: str) -> str:
    return f"The article {name} has a body of its own, long enough to be told.\n\n" + "Some words. " * 40


def _front_matter(root: Path) -> None:
    bomb = "a: &a [x,x,x,x,x,x,x,x]\n" + "".join(
        f"{new}: &{new} [{','.join(['*' + old] * 8)}]\n"
        for old, new in zip("abcdefgh", "bcdefghi", strict=True)
    )
    head = "title: T\ndate: 2026-02-03\n"
    for name, front in {
        "alias-bomb": f"{bomb}{head}tags: *i\nauthors: *i\nlang: *i\n",
        "alias-title": f"{bomb}date: 2026-02-03\ntitle: *i\n",
        "alias-cycle": f"{head}tags: &t [*t]\n",
        "merge-bomb": "a0: &a0 {a: 1, b: 2}\n"
        + "".join(f"a{n}: &a{n} {{<<: [{','.join([f'*a{n - 1}'] * 8)}]}}\n" for n in range(1, 12))
        + head,
        "merge": f"x: &x {{title: Merged}}\n<<: *x\n{head}",
        "python-tag": f"{head}tags: !!python/object/apply:os.system ['touch owned']\n",
        "deep": f"{head}tags: {'[' * 3000}{']' * 3000}\n",
        "binary": f"{head}author: !!binary gIGC\n",
        "unclosed-quote": 'title: "T\ndate: 2026-02-03\n',
        "tabs": "title:\tT\n\tdate: 2026\n",
        "number": "title: 1e999\ndate: 2026-02-03\n",
        "list": "- title\n- date\n",
        "null": "title: ~\ndate: ~\n",
        "infinite": f"{head}id: .inf\nslug: .nan\nseries: .inf\n",
        "spaces": f'{head}author: "a{" " * 30_000}b"\nlang: "{" " * 9000}"\n',
        "sets": f"{head}tags: !!set {{a, b}}\nauthors: {{name: {{name: x}}}}\n",
    }.items():
        put(root, f"articles/front-{name}.md", f"---\n{front}---\n{_words(name)}".encode())
    for name, date in {
        "year-1": "0001-01-01 00:00:00 +14:00",
        "year-9999": "9999-12-31T23:59:59-12:00",
        "negative": "2026-02-03 10:00:00 -09:30",
        "impossible": "2026-02-30",
        "future": "2031-01-01",
        "number": "99999999999999999999",
        "zone": "2026-02-03T10:00:00+99:99",
        "epoch": "1970-01-01",
        "words": "yesterday",
        "digits": "٢٠٢٦-٠٢-٠٣",
    }.items():
        article(root, f"date-{name}", f"Date {name}", date=date, lastmod=date)
        put(
            root,
            f"articles/bare-{name}.md",
            f"---\ntitle: Bare {name}\ndate: {date}\n---\n{_words(name)}".encode(),
        )
    for name, language in {
        "shout": "TR",
        "line": "zh_hans_CN",
        "none": "klingon!",
        "path": "../../en",
    }.items():
        article(root, f"language-{name}", f"Language {name}", lang=language)
    article(root, "toml", "unused")
    put(root, "articles/toml.en.md", b'+++\ntitle = "T"\ndate = 9999-12-31T23:59:59-12:00\n+++\nx\n')
    put(root, "articles/toml-time.en.md", b'+++\ntitle = "T"\ndate = 10:00:00\n+++\nx\n')
    put(root, "articles/json.en.md", b'{"title": "T", "date": "2026-02-03", "tags": {"a": NaN}}\nx\n')
    put(root, "articles/json-list.en.md", b'{"title": [1], "date": 1e400}\nx\n')
    article(
        root,
        "tags",
        "Tags",
        tags=["../../etc", "a/b", "..", ".", "", "con", "x" * 3000, "🎉", "\u202e", "a\r\nb", "<b>", SLOTS],
        slug="../../../escape",
        series="../<script>",
        url="javascript:alert(1)",
        summary=MARKS + SLOTS,
    )
    article(root, "url-mail", "Address", canonical=f"https://{EVIL}/\r\nBcc: x/\u202e'\"<>")
    article(root, "url-user", "Address", canonical="https://a:b@[::1]:99999999/%zz")
    article(root, "url-broken", "Address", canonical="https://[not-an-address/")
    article(
        root,
        "authors",
        "Authors",
        authors=[f'A" <x@{EVIL}>\r\nBcc: y', MARKS, SLOTS, "\u202eeod", "x" * 4000, ""],
    )
    article(root, "ident", "Ident", id="same")
    article(root, "ident-again", "Ident again", id="same")


def _bodies(root: Path) -> None:
    for name, body in {
        "ten-megabytes": "word " * 2_000_000,
        "deep-divs": "<div>" * 100_000 + "deep" + "</div>" * 1000,
        "deep-quotes": ">" * 50_000 + " deep",
        "deep-lists": "\n".join(" " * (2 * n) + "- x" for n in range(700)),
        "deep-marks": "*" * 60_000 + "x" + "_" * 60_000,
        "brackets": "[" * 50_000 + "x" + "](" * 2000,
        "unclosed": "<p><b><table><tr><td><a href='x <p>unclosed <!-- comment",
        "attributes": "<p " + " ".join(f"a{n}=x" for n in range(20_000)) + ">many</p>",
        "controls": "".join(map(chr, range(32)))
        + "\x7f\x80\x9f\ufffe\uffff\U0001ffff words &#0; &#x1b; &#xD800;",
        "slots": f"Words {SLOTS} words &#xE000;unsubscribe&#xE001; <a href='https://x.example/{SLOTS}'>a</a>",
        "templates": f"{MARKS}\n\n<mj-include path='/etc/passwd'/> &lt;/mj-text&gt;",
        "cdata": "]]> ]]&gt; <![CDATA[ x ]]> <!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]> &e;",
        "notes": " ".join(f"Word[^{n}]." for n in range(300))
        + "\n\n"
        + "\n".join(f"[^{n}]: Note {n}" for n in range(300)),
        "notes-circle": "A[^1].\n\n[^1]: See [^2].\n[^2]: See [^1].\n",
        "one-word": "x" * 400_000,
        "combining": "Z" + "\u0300" * 100_000,
        "zero-width": "a" + "\u200b" * 100_000 + "b",
        "bidi": "\u202e\u2066\u2067\u2068 never ended",
        "only-script": "<script>alert(1)</script>",
        "empty": " ",
        "entities": "&" * 20_000 + "&lt" * 20_000,
        "links": "[a](javascript:1) [b](data:text/html,x) [c](//[) [d](http://[::1) [e](https://x.example:99999999/)"
        " [f](<https://x.example/a b\"'>) ![g](javascript:1) ![h](data:image/svg+xml,<svg/onload=1>) <javascript:1>",
        "table": "<table>" + "<tr>" + "<td colspan=99999999 rowspan=-1>x" * 5000,
        "headings": "\n\n".join(f"{'#' * (n % 6 + 1)} H {n}" for n in range(500)),
        "uuencode": "begin 644 x\nM12345\nend\n.\n..\nFrom me\n" + "-- \n",
    }.items():
        article(root, f"body-{name}", f"Body {name}", body)


def _files(root: Path) -> None:
    put(root, "articles/bytes-invalid.en.md", b"---\ntitle: T\ndate: 2026-02-03\n---\n\xff\xfe\x80 bad\n")
    put(root, "articles/bytes-latin.en.md", "---\ntitle: Café\ndate: 2026-02-03\n---\nx\n".encode("latin-1"))
    put(root, "articles/bytes-utf16.en.md", "---\ntitle: T\ndate: 2026-02-03\n---\nx\n".encode("utf-16"))
    put(root, "articles/bytes-none.en.md", b"")
    put(root, "articles/bytes-nul.en.md", b"\0" * 5000)
    put(root, "articles/bytes-fence.en.md", b"---\ntitle: never closed\n")
    put(root, "articles/bytes-return.en.md", b"---\rtitle: Old Mac\rdate: 2026-02-03\r---\rWords.\r")
    put(root, "articles/na\nme <b>\u202e.en.md", b"---\ntitle: Odd name\ndate: 2026-02-03\n---\nx\n")
    put(root, "articles/-rf.en.md", b"---\ntitle: Option\ndate: 2026-02-03\n---\nx\n")
    (root / "articles" / "folder.en.md").mkdir()
    outside = put(
        root.parent, "outside/secret.md", b"---\ntitle: Secret outside\ndate: 2026-02-03\n---\nSECRET\n"
    )
    (root / "articles" / "link.en.md").symlink_to(outside)
    (root / "articles" / "linked-folder").symlink_to(outside.parent, target_is_directory=True)
    (root / "articles" / "circle").symlink_to(root / "articles", target_is_directory=True)
    (root / "articles" / "dangling.en.md").symlink_to("/nowhere/at/all")
    (root / "articles" / "device.en.md").symlink_to("/dev/zero")


def png(width: int, height: int) -> bytes:
    """A PNG that says it is as large as it likes."""
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = b"IDAT" + zlib.compress(b"\0" * 4)
    chunks = (
        struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c)) for c in (head, body, b"IEND")
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _pictures(root: Path) -> None:
    put(root, "articles/huge.png", png(2**31 - 1, 2**31 - 1))
    put(root, "articles/zero.png", png(0, 0))
    put(root, "articles/vector.png", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>")
    put(root, "articles/vector.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>")
    put(root, "articles/page.jpg", b"<html><script>alert(1)</script>")
    put(root, "articles/cut.gif", b"GIF8")
    (root / "articles" / "out.png").symlink_to("/etc/hostname")
    names = (
        "huge.png",
        "zero.png",
        "vector.png",
        "vector.svg",
        "page.jpg",
        "cut.gif",
        "out.png",
        "missing.png",
    )
    escapes = (
        "../../../../etc/passwd",
        "/etc/passwd",
        "file:///etc/passwd",
        "..%2f..%2fetc%2fpasswd",
        "%00.png",
        "//[",
    )
    body = "\n\n".join(f"![{MARKS}]({name})" for name in (*names, *escapes))
    article(
        root,
        "pictures",
        "Pictures",
        f"Words.\n\n{body}\n",
        image="../../../../etc/passwd",
        cover={"image": "x"},
    )


def _groups(root: Path) -> None:
    for name, key in {"one": "two", "two": "three", "three": "one"}.items():
        article(root, f"circle-{name}", f"Circle {name}", translation_key=f"circle-{key}")
        article(root, f"circle-{name}", f"Circle {name}", translation_key=f"circle-{key}", language="tr")
    for number in range(3):
        article(root, f"crowd-{number}", f"Crowd {number}", translation_key="crowd")
    article(root, "key-long", "Key", translation_key="k" * 10_000)
    article(root, "key-odd", "Key", translation_key="\x00\ud800../".encode("utf-8", "replace").decode())


def _people(root: Path) -> None:
    put(
        root,
        "articles/_authors/eve.yaml",
        json.dumps(
            {
                "name": f'Eve "Q" <e@{EVIL}>\r\nBcc: z',
                "bios": {"en": f"<script>1</script>{MARKS}{SLOTS}", "??": "x"},
                "url": "javascript:alert(1)",
                "photo": "../../../etc/passwd",
                "email": "x\r\ny",
            }
        ).encode(),
    )
    put(root, "articles/_authors/broken.yaml", b"name: [unclosed")
    put(root, "articles/_authors/latin.yaml", b"name: \xff")
    put(root, "articles/_authors/list.yaml", b"- 1")
    put(root, "articles/_tags.yaml", b"energy: {en: '<script>', tr: \"a\\r\\nb\"}\n../x: 3\n7: [1]\n")
    article(root, "by-eve", "By Eve", authors=["eve"], tags=["energy"])
    rows = [
        'ok@lists.example.net,"""><script>alert(1)</script>",en,daily',
        "formula@lists.example.net,=cmd|'/c calc'!A1,en tr,daily",
        f'"two@lists.example.net\r\nBcc: x@{EVIL}",Two,en,daily',
        f'crlf@lists.example.net,"A\r\nBcc: x@{EVIL}",en,daily',
        f"encoded@lists.example.net,=?utf-8?q?=0D=0ABcc:_x@{EVIL}?=,tr,daily",
        f"slots@lists.example.net,{SLOTS} {MARKS.replace(',', '')},en,daily",
        "bidi@lists.example.net,\u202eeod\u200b,ar,daily",
        'quote@lists.example.net,"a\\""b\\\\, c",en,daily',
        f"long@lists.example.net,{'n' * 3000},en,daily",
        "two@@lists.example.net,x,en,daily",
        "@,x,en,daily",
        "nobody,x,en,daily",
        "<a@b.example>,x,en,daily",
        "klingon@lists.example.net,x,klingon,daily",
        "wrong@lists.example.net,x,en,no-such-letter",
        "ok@lists.example.net,again,tr,daily",
        "müşteri@örnek.example,International,tr,daily",
        f"{'l' * 300}@lists.example.net,long,en,daily",
    ]
    text = "email,name,languages,newsletters\n" + "\n".join(rows) + "\n"
    put(root, "subscribers/list.csv", text.encode())


def _pages(root: Path) -> None:
    for number, payload in enumerate((*ACTIVE, MARKS, SLOTS)):
        page = (
            f"<html lang=en><title>P{number} {payload}</title><h1>P{number} {payload}</h1>"
            f"<article><p>Words {payload}</p>" + (f"<p>{_words(str(number))}</p></article></html>")
        )
        put(root, f"pages/page-{number}.html", page.encode())
        put(
            root,
            f"pages/text-{number}.txt",
            f"T{number} {payload}\n\nBy {payload}\n\n{_words(str(number))}".encode(),
        )
    put(root, "pages/deep.html", b"<h1>Deep</h1><article>" + b"<div>" * 100_000 + b"x")
    put(root, "pages/large.html", b"<h1>Large</h1><p>" + b"word " * 2_000_000)
    put(root, "pages/medium.txt", b"Medium\n\n" + b"word word word.\n\n" * 200_000)
    put(root, "pages/invalid.txt", b"Title\n\n\xff\xfe words")
    put(root, "pages/invalid.html", b"<h1>Invalid</h1><p>\xff\xfe\x80 words and more words</p>")
    put(root, "pages/nul.html", b"\0<h1>N\0ul</h1><p>w\0ords and more</p>")
    put(root, "pages/empty.html", b"")
    put(root, "pages/empty.txt", b"\n\n\n")
    put(root, "pages/cut.html", b"<h1>Cut</h1><p>words <a href='https://x.example/")
    put(root, "pages/date.html", b"<!-- date: 9999-12-31T23:59:59-12:00 --><h1>Date</h1><p>words</p>")
    (root / "pages" / "out.txt").symlink_to("/etc/hostname")


FEEDS = ("xxe", "bomb", "cut", "not-xml", "deep", "links", "clash", "json-deep", "json-odd", "none", "binary")
REFUSED = {"xxe", "bomb", "not-xml", "json-deep", "none", "binary"}
"""Feeds that cannot be read as a whole; the others are."""


def _feeds(root: Path) -> None:
    def rss(items: str, head: str = "") -> bytes:
        channel = f"<channel><title>F</title><language>en</language>{items}</channel>"
        return f"<?xml version='1.0'?>{head}<rss version='2.0'>{channel}</rss>".encode()

    lol = "<!ENTITY a0 'lol'>" + "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 10))
    item = (
        "<item><title>{0}</title><link>{1}</link><guid>{2}</guid><pubDate>{3}</pubDate>"
        "<description>{4}</description></item>"
    )
    day = "Tue, 03 Feb 2026 10:00:00 GMT"
    words = _words("feed")
    escaped = [p.replace("&", "&amp;").replace("<", "&lt;") for p in (*ACTIVE, MARKS)]
    odd = [
        item.format("javascript", "javascript:alert(1)", "g1", day, words),
        item.format("data", "data:text/html,x", "g2", day, words),
        item.format("credentials", "https://a:b@[::1", "g3", day, words),
        item.format("year 1", "https://x.example/1", "g4", "Mon, 01 Jan 0001 00:00:00 +1400", words),
        item.format("year 9999", "https://x.example/2", "g5", "Fri, 31 Dec 9999 23:59:59 -1200", words),
        item.format("no date", "https://x.example/3", "g6", "sometime", words),
        item.format("", "https://x.example/4", "g7", day, words),
        item.format("same", "https://x.example/5", "same", day, words),
        item.format("same again", "https://x.example/6", "same", day, words),
        item.format("long", f"https://x.example/{'l' * 10_000}", "g" * 10_000, day, words),
        *(
            item.format(f"t {e}", f"https://x.example/p{n}", f"p{n}", day, words + e)
            for n, e in enumerate(escaped)
        ),
    ]
    files = {
        "xxe": rss(item.format("&e;", "https://x.example/", "x", day, "&e;"), "<!DOCTYPE r [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>"),
        "bomb": rss(item.format("&a9;", "https://x.example/", "x", day, "&a9;"), f"<!DOCTYPE r [{lol}]>"),
        "cut": rss("".join(odd[:3]))[:-60],
        "not-xml": b"<html><body>A page, not a feed</body></html>",
        "deep": b"<rss><channel>" + b"<item>" * 100_000,
        "links": rss("".join(odd)),
        "clash": rss(odd[-1]),
        "json-deep": b'{"version": "https://jsonfeed.org/version/1.1", "items": ' + b"[" * 100_000,
        "json-odd": json.dumps({
            "version": "https://jsonfeed.org/version/1.1", "title": 7, "language": ["en"], "items": [
                None, 7, [], {}, {"id": {}},
                {"id": "a", "url": "javascript:1", "title": "T", "content_html": ACTIVE[1]},
                {"id": "b", "url": "https://x.example/b", "title": {"x": 1}, "content_text": MARKS, "authors": "x",
                 "tags": {"a": 1}, "date_published": 5, "attachments": 3, "image": []},
                {"id": "c", "url": "https://x.example/c", "title": "C", "content_html": words, "date_published": day,
                 "authors": [None, {"name": f"N\r\nBcc: x@{EVIL}", "url": "javascript:1"}], "tags": [None, "../x"]},
            ]}).encode(),
        "none": b"",
        "binary": bytes(range(256)) * 40,
    }  # fmt: skip
    for name in FEEDS:
        put(root, f"feeds/{name}.xml", files[name])


SETTINGS = """
[site]
name = { en = "The <Gazette> & \\"Sons\\"", tr = "Gazete" }
url = "https://gazette.example.org"
public_url = "https://news.gazette.example.org"
id_authority = "gazette.example.org,2026"
languages = ["en", "tr", "ar"]
timezone = "Europe/Istanbul"
postal_address = "The Gazette, 1 Main Street, 34000 Istanbul, Türkiye"

[mail]
from_address = "letters@news.gazette.example.org"
unsubscribe_address = "leave@news.gazette.example.org"

[[sources]]
name = "articles"
kind = "markdown"
path = "articles"
url = "https://gazette.example.org/{language}/{slug}/"
authors = "articles/_authors"
tags = "articles/_tags.yaml"

[[sources]]
name = "pages"
kind = "page"
path = "pages"
url = "https://gazette.example.org/{language}/pages/{slug}/"

[newsletters.daily]
title = { en = "Daily <b>", tr = "Günlük" }
cadence = "daily"
at = "00:00"
fallback = ["en"]

[newsletters.lonely]
title = { en = "Lonely" }
cadence = "daily"
at = "00:00"
tags = ["no-such-tag"]
""" + "".join(f'\n[[sources]]\nname = "{n}"\nkind = "feed"\npath = "feeds/{n}.xml"\n' for n in FEEDS)
