#!/usr/bin/env python3
"""The documentation as a static site: site.py OUT

Every page of docs/, and every Markdown file elsewhere that one leads to, becomes a page at the same place below OUT; other files of the tree that
are linked are copied. The pages need neither a server nor a script: only the search does, by an index that is a script itself, so that it works
from file:// too. Headings have the anchors that a forge gives them. A link or anchor that leads nowhere ends it with an error.

Needs Debian's python3-markdown; the template, its style and the search are in utils/site/."""
import glob, html, json, os, re, shutil, sys

import markdown

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PARTS = os.path.join(ROOT, "utils", "site")
SECTIONS = [("Guides", "docs/guides"), ("Reference", "docs/reference"), ("Commands", "docs/reference/commands"), ("Formats", "docs/formats"),
            ("Measurements", "docs/bench"), ("Decisions", "docs/decisions")]
TOP = ["README.md", "CHANGELOG.md", "SECURITY.md", "ARCHITECTURE.md"]
LONG = 30  # pages of a section; one with more is a link to their list, except on its own pages
BUDGET = 3_000_000  # bytes of the site
EXCERPT = 240  # characters of a section that the search shows and looks at


def source(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        return f.read()


def target(path):
    """Where a page of the tree is in the site."""
    if path == "README.md":
        return "index.html"
    return re.sub(r"\.md$", ".html", path)


def slugs():
    """Anchors as a forge makes them, each once in a page."""
    seen = {}

    def slug(text, _separator):
        s = re.sub(r"[^\w\- ]", "", text.strip().lower()).replace(" ", "-")
        n = seen.get(s, 0)
        seen[s] = n + 1
        return "%s-%d" % (s, n) if n else s
    return slug


def prepare(text):
    """What forges take and python3-markdown does not: words behind a fence's language, a list right below a paragraph."""
    text = re.sub(r"^(```[\w+-]+)[^\n`]+$", r"\1", text, flags=re.M)
    out, fenced, before = [], False, ""
    for line in text.split("\n"):
        if line.startswith("```"):
            fenced = not fenced
        starts = re.match(r"(\* |\d+\. |\|)", line)
        if not fenced and starts and before.strip() and not re.match(r"(\* |\d+\. |\||\s)", before):
            out.append("")
        out.append(line)
        before = line
    return "\n".join(out)


class Page:
    def __init__(self, path):
        self.path, self.to = path, target(path)
        body = markdown.markdown(prepare(source(path)), extensions=["tables", "fenced_code", "sane_lists", "toc"], extension_configs={"toc": {"slugify": slugs()}},
                                 output_format="html")
        self.body = re.sub(r"<code>[^<]*</code>", lambda m: m.group(0).replace("\\|", "|"), body)
        self.ids = set(re.findall(r'\bid="([^"]+)"', self.body))
        m = re.search(r"<h1[^>]*>(.*?)</h1>", self.body, re.S)
        self.title = html.unescape(re.sub(r"<[^>]+>", "", m.group(1))) if m else os.path.basename(path)
        self.links = [html.unescape(x) for x in re.findall(r'(?:href|src)="([^"]+)"', self.body)]

    def sections(self):
        """(anchor, heading, beginning of its text), for the search."""
        for part in re.split(r"(?=<h[123] )", self.body):
            m = re.match(r'<h[123] id="([^"]+)">(.*?)</h[123]>(.*)', part, re.S)
            if m:
                text = html.unescape(re.sub(r"<[^>]+>", " ", m.group(3)))
                yield m.group(1), html.unescape(re.sub(r"<[^>]+>", "", m.group(2))), re.sub(r"\s+", " ", text).strip()[:EXCERPT]


class Listing(Page):
    """A folder that is linked as such: its pages."""

    def __init__(self, folder, pages):
        self.path = self.to = os.path.join(folder, "index.html")
        self.title = folder
        self.links, self.ids = [], set()
        rows = ['<li><a href="%s">%s</a></li>' % (os.path.relpath(p.to, folder), html.escape(p.title)) for p in pages if os.path.dirname(p.path) == folder]
        self.body = "<h1>%s</h1>\n<ul>\n%s\n</ul>" % (html.escape(folder), "\n".join(rows))

    def sections(self):
        return iter(())


def is_outside(link):
    return re.match(r"[a-z]+:", link) is not None


def resolve(page, link):
    """The tree's path that a link of the page means, and its anchor."""
    path, _, anchor = link.partition("#")
    return (os.path.normpath(os.path.join(os.path.dirname(page.path), path)) if path else page.path), anchor


def gather():
    """All pages by path, and the other files and folders that they lead to."""
    waiting = TOP + sorted(os.path.relpath(p, ROOT) for p in glob.glob(ROOT + "/docs/**/*.md", recursive=True))
    pages, files, folders, bad = {}, set(), set(), []
    while waiting:
        path = waiting.pop(0)
        if path in pages:
            continue
        page = pages[path] = Page(path)
        for link in page.links:
            if is_outside(link):
                continue
            to, _ = resolve(page, link)
            full = os.path.join(ROOT, to)
            if os.path.isdir(full):
                readme = os.path.join(to, "README.md")
                if os.path.exists(os.path.join(ROOT, readme)):
                    waiting.append(readme)
                folders.add(to)
            elif to.startswith("..") or not os.path.isfile(full):
                bad.append("%s: %s leads nowhere" % (path, link))
            elif to.endswith(".md"):
                waiting.append(to)
            else:
                files.add(to)
    return pages, files, folders, bad


def check_anchors(pages):
    for page in pages.values():
        for link in page.links:
            to, anchor = resolve(page, link)
            if not is_outside(link) and anchor and to in pages and anchor not in pages[to].ids:
                yield "%s: %s has no such heading" % (page.path, link)


def front(folder, pages):
    """The page of a folder: its own, or the list that is made of it."""
    return os.path.join(folder, "README.html" if os.path.join(folder, "README.md") in pages else "index.html")


def navigation(pages, here):
    out = ['<a href="%s">%s</a>' % (os.path.relpath(target(p), os.path.dirname(here) or "."), html.escape(pages[p].title)) for p in TOP]
    for name, folder in SECTIONS:
        inside = [p for p in pages.values() if os.path.dirname(p.path) == folder]
        if len(inside) > LONG and folder != os.path.dirname(here):
            out.append('<a href="%s">%s</a>' % (os.path.relpath(front(folder, pages), os.path.dirname(here) or "."), name))
            continue
        opened = " open" if folder == os.path.dirname(here) or (name == "Guides" and here == "index.html") else ""
        rows = "".join('<a href="%s"%s>%s</a>' % (os.path.relpath(p.to, os.path.dirname(here) or "."), ' aria-current="page"' if p.to == here else "", html.escape(p.title))
                       for p in inside)
        out.append("<details%s><summary>%s</summary>%s</details>" % (opened, name, rows))
    return "\n".join(out)


def rewritten(page, pages, folders):
    """The page's body, with links to pages of the site instead of files of the tree."""
    def link(m):
        old = html.unescape(m.group(2))
        if is_outside(old) or old.startswith("#"):
            return m.group(0)
        to, anchor = resolve(page, old)
        if to in folders:
            to = front(to, pages)
        elif to in pages:
            to = pages[to].to
        return '%s="%s"' % (m.group(1), html.escape(os.path.relpath(to, os.path.dirname(page.to) or ".") + ("#" + anchor if anchor else "")))
    return re.sub(r'\b(href|src)="([^"]+)"', link, page.body)


def write(out, path, text):
    full = os.path.join(out, path)
    os.makedirs(os.path.dirname(full), exist_ok=True)
    with open(full, "w", encoding="utf-8") as f:
        f.write(text)


def dead_links(out):
    """Links between the pages as they were written."""
    for path in glob.glob(out + "/**/*.html", recursive=True):
        with open(path, encoding="utf-8") as f:
            links = map(html.unescape, re.findall(r'\b(?:href|src)="([^"#]+)', f.read()))
        for link in links:
            if not is_outside(link) and not os.path.isfile(os.path.join(os.path.dirname(path), link)):
                yield "%s: %s is not there" % (path, link)


def main():
    out = sys.argv[1]
    pages, files, folders, bad = gather()
    bad += check_anchors(pages)
    if bad:
        sys.exit("\n".join(bad))
    shutil.rmtree(out, ignore_errors=True)
    with open(os.path.join(PARTS, "page.html"), encoding="utf-8") as f:
        template = f.read()
    folders |= {f for _, f in SECTIONS if sum(os.path.dirname(p) == f for p in pages) > LONG}
    listings = [Listing(f, pages.values()) for f in sorted(folders) if os.path.join(f, "README.md") not in pages]
    for page in [*pages.values(), *listings]:
        up = os.path.relpath(".", os.path.dirname(page.to) or ".")
        filled = {"title": html.escape(page.title), "up": up, "navigation": navigation(pages, page.to), "body": rewritten(page, pages, folders)}
        write(out, page.to, re.sub(r"\{\{(\w+)\}\}", lambda m: filled[m.group(1)], template))
    index = [[p.to + "#" + anchor, p.title if heading == p.title else "%s: %s" % (p.title, heading), text] for p in pages.values() for anchor, heading, text in p.sections()]
    write(out, "search-index.js", "const searchIndex = %s;\n" % json.dumps(index, ensure_ascii=False, separators=(",", ":")))
    for name in ("style.css", "search.js"):
        shutil.copy(os.path.join(PARTS, name), os.path.join(out, name))
    for path in files:
        os.makedirs(os.path.dirname(os.path.join(out, path)), exist_ok=True)
        shutil.copy(os.path.join(ROOT, path), os.path.join(out, path))
    bad = list(dead_links(out))
    if bad:
        sys.exit("\n".join(bad))
    size = sum(os.path.getsize(p) for p in glob.glob(out + "/**", recursive=True) if os.path.isfile(p))
    print("%s: %d pages, %d files, %d headings to search, %.1f MB" % (out, len(pages) + len(listings), len(files), len(index), size / 1e6))
    if size > BUDGET:
        sys.exit("site: %d bytes are more than the budget of %d" % (size, BUDGET))


if __name__ == "__main__":
    main()
