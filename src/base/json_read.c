/* A recursive descent parser, with depth bounded by JSON_READ_DEPTH. Values are appended to one
 * array in text order, so a container is followed by its content, and `next` skips that. The text
 * belongs to the caller, so all strings are copied and decoded into one block of the text's size,
 * which suffices since an escape is longer than what it encodes.
 *
 * What can fail: the text is not JSON, or exceeds a bound. `why` describes the first error, after
 * which everything returns false. The bounds limit the cost of hostile texts: values (64 bytes
 * each, for 2 bytes of "0,"), depth (the stack), members of an object (each is compared with the
 * others, by a keyed hash). */
#include "base/json_read.h"

#include "base/assert.h"
#include "base/base64.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/utf8.h"

#include <stdio.h>

struct reading {
    struct json_read *r;
    struct bytes text;
    size_t at;       /* in text */
    size_t string_n; /* bytes of r->strings in use */
    unsigned depth;
};

static bool fail(struct reading *g, const char *what)
{
    if (!*g->r->why)
        snprintf(g->r->why, sizeof(g->r->why), "%s at byte %zu", what, g->at);
    return false;
}

static void skip_blanks(struct reading *g)
{
    while (g->at < g->text.n && memchr(" \t\r\n", g->text.p[g->at], 4))
        g->at++;
}

/* Skips blanks and returns the next character without consuming it; 0: the end. */
static char peek(struct reading *g)
{
    skip_blanks(g);
    return g->at < g->text.n ? g->text.p[g->at] : 0;
}

static bool expect(struct reading *g, char c, const char *what)
{
    if (peek(g) != c || g->at == g->text.n)
        return fail(g, what);
    g->at++;
    return true;
}

static struct json_read_value *add_value(struct reading *g)
{
    struct json_read *r = g->r;
    if (r->n == JSON_READ_VALUES) {
        fail(g, "too many values");
        return NULL;
    }
    if (r->n == r->cap) {
        r->cap = r->cap ? 2 * r->cap : 16;
        r->values = mem_realloc(r->values, r->cap * sizeof(*r->values));
    }
    struct json_read_value *v = &r->values[r->n++];
    *v = (struct json_read_value){0};
    return v;
}

/* ---- Strings */

static bool read_hex(struct reading *g, uint32_t *v)
{
    *v = 0;
    for (int i = 0; i < 4; i++) {
        char c = g->at < g->text.n ? g->text.p[g->at] : 0;
        uint32_t digit = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
                         : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a') + 10
                         : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A') + 10
                                                : 16;
        if (digit > 15)
            return fail(g, "\\u needs four hexadecimal digits");
        *v = *v << 4 | digit;
        g->at++;
    }
    return true;
}

/* Reads the digits after \u; surrogates must come in pairs. */
static bool read_character(struct reading *g)
{
    uint32_t high, low;
    if (!read_hex(g, &high))
        return false;
    if (high >= 0xd800 && high <= 0xdfff) {
        if (high > 0xdbff || g->text.n - g->at < 2 || memcmp(g->text.p + g->at, "\\u", 2) != 0)
            return fail(g, "half of a surrogate pair");
        g->at += 2;
        if (!read_hex(g, &low))
            return false;
        if (low < 0xdc00 || low > 0xdfff)
            return fail(g, "half of a surrogate pair");
        high = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
    }
    g->string_n += utf8_print(g->r->strings + g->string_n, high);
    return true;
}

static bool read_escape(struct reading *g)
{
    static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    char c = g->at < g->text.n ? g->text.p[g->at] : 0;
    const char *letter = c ? strchr(letters, c) : NULL;
    if (letter) {
        g->at++;
        g->r->strings[g->string_n++] = meant[letter - letters];
        return true;
    }
    if (c != 'u')
        return fail(g, "no such escape");
    g->at++;
    return read_character(g);
}

static bool read_string(struct reading *g, struct bytes *out)
{
    if (!expect(g, '"', "a string is expected"))
        return false;
    size_t begin = g->string_n;
    for (;;) {
        struct bytes rest = bytes_of(g->text.p + g->at, g->text.n - g->at);
        size_t n = utf8_length(rest);
        unsigned char c = n ? (unsigned char)*rest.p : 0;
        if (n == 0)
            return fail(g, rest.n ? "not UTF-8" : "a string has no end");
        if (c < 0x20)
            return fail(g, "a control character within a string");
        g->at += n;
        if (c == '"')
            break;
        if (c != '\\') {
            memcpy(g->r->strings + g->string_n, rest.p, n);
            g->string_n += n;
        } else if (!read_escape(g)) {
            return false;
        }
    }
    ASSERT(g->string_n <= g->text.n);
    *out = bytes_of(g->r->strings + begin, g->string_n - begin);
    return true;
}

/* ---- Numbers and words */

static size_t read_digits(struct reading *g)
{
    size_t n = 0;
    while (g->at < g->text.n && g->text.p[g->at] >= '0' && g->text.p[g->at] <= '9')
        g->at++, n++;
    return n;
}

static bool take(struct reading *g, const char *any_of)
{
    if (g->at == g->text.n || !g->text.p[g->at] || !strchr(any_of, g->text.p[g->at]))
        return false;
    g->at++;
    return true;
}

static bool read_number(struct reading *g, struct json_read_value *v)
{
    size_t begin = g->at;
    take(g, "-");
    size_t whole = g->at, n = read_digits(g);
    if (n == 0 || (n > 1 && g->text.p[whole] == '0'))
        return fail(g, "not a number");
    if (take(g, ".") && !read_digits(g))
        return fail(g, "not a number");
    if (take(g, "eE")) {
        take(g, "+-");
        if (!read_digits(g))
            return fail(g, "not a number");
    }
    char *to = g->r->strings + g->string_n;
    memcpy(to, g->text.p + begin, g->at - begin);
    v->kind = JSON_READ_NUMBER;
    v->text = bytes_of(to, g->at - begin);
    g->string_n += v->text.n;
    return true;
}

static bool read_word(struct reading *g, struct json_read_value *v)
{
    static const struct {
        struct bytes word;
        enum json_read_kind kind;
    } words[] = {{{"null", 4}, JSON_READ_NULL},
                 {{"false", 5}, JSON_READ_FALSE},
                 {{"true", 4}, JSON_READ_TRUE}};
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
        struct bytes w = words[i].word;
        if (g->text.n - g->at >= w.n && memcmp(g->text.p + g->at, w.p, w.n) == 0) {
            g->at += w.n;
            v->kind = words[i].kind;
            return true;
        }
    }
    return fail(g, "a value is expected");
}

/* ---- Arrays and objects */

/* hash: of the name of a member. */
static bool read_value(struct reading *g, struct bytes name, uint64_t hash);

/* Whether the object at this index already has a member of this name, not counting the new one,
 * which is appended later. */
static bool is_member(const struct json_read *r, size_t object, uint64_t hash, struct bytes name)
{
    for (size_t i = object + 1; i < r->n; i = r->values[i].next)
        if (r->values[i].name_hash == hash && bytes_equal(r->values[i].name, name))
            return true;
    return false;
}

static bool read_member(struct reading *g, size_t holder)
{
    struct bytes name;
    if (peek(g) != '"')
        return fail(g, "a name is expected");
    if (!read_string(g, &name))
        return false;
    uint64_t hash = hash_key(name);
    if (is_member(g->r, holder, hash, name))
        return fail(g, "a name comes twice");
    return expect(g, ':', "a colon is expected") && read_value(g, name, hash);
}

/* Turns {"base64": "..."} into a string, decoded in place. */
static bool settle_bytes(struct reading *g, size_t object)
{
    struct json_read *r = g->r;
    struct json_read_value *o = &r->values[object], *only = o + 1;
    if (o->n != 1 || only->kind != JSON_READ_STRING || !bytes_equal(only->name, BYTES("base64")))
        return true;
    char *p = r->strings + (only->text.p - r->strings);
    size_t n;
    if (!base64_parse(p, only->text, &n))
        return fail(g, "not Base64");
    o->kind = JSON_READ_STRING;
    o->text = bytes_of(p, n);
    o->n = 0;
    r->n--;
    return true;
}

/* Reads an array or object after its opening bracket. */
static bool read_holder(struct reading *g, size_t holder, bool is_object)
{
    char end = is_object ? '}' : ']';
    g->r->values[holder].kind = is_object ? JSON_READ_OBJECT : JSON_READ_ARRAY;
    if (++g->depth > JSON_READ_DEPTH)
        return fail(g, "nested too deeply");
    if (peek(g) == end) {
        g->at++;
    } else {
        do {
            if (is_object && g->r->values[holder].n == JSON_READ_MEMBERS)
                return fail(g, "too many members");
            if (!(is_object ? read_member(g, holder) : read_value(g, (struct bytes){0}, 0)))
                return false;
            g->r->values[holder].n++;
            skip_blanks(g);
        } while (take(g, ","));
        if (!expect(g, end, is_object ? "a comma or } is expected" : "a comma or ] is expected"))
            return false;
    }
    g->depth--;
    return !is_object || settle_bytes(g, holder);
}

static bool read_value(struct reading *g, struct bytes name, uint64_t hash)
{
    char c = peek(g);
    size_t place = g->r->n;
    struct json_read_value *v = add_value(g);
    if (!v)
        return false;
    v->name = name;
    v->name_hash = hash;
    /* Until the container is complete its end is unknown. */
    v->next = JSON_READ_VALUES;
    bool good;
    if (c == '{' || c == '[') {
        g->at++;
        good = read_holder(g, place, c == '{');
    } else if (c == '"') {
        v->kind = JSON_READ_STRING;
        good = read_string(g, &v->text);
    } else if (c == '-' || (c >= '0' && c <= '9')) {
        good = read_number(g, v);
    } else {
        good = read_word(g, v);
    }
    g->r->values[place].next = (uint32_t)g->r->n;
    return good;
}

bool json_read(struct json_read *r, struct bytes text)
{
    struct reading g = {.r = r, .text = text};
    *r = (struct json_read){0};
    if (text.n > JSON_READ_MOST)
        return fail(&g, "too long");
    r->strings = mem_alloc(text.n + 1);
    if (!read_value(&g, (struct bytes){0}, 0))
        return false;
    skip_blanks(&g);
    return g.at == text.n || fail(&g, "something follows the value");
}

void json_read_free(struct json_read *r)
{
    mem_free(r->values);
    mem_free(r->strings);
    *r = (struct json_read){0};
}

const struct json_read_value *json_read_first(const struct json_read_value *holder)
{
    return holder->n ? holder + 1 : NULL;
}

const struct json_read_value *json_read_next(const struct json_read *r,
                                             const struct json_read_value *holder,
                                             const struct json_read_value *v)
{
    return v->next < holder->next ? &r->values[v->next] : NULL;
}

const struct json_read_value *
json_read_member(const struct json_read *r, const struct json_read_value *object, const char *name)
{
    if (object->kind != JSON_READ_OBJECT)
        return NULL;
    const struct json_read_value *v = json_read_first(object);
    while (v && !bytes_equal(v->name, bytes_text(name)))
        v = json_read_next(r, object, v);
    return v;
}

bool json_read_int(const struct json_read_value *v, long long *out)
{
    return (v->kind == JSON_READ_NUMBER || v->kind == JSON_READ_STRING) &&
           num_parse_int(v->text, out);
}
