#include "base/glob.h"

static int fold(char c, bool nocase)
{
    int v = (unsigned char)c;
    return nocase && v >= 'A' && v <= 'Z' ? v + 32 : v;
}

/* Matches one character of text against the pattern item at *at; moves *at behind the item. */
static bool item_matches(struct bytes pattern, size_t *at, char c, bool nocase)
{
    size_t i = *at;
    int want = fold(c, nocase);
    if (pattern.p[i] == '?') {
        *at = i + 1;
        return true;
    }
    if (pattern.p[i] == '[') {
        i++;
        bool negated = i < pattern.n && pattern.p[i] == '^';
        if (negated)
            i++;
        bool matched = false;
        for (;;) {
            if (i >= pattern.n)
                break;
            if (pattern.p[i] == '\\' && i + 1 < pattern.n) {
                i++;
                if (pattern.p[i] == c)
                    matched = true;
            } else if (pattern.p[i] == ']') {
                i++;
                break;
            } else if (i + 2 < pattern.n && pattern.p[i + 1] == '-') {
                int low = fold(pattern.p[i], nocase), high = fold(pattern.p[i + 2], nocase);
                if (low > high) {
                    int swap = low;
                    low = high;
                    high = swap;
                }
                i += 2;
                if (want >= low && want <= high)
                    matched = true;
            } else if (fold(pattern.p[i], nocase) == want) {
                matched = true;
            }
            i++;
        }
        *at = i;
        return matched != negated;
    }
    if (pattern.p[i] == '\\' && i + 1 < pattern.n)
        i++;
    *at = i + 1;
    return fold(pattern.p[i], nocase) == want;
}

static bool match(struct bytes pattern, struct bytes text, bool nocase)
{
    size_t p = 0, t = 0, star = (size_t)-1, resume = 0;
    while (t < text.n) {
        if (p < pattern.n && pattern.p[p] == '*') {
            star = ++p;
            resume = t;
            continue;
        }
        size_t next = p;
        if (p < pattern.n && item_matches(pattern, &next, text.p[t], nocase)) {
            p = next;
            t++;
            continue;
        }
        if (star == (size_t)-1)
            return false;
        p = star;
        t = ++resume;
    }
    while (p < pattern.n && pattern.p[p] == '*')
        p++;
    return p == pattern.n;
}

bool glob_match(struct bytes pattern, struct bytes text)
{
    return match(pattern, text, false);
}

bool glob_match_nocase(struct bytes pattern, struct bytes text)
{
    return match(pattern, text, true);
}
