#!/usr/bin/env python3
"""The spelling of README.md and docs/guides, by hunspell: British, with the words of words.txt beside this file besides.

What is code is not looked at: blocks, what stands between backticks, addresses. A word of the list that is in no page is reported as well."""
import glob, os, re, subprocess, sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from check import check, done  # noqa: E402

WORDS = os.path.join(HERE, "words.txt")


def prose(text):
    """The page without what is not English; its lines stay where they are."""
    text = re.sub(r"^```.*?^```$", lambda m: "\n" * m.group().count("\n"), text, flags=re.M | re.S)
    text = re.sub(r"^    .*$", "", text, flags=re.M)
    text = re.sub(r"`[^`\n]*(?:\n[^`\n]*)?`", lambda m: " " + "\n" * m.group().count("\n"), text)
    text = re.sub(r"^\[\d+\]: .*$", "", text, flags=re.M)
    text = re.sub(r"\]\([^)\s]*\)|<https?:[^>]*>|https?://\S+", "] ", text)
    text = re.sub(r"[\w./{}*-]*[/_][\w./{}*-]*|\b[\w-]+\.(?:md|py|sh|tcl|conf|lua|go|mjs|c|h|acl|aof|rdb|json|yml|service|deb|io|d)\b", " ", text)  # paths and names of files
    return re.sub(r"\b(?=\w*(?:\d|[a-z][A-Z]))\w+\b|\b[A-Z][A-Z-]+s?\b", " ", text)  # numbers with units, names of commands, acronyms, identifiers


def unknown(text, words):
    p = subprocess.run(["hunspell", "-d", "en_GB", "-i", "utf-8", "-l"], input=text, capture_output=True, encoding="utf-8", check=True)
    return sorted({w for w in p.stdout.split() if w not in words and w.rstrip("'s") not in words})


def main():
    with open(WORDS, encoding="utf-8") as f:
        words = {line.strip() for line in f if line.strip() and not line.startswith("#")}
    everything = ""
    for path in [os.path.join(ROOT, "README.md"), *sorted(glob.glob(os.path.join(ROOT, "docs/guides/*.md")))]:
        with open(path, encoding="utf-8") as f:
            text = prose(f.read())
        everything += text
        got = unknown(text, words)
        check("spelling: " + os.path.relpath(path, ROOT), not got, " ".join(got))
    check("words of the list are used", all(re.search(r"\b%s\b" % re.escape(w), everything) for w in words),
          " ".join(sorted(w for w in words if not re.search(r"\b%s\b" % re.escape(w), everything))))
    check("a wrong word is found", unknown("A mesage is kept.", words) == ["mesage"])
    done()


if __name__ == "__main__":
    main()
