/* All output goes through put(), which enforces the limit: a piece that does not fit is not
 * written, nor anything after it. So the output after a failure is a prefix of the complete text.
 *
 * `begun` has a bit for each level that is not empty, and therefore needs a comma; level 0 has the
 * text's single value. A name writes the comma and colon, so its value does not.
 *
 * What can fail: the limits of size and depth. Both set `failed`, after which calls do nothing: a
 * caller need only check json_write_is_whole() at the end. Calls in a wrong order are bugs
 * (ASSERT). */
#include "base/json_write.h"

#include "base/assert.h"
#include "base/base64.h"
#include "base/num.h"
#include "base/utf8.h"

#include <math.h>

#define EXACT (1LL << 53) /* doubles represent all integers up to this one */
#define LONG  256         /* bytes of a text beyond which its control characters are counted */
#define MANY  8           /* more than one of them in so many bytes: it is written as bytes */

struct json_write json_write_begin(struct buf *out, size_t most)
{
    return (struct json_write){.out = out, .most = out->n + most};
}

bool json_write_is_whole(const struct json_write *w)
{
    return !w->failed && w->depth == 0 && !w->after_name && (w->begun & 1);
}

static void put(struct json_write *w, struct bytes x)
{
    if (w->failed || x.n > w->most - w->out->n)
        w->failed = true;
    else
        buf_add(w->out, x);
}

/* Prepares for a value. */
static void begin_value(struct json_write *w)
{
    uint64_t bit = 1ULL << w->depth;
    ASSERT(w->failed || !(w->is_object & bit) || w->after_name);
    ASSERT(w->failed || w->depth || !(w->begun & 1));
    if (!w->after_name && (w->begun & bit))
        put(w, BYTES(","));
    w->begun |= bit;
    w->after_name = false;
}

static void open(struct json_write *w, struct bytes bracket, bool is_object)
{
    begin_value(w);
    put(w, bracket);
    if (w->depth == JSON_WRITE_DEPTH - 1) {
        /* Nothing more is written, but begin and end are still counted. */
        w->failed = true;
        return;
    }
    w->depth += !w->failed;
    uint64_t bit = 1ULL << w->depth;
    w->begun &= ~bit;
    w->is_object = is_object ? w->is_object | bit : w->is_object & ~bit;
}

static void close(struct json_write *w, struct bytes bracket, bool is_object)
{
    put(w, bracket);
    if (w->failed)
        return;
    ASSERT(w->depth > 0 && !w->after_name && !!(w->is_object >> w->depth & 1) == is_object);
    w->depth--;
}

void json_write_object(struct json_write *w)
{
    open(w, BYTES("{"), true);
}

void json_write_object_end(struct json_write *w)
{
    close(w, BYTES("}"), true);
}

void json_write_array(struct json_write *w)
{
    open(w, BYTES("["), false);
}

void json_write_array_end(struct json_write *w)
{
    close(w, BYTES("]"), false);
}

/* Control characters, quote and backslash; everything else is literal. */
static const bool is_escaped[256] = {
    [0 ... 0x1f] = true, ['"'] = true, ['\\'] = true, [0x7f] = true};

static size_t literal_length(struct bytes x)
{
    size_t n = 0;
    while (n < x.n && !is_escaped[(unsigned char)x.p[n]])
        n++;
    return n;
}

static void put_escaped(struct json_write *w, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    char long_form[] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
    char short_form[2] = {'\\', (char)c};
    static const char *letters = "btnvfr";
    if (c >= 8 && c <= 13 && c != 11)
        short_form[1] = letters[c - 8];
    else if (c < 0x20 || c == 0x7f) {
        put(w, bytes_of(long_form, sizeof(long_form)));
        return;
    }
    put(w, bytes_of(short_form, sizeof(short_form)));
}

/* Whether x is ASCII of which nothing is escaped, as most names and words are. */
static bool is_plain(struct bytes x)
{
    for (size_t i = 0; i < x.n; i++)
        if (is_escaped[(unsigned char)x.p[i]] || (unsigned char)x.p[i] > 0x7f)
            return false;
    return true;
}

/* Writes plain text (is_plain()) in quotes, in one piece because a call for each part costs more
 * than the copy. before, behind: a comma or colon to write around it, or 0. False: it does not fit,
 * and nothing was written. */
static bool put_plain(struct json_write *w, char before, struct bytes x, char behind)
{
    if (w->failed || x.n > w->most || x.n + 4 > w->most - w->out->n)
        return false;
    char *to = buf_room(w->out, x.n + 4);
    size_t n = 0;
    if (before)
        to[n++] = before;
    to[n++] = '"';
    if (x.n)
        memcpy(to + n, x.p, x.n);
    n += x.n;
    to[n++] = '"';
    if (behind)
        to[n++] = behind;
    w->out->n += n;
    return true;
}

/* Writes UTF-8 in quotes. */
static void put_string(struct json_write *w, struct bytes x)
{
    put(w, BYTES("\""));
    for (size_t literal = literal_length(x); x.n && !w->failed; literal = literal_length(x)) {
        put(w, bytes_of(x.p, literal));
        if (literal < x.n)
            put_escaped(w, (unsigned char)x.p[literal++]);
        x = bytes_of(x.p + literal, x.n - literal);
    }
    put(w, BYTES("\""));
}

static void put_base64(struct json_write *w, struct bytes x)
{
    size_t n = base64_size(x.n) + 2;
    if (w->failed || n > w->most - w->out->n) {
        w->failed = true;
        return;
    }
    char *to = buf_room(w->out, n);
    to[0] = '"';
    base64_print(to + 1, x);
    to[n - 1] = '"';
    w->out->n += n;
}

/* Whether to write x as a JSON string rather than as Base64. It must be UTF-8, and not a long text
 * with many control characters: each is escaped as six bytes, while Base64 adds only a third. */
static bool is_for_string(struct bytes x)
{
    size_t n = 0;
    if (x.n > LONG)
        for (size_t i = 0; i < x.n; i++)
            n += is_escaped[(unsigned char)x.p[i]] && !memchr("\b\t\n\f\r\"\\", x.p[i], 7);
    return n <= x.n / MANY && utf8_is_text(x);
}

void json_write_name(struct json_write *w, struct bytes name)
{
    uint64_t bit = 1ULL << w->depth;
    ASSERT(w->failed || ((w->is_object & bit) && w->depth && !w->after_name));
    char comma = w->begun & bit ? ',' : 0;
    w->begun |= bit;
    w->after_name = true;
    if (is_plain(name) && put_plain(w, comma, name, ':'))
        return;
    if (comma)
        put(w, BYTES(","));
    size_t good = utf8_span(name);
    if (good == name.n) {
        put_string(w, name);
    } else {
        struct buf mended = {0};
        while (name.n && name.n < w->most) {
            buf_add(&mended, bytes_of(name.p, good));
            name = bytes_of(name.p + good, name.n - good);
            if (name.n) {
                buf_add_text(&mended, "\xef\xbf\xbd");
                name = bytes_of(name.p + 1, name.n - 1);
            }
            good = utf8_span(name);
        }
        put_string(w, buf_bytes(&mended));
        buf_free(&mended);
    }
    put(w, BYTES(":"));
}

void json_write_null(struct json_write *w)
{
    json_write_raw(w, BYTES("null"));
}

void json_write_bool(struct json_write *w, bool v)
{
    json_write_raw(w, v ? BYTES("true") : BYTES("false"));
}

static void put_number(struct json_write *w, struct bytes digits, bool exact)
{
    begin_value(w);
    if (exact)
        put(w, digits);
    else
        put_string(w, digits);
}

void json_write_int(struct json_write *w, int64_t v)
{
    char text[NUM_INT_MAX];
    size_t n = num_print_int(text, v);
    put_number(w, bytes_of(text, n), v >= -EXACT && v <= EXACT);
}

void json_write_uint(struct json_write *w, uint64_t v)
{
    char text[NUM_INT_MAX];
    size_t n = num_print_uint(text, v);
    put_number(w, bytes_of(text, n), v <= EXACT);
}

void json_write_double(struct json_write *w, double v)
{
    char text[NUM_DOUBLE_MAX];
    if (!isfinite(v)) {
        json_write_null(w);
        return;
    }
    begin_value(w);
    put(w, bytes_of(text, num_print_double(text, v)));
}

void json_write_text(struct json_write *w, const char *text)
{
    begin_value(w);
    put_string(w, bytes_text(text));
}

void json_write_bytes(struct json_write *w, struct bytes x)
{
    if (x.n > w->most) {
        begin_value(w);
        w->failed = true;
    } else if (is_plain(x)) {
        begin_value(w);
        if (!put_plain(w, 0, x, 0))
            put_string(w, x);
    } else if (is_for_string(x)) {
        begin_value(w);
        put_string(w, x);
    } else {
        json_write_object(w);
        json_write_name(w, BYTES("base64"));
        begin_value(w);
        put_base64(w, x);
        json_write_object_end(w);
    }
}

void json_write_cut(struct json_write *w, struct bytes x, size_t most)
{
    json_write_cut_front(w, x, x.n, most);
}

void json_write_cut_front(struct json_write *w, struct bytes front, uint64_t all, size_t most)
{
    ASSERT(front.n == all || (front.n < all && front.n >= most + 3));
    if (all <= most) {
        json_write_bytes(w, front);
        return;
    }
    struct bytes shown = bytes_of(front.p, most);
    size_t good = utf8_span(shown);
    /* A character split by the truncation does not make the text invalid UTF-8. */
    bool is_text = most - good < 4 &&
                   (good == most || utf8_length(bytes_of(front.p + good, front.n - good))) &&
                   is_for_string(bytes_of(front.p, good));
    json_write_object(w);
    json_write_name(w, is_text ? BYTES("text") : BYTES("base64"));
    begin_value(w);
    if (is_text)
        put_string(w, bytes_of(front.p, good));
    else
        put_base64(w, shown);
    json_write_name(w, BYTES("bytes"));
    json_write_uint(w, all);
    json_write_name(w, BYTES("cut"));
    json_write_bool(w, true);
    json_write_object_end(w);
}

void json_write_raw(struct json_write *w, struct bytes json)
{
    begin_value(w);
    put(w, json);
}
