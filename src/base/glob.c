/* Glob matching by two algorithms.
 *
 * match() walks through pattern and text and backtracks only to the last star. That is fastest for
 * usual patterns, but a hostile one ("*a?a?a?a?b") needs as many comparisons as the product of both
 * lengths. So comparisons are counted, and after a few times the sum of both lengths
 * match_behind_star() takes over from the last star on.
 *
 * It splits the pattern at its stars into segments. A star matches anything, so the leftmost match
 * of a segment is always sufficient: each is searched once, and the next one in the text after it.
 * The last one must match at the end of the text. Plain text is found by memmem(); a segment with ?
 * or [] by the shift-and algorithm, a bit for each item, 64 items a word.
 *
 * Shift-and still costs text times items / 64, which is charged to WORK; when that is used up, the
 * text does not match: the header says which sizes never reach this. Nothing else can fail. */
#include "base/glob.h"

#include "base/buf.h"
#include "base/mem.h"

#include <stdint.h>

#define TRIES_MORE 256        /* comparisons beyond TRIES times the lengths */
#define TRIES      8          /* comparisons per byte of pattern and text */
#define WORK       (1u << 26) /* the most steps (words) of a match after that */

#define CLASS_MOST 4096 /* bytes between brackets; longer ones match nothing */

#define LETTERS 256

static int fold(char c, bool nocase)
{
    int v = (unsigned char)c;
    return nocase && v >= 'A' && v <= 'Z' ? v + 32 : v;
}

/* Matches one character of text against the pattern item at *at; moves *at after the item. */
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
        size_t most = i + CLASS_MOST;
        for (;;) {
            if (i >= pattern.n)
                break;
            if (i > most) {
                *at = pattern.n;
                return false;
            }
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

/* The pattern between two stars. */
struct segment {
    struct bytes text;
    size_t items, class_bytes;
    bool literal; /* no ? and no [ */
    bool is_last; /* no star follows */
};

static struct segment next_segment(struct bytes pattern)
{
    struct segment s = {.literal = true};
    size_t i = 0;
    while (i < pattern.n && pattern.p[i] != '*') {
        size_t from = i;
        item_matches(pattern, &i, 0, false);
        s.literal = s.literal && pattern.p[from] != '?' && pattern.p[from] != '[';
        s.class_bytes += pattern.p[from] == '[' ? i - from : 0;
        s.items++;
    }
    s.text = bytes_of(pattern.p, i);
    s.is_last = i == pattern.n;
    return s;
}

/* Whether the segment matches at the beginning of the text. */
static bool begins(const struct segment *s, struct bytes text, bool nocase)
{
    size_t at = 0;
    for (size_t t = 0; at < s->text.n; t++)
        if (t == text.n || !item_matches(s->text, &at, text.p[t], nocase))
            return false;
    return true;
}

static const char *find_literal(const struct segment *s, struct bytes text)
{
    struct buf plain = {0};
    for (size_t i = 0; i < s->text.n; i++) {
        i += s->text.p[i] == '\\' && i + 1 < s->text.n;
        buf_add_char(&plain, s->text.p[i]);
    }
    const char *found = memmem(text.p, text.n, plain.p, plain.n);
    buf_free(&plain);
    return found;
}

/* For each byte a mask of the items that it matches, then a mask of the items that match any byte.
 */
static void fill_masks(const struct segment *s, uint64_t *masks, size_t words, bool nocase)
{
    size_t at = 0;
    for (size_t i = 0; i < s->items; i++) {
        uint64_t bit = (uint64_t)1 << (i % 64);
        size_t next = at;
        item_matches(s->text, &next, 0, nocase);
        if (s->text.p[at] == '?') {
            masks[LETTERS * words + i / 64] |= bit;
        } else if (s->text.p[at] == '[' || nocase) {
            for (unsigned c = 0; c < LETTERS; c++) {
                next = at;
                if (item_matches(s->text, &next, (char)c, nocase))
                    masks[c * words + i / 64] |= bit;
            }
        } else {
            masks[(unsigned char)s->text.p[next - 1] * words + i / 64] |= bit;
        }
        at = next;
    }
}

/* Finds the leftmost match of a segment with the shift-and algorithm, which needs no backtracking:
 * while the text is read, bit i says whether the first i + 1 items match the bytes just read. */
static const char *find_by_bits(const struct segment *s, struct bytes text, bool nocase)
{
    size_t words = (s->items + 63) / 64;
    uint64_t *masks = mem_zalloc((LETTERS + 2) * words * sizeof(*masks));
    const uint64_t *any = masks + LETTERS * words;
    uint64_t *state = masks + (LETTERS + 1) * words;
    fill_masks(s, masks, words, nocase);
    const char *found = NULL;
    uint64_t last = (uint64_t)1 << ((s->items - 1) % 64);
    for (size_t t = 0; t < text.n && !found; t++) {
        const uint64_t *mask = masks + (unsigned char)text.p[t] * words;
        uint64_t carry = 1;
        for (size_t w = 0; w < words; w++) {
            uint64_t out = state[w] >> 63;
            state[w] = (state[w] << 1 | carry) & (mask[w] | any[w]);
            carry = out;
        }
        if (state[words - 1] & last)
            found = text.p + t + 1 - s->items;
    }
    mem_free(masks);
    return found;
}

/* Matches a star and the pattern after it. *work: the rest of WORK. */
static bool match_behind_star(struct bytes pattern, struct bytes text, bool nocase, size_t *work)
{
    for (;;) {
        while (pattern.n && *pattern.p == '*')
            pattern = bytes_of(pattern.p + 1, pattern.n - 1);
        if (pattern.n == 0)
            return true;
        struct segment s = next_segment(pattern);
        if (s.items > text.n)
            return false;
        if (s.is_last)
            return begins(&s, bytes_of(text.p + text.n - s.items, s.items), nocase);
        const char *found;
        if (s.literal && !nocase) {
            found = find_literal(&s, text);
        } else {
            size_t words = (s.items + 63) / 64;
            size_t cost = LETTERS * ((nocase ? s.text.n : s.class_bytes) + words) + text.n * words;
            if (cost > *work)
                return false; /* the limit is reached */
            *work -= cost;
            found = find_by_bits(&s, text, nocase);
        }
        if (!found)
            return false;
        const char *behind = found + s.items;
        text = bytes_of(behind, (size_t)(text.p + text.n - behind));
        pattern = bytes_of(pattern.p + s.text.n, pattern.n - s.text.n);
    }
}

/* The first index from `from` on at which the item p of the pattern, which follows a star, can
 * match; text.n: there is none. */
static size_t next_start(struct bytes pattern, size_t p, struct bytes text, size_t from,
                         bool nocase)
{
    if (from >= text.n || p == pattern.n || nocase || memchr("*?[\\", pattern.p[p], 4))
        return from;
    const char *found = memchr(text.p + from, pattern.p[p], text.n - from);
    return found ? (size_t)(found - text.p) : text.n;
}

static bool match(struct bytes pattern, struct bytes text, bool nocase)
{
    size_t p = 0, t = 0, star = (size_t)-1, resume = 0;
    size_t tries = TRIES * (pattern.n + text.n) + TRIES_MORE, work = WORK;
    while (t < text.n) {
        if (p < pattern.n && pattern.p[p] == '*') {
            star = ++p;
            if (star == pattern.n)
                return true;
            t = resume = next_start(pattern, star, text, t, nocase);
            continue;
        }
        size_t next = p;
        bool good = p < pattern.n && item_matches(pattern, &next, text.p[t], nocase);
        size_t tried = next - p + 1;
        if (good) {
            p = next;
            t++;
        } else if (star == (size_t)-1) {
            return false;
        } else {
            p = star;
            t = resume = next_start(pattern, star, text, resume + 1, nocase);
        }
        if (tried > tries)
            return star == (size_t)-1
                       ? false
                       : match_behind_star(bytes_of(pattern.p + star, pattern.n - star),
                                           bytes_of(text.p + resume, text.n - resume), nocase,
                                           &work);
        tries -= tried;
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
