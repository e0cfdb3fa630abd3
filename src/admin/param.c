/* A request's values, from three sources into one set:
 *
 *   declaration   param_begin() cuts it into params, with their defaults.
 *   path          each part in braces is a param of its own, added as it is met.
 *   query, body   a request has one or the other; each name has to be declared, and comes once.
 *
 * Then param_is_whole() looks for what was asked for and is not there. What can fail is only what
 * the request says: why tells the name and what is expected. A value is never copied out of the
 * body: it lies in the reader's memory, which the set owns. Decoded text and digits lie in `text`,
 * which has room for all of them from the beginning, so that pointers into it stay. */
#include "admin/param.h"

#include "base/assert.h"
#include "base/base64.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/words.h"
#include "proto/http.h"

#include <ctype.h>
#include <stdio.h>

#define NUMBER_TEXT 24 /* bytes of a number */
#define PLACE_WORDS 5
#define NAME_SHOWN  48

/* ---- Declarations */

/* Bytes up to one of these; a NUL is none of them. */
static size_t span_to(struct bytes x, const char *ends)
{
    size_t n = 0;
    while (n < x.n && !(x.p[n] && strchr(ends, x.p[n])))
        n++;
    return n;
}

static struct bytes behind(struct bytes x, size_t n)
{
    return bytes_of(x.p + n, x.n - n);
}

static enum param_kind kind_of(struct bytes name)
{
    static const char *const names[] = {"bytes", "int",   "flag",  "word", "words",
                                        "list",  "pairs", "match", "place"};
    for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++)
        if (bytes_is(name, names[i]))
            return (enum param_kind)i;
    UNREACHABLE();
}

static void set_number(struct param_set *s, struct param *p, long long v)
{
    char *at = s->text.p + s->text.n;
    ASSERT(s->text.cap - s->text.n >= NUMBER_TEXT);
    int n = snprintf(at, NUMBER_TEXT, "%lld", v);
    s->text.n += (size_t)n;
    p->text = bytes_of(at, (size_t)n);
    p->number = v;
    p->given = true;
}

static struct param *add(struct param_set *s, struct bytes name, enum param_kind kind)
{
    ASSERT(s->n < PARAM_MOST);
    struct param *p = &s->all[s->n++];
    *p = (struct param){.name = name, .kind = kind, .least = INT64_MIN, .most = INT64_MAX};
    return p;
}

/* Of "(least,most)" or "(a,b,...)", without the parentheses. */
static void set_arguments(struct param *p, struct bytes arguments)
{
    size_t comma = span_to(arguments, ",");
    if (p->kind == PARAM_WORD) {
        p->words = arguments;
        return;
    }
    bool good = num_parse_int(bytes_of(arguments.p, comma), &p->least) &&
                num_parse_int(behind(arguments, comma + 1), &p->most);
    ASSERT(good);
}

static void declare(struct param_set *s, struct bytes d)
{
    size_t n = span_to(d, "!:=");
    struct param *p = add(s, bytes_of(d.p, n), PARAM_BYTES);
    d = behind(d, n);
    if (d.n && *d.p == '!') {
        p->required = true;
        d = behind(d, 1);
    }
    if (d.n && *d.p == ':') {
        n = span_to(behind(d, 1), "(=");
        p->kind = kind_of(bytes_of(d.p + 1, n));
        d = behind(d, n + 1);
    }
    if (d.n && *d.p == '(') {
        n = span_to(d, ")");
        set_arguments(p, bytes_of(d.p + 1, n - 1));
        d = behind(d, n + 1);
    }
    if (d.n && *d.p == '=') {
        p->text = behind(d, 1);
        p->given = true;
        if (p->kind == PARAM_INT)
            num_parse_int(p->text, &p->number);
    }
}

void param_begin(struct param_set *s, const char *declaration, size_t room)
{
    buf_room(&s->text, room + PARAM_MOST * NUMBER_TEXT);
    for (const char *d = declaration; *d;) {
        size_t n = strcspn(d, " ");
        declare(s, bytes_of(d, n));
        d += n + (d[n] == ' ');
    }
}

void param_free(struct param_set *s)
{
    for (size_t i = 0; i < s->n; i++)
        mem_free(s->all[i].items);
    if (s->text.p)
        explicit_bzero(s->text.p, s->text.cap);
    buf_free(&s->text);
    if (s->body.strings) /* there may be a password among them */
        explicit_bzero(s->body.strings, s->body_n);
    json_read_free(&s->body);
    mem_free(s->place);
    *s = (struct param_set){0};
}

/* ---- Values */

static bool refuse(char *why, struct bytes name, const char *text)
{
    snprintf(why, PARAM_WHY, "%.*s: %s", name.n < NAME_SHOWN ? (int)name.n : NAME_SHOWN, name.p,
             text);
    return false;
}

/* v NULL: it is none. */
static bool take_number(struct param_set *s, struct param *p, const long long *v, char *why)
{
    char text[80] = "an integer is expected";
    if (v && *v >= p->least && *v <= p->most) {
        set_number(s, p, *v);
        return true;
    }
    if (p->least != INT64_MIN)
        snprintf(text, sizeof(text), "an integer from %lld to %lld is expected", p->least, p->most);
    return refuse(why, p->name, text);
}

static bool take_digits(struct param_set *s, struct param *p, struct bytes text, char *why)
{
    long long v;
    return take_number(s, p, num_parse_int(text, &v) ? &v : NULL, why);
}

/* One of the words of the declaration; the declaration's own bytes, in upper case. */
static bool take_word(struct param_set *s, struct param *p, struct bytes value, char *why)
{
    char text[96];
    for (struct bytes left = p->words; left.n;) {
        size_t n = span_to(left, ",");
        if (bytes_equal_nocase(bytes_of(left.p, n), value)) {
            char *at = s->text.p + s->text.n;
            ASSERT(n <= NUMBER_TEXT && s->text.cap - s->text.n >= n);
            for (size_t i = 0; i < n; i++)
                at[i] = (char)toupper((unsigned char)left.p[i]);
            s->text.n += n;
            p->text = bytes_of(at, n);
            p->given = true;
            return true;
        }
        left = behind(left, n < left.n ? n + 1 : n);
    }
    snprintf(text, sizeof(text), "one of %.*s is expected", (int)p->words.n, p->words.p);
    return refuse(why, p->name, text);
}

/* Room for n values; an empty array is a valid one. */
static void set_items(struct param *p, size_t n)
{
    p->items = mem_alloc((n ? n : 1) * sizeof(*p->items));
    p->n = 0;
    p->given = true;
}

static bool take_cut(struct param *p, struct bytes text, const char *at, char *why)
{
    size_t n = 1;
    for (size_t i = 0; i < text.n; i++)
        n += text.p[i] == *at;
    if (n > PARAM_ITEMS)
        return refuse(why, p->name, "too many of them");
    set_items(p, n);
    while (text.n) {
        size_t word = span_to(text, at);
        if (word)
            p->items[p->n++] = bytes_of(text.p, word);
        text = behind(text, word < text.n ? word + 1 : word);
    }
    return true;
}

/* An empty string becomes one empty argument, not none: ORDERBY "" switches ordering off. */
static bool take_empty_word(struct param *p)
{
    set_items(p, 1);
    p->items[p->n++] = BYTES("");
    return true;
}

void param_print_place(struct buf *out, const struct bytes *words, size_t n)
{
    struct buf line = {0};
    for (size_t i = 0; i < n; i++) {
        if (i)
            buf_add_char(&line, ' ');
        words_quote(&line, words[i]);
    }
    char *to = buf_room(out, base64_size(line.n));
    size_t length = base64_print(to, buf_bytes(&line));
    for (size_t i = 0; i < length; i++) /* + and / mean something in a target, and so does = */
        to[i] = to[i] == '+' ? '-' : to[i] == '/' ? '_' : to[i] == '=' ? '.' : to[i];
    out->n += length;
    buf_free(&line);
}

static bool take_place(struct param_set *s, struct param *p, struct bytes text, char *why)
{
    char *copy = mem_copy_text(text.p, text.n);
    size_t n;
    struct bytes words[PLACE_WORDS];
    for (size_t i = 0; i < text.n; i++)
        copy[i] = copy[i] == '-' ? '+' : copy[i] == '_' ? '/' : copy[i] == '.' ? '=' : copy[i];
    int count = -1;
    if (!s->place && base64_parse(copy, bytes_of(copy, text.n), &n))
        count = words_split(bytes_of(copy, n), words, PLACE_WORDS, &s->place);
    mem_free(copy);
    if (count < 1)
        return refuse(why, p->name, "no page ends there");
    set_items(p, (size_t)count);
    p->n = (size_t)count;
    memcpy(p->items, words, p->n * sizeof(*words));
    return true;
}

static bool take_text(struct param_set *s, struct param *p, struct bytes text, char *why)
{
    switch (p->kind) {
    case PARAM_WORD:
        return take_word(s, p, text, why);
    case PARAM_WORDS:
        return text.n ? take_cut(p, text, " ", why) : take_empty_word(p);
    case PARAM_PLACE:
        return take_place(s, p, text, why);
    default:
        p->text = text;
        p->given = true;
        return true;
    }
}

/* ---- Path and query */

/* False: a % without its digits. */
static bool decode(struct param_set *s, struct bytes from, bool is_query, struct bytes *to)
{
    size_t n;
    char *at = s->text.p + s->text.n;
    ASSERT(s->text.cap - s->text.n >= from.n);
    if (!http_decode(from, is_query, at, &n))
        return false;
    s->text.n += n;
    *to = bytes_of(at, n);
    return true;
}

bool param_take_path(struct param_set *s, struct bytes name, struct bytes encoded,
                     char why[PARAM_WHY])
{
    struct bytes text;
    struct param *p = add(s, name, PARAM_BYTES);
    p->is_path = true;
    if (!decode(s, encoded, false, &text))
        return refuse(why, BYTES("path"), "a part of it is not encoded as it should be");
    if (!bytes_is(name, "db"))
        return take_text(s, p, text, why);
    p->kind = PARAM_INT;
    p->least = 0;
    p->most = INT32_MAX;
    return take_digits(s, p, text, why);
}

/* What the path says no member says otherwise. */
static struct param *find_declared(struct param_set *s, struct bytes name)
{
    for (size_t i = 0; i < s->n; i++)
        if (!s->all[i].is_path && bytes_equal(s->all[i].name, name))
            return &s->all[i];
    return NULL;
}

bool param_take_query(struct param_set *s, struct bytes name, struct bytes encoded,
                      char why[PARAM_WHY])
{
    struct bytes text;
    struct param *p = find_declared(s, name);
    if (!p)
        return refuse(why, name, "there is no such parameter");
    if (!decode(s, encoded, true, &text))
        return refuse(why, name, "it is not encoded as it should be");
    if (p->taken)
        return refuse(why, name, "it is there twice");
    p->taken = true;
    switch (p->kind) {
    case PARAM_INT:
        return take_digits(s, p, text, why);
    case PARAM_FLAG:
        p->least = 0;
        p->most = 1;
        return take_digits(s, p, text, why);
    case PARAM_LIST:
        return take_cut(p, text, ",", why);
    default:
        return take_text(s, p, text, why);
    }
}

/* ---- Bodies */

static bool is_text(const struct json_read_value *v)
{
    return v && v->kind == JSON_READ_STRING;
}

static bool take_array(struct param_set *s, struct param *p, const struct json_read_value *v,
                       char *why)
{
    if (v->kind != JSON_READ_ARRAY)
        return refuse(why, p->name, "an array of strings is expected");
    if (v->n > PARAM_ITEMS)
        return refuse(why, p->name, "at most 1000 of them are taken");
    if (v->n == 0)
        return refuse(why, p->name, "it is empty");
    set_items(p, v->n);
    for (const struct json_read_value *i = json_read_first(v); i;
         i = json_read_next(&s->body, v, i)) {
        if (!is_text(i))
            return refuse(why, p->name, "an array of strings is expected");
        p->items[p->n++] = i->text;
    }
    return true;
}

/* A pair of [[f, v], ...]. */
static bool take_pair(struct param_set *s, struct param *p, const struct json_read_value *v)
{
    const struct json_read_value *field = json_read_first(v);
    const struct json_read_value *value = field ? json_read_next(&s->body, v, field) : NULL;
    if (v->kind != JSON_READ_ARRAY || v->n != 2 || !is_text(field) || !is_text(value))
        return false;
    p->items[p->n++] = field->text;
    p->items[p->n++] = value->text;
    return true;
}

static bool take_pairs(struct param_set *s, struct param *p, const struct json_read_value *v,
                       char *why)
{
    bool is_object = v->kind == JSON_READ_OBJECT;
    static const char expected[] = "fields and values are expected, all of them strings";
    if (!is_object && v->kind != JSON_READ_ARRAY)
        return refuse(why, p->name, expected);
    if (v->n == 0 || v->n > PARAM_ITEMS)
        return refuse(why, p->name, "1 to 1000 pairs are expected");
    set_items(p, 2 * (size_t)v->n);
    for (const struct json_read_value *i = json_read_first(v); i;
         i = json_read_next(&s->body, v, i)) {
        if (is_object ? !is_text(i) : !take_pair(s, p, i))
            return refuse(why, is_object && i->name.n ? i->name : p->name, expected);
        if (is_object) {
            p->items[p->n++] = i->name;
            p->items[p->n++] = i->text;
        }
    }
    return true;
}

static bool take_match(struct param_set *s, struct param *p, const struct json_read_value *v,
                       char *why)
{
    const struct json_read_value *field = json_read_member(&s->body, v, "field"),
                                 *value = json_read_member(&s->body, v, "value");
    if (v->kind != JSON_READ_OBJECT || v->n != 2 || !is_text(field) || !is_text(value))
        return refuse(why, p->name, "an object of field and value is expected");
    set_items(p, 2);
    p->items[0] = field->text;
    p->items[1] = value->text;
    p->n = 2;
    return true;
}

static bool take_member(struct param_set *s, struct param *p, const struct json_read_value *v,
                        char *why)
{
    long long number;
    switch (p->kind) {
    case PARAM_INT:
        return take_number(s, p, json_read_int(v, &number) ? &number : NULL, why);
    case PARAM_FLAG:
        p->number = v->kind == JSON_READ_TRUE;
        p->given = v->kind == JSON_READ_TRUE || v->kind == JSON_READ_FALSE;
        return p->given || refuse(why, p->name, "true or false is expected");
    case PARAM_LIST:
        return take_array(s, p, v, why);
    case PARAM_PAIRS:
        return take_pairs(s, p, v, why);
    case PARAM_MATCH:
        return take_match(s, p, v, why);
    default:
        if (!is_text(v))
            return refuse(why, p->name, "a string is expected");
        return take_text(s, p, v->text, why);
    }
}

bool param_take_body(struct param_set *s, struct bytes body, char why[PARAM_WHY])
{
    if (body.n == 0)
        return true;
    s->body_n = body.n;
    if (!json_read(&s->body, body))
        return refuse(why, BYTES("body"), s->body.why);
    const struct json_read_value *all = s->body.values;
    if (all->kind != JSON_READ_OBJECT)
        return refuse(why, BYTES("body"), "an object is expected");
    struct param *whole = find_declared(s, BYTES("*"));
    if (whole)
        return take_pairs(s, whole, all, why);
    for (const struct json_read_value *v = json_read_first(all); v;
         v = json_read_next(&s->body, all, v)) {
        struct param *p = find_declared(s, v->name);
        if (!p)
            return refuse(why, v->name, "there is no such member");
        p->taken = true;
        if (!take_member(s, p, v, why))
            return false;
    }
    return true;
}

/* ---- Looking */

bool param_is_whole(const struct param_set *s, char why[PARAM_WHY])
{
    for (size_t i = 0; i < s->n; i++)
        if (s->all[i].required && !s->all[i].given)
            return refuse(why, s->all[i].name, "it is missing");
    return true;
}

const struct param *param_find(const struct param_set *s, struct bytes name)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->all[i].given && bytes_equal(s->all[i].name, name))
            return &s->all[i];
    return NULL;
}

long long param_number(const struct param_set *s, const char *name, long long otherwise)
{
    const struct param *p = param_find(s, bytes_text(name));
    return p ? p->number : otherwise;
}

struct bytes param_text(const struct param_set *s, const char *name)
{
    const struct param *p = param_find(s, bytes_text(name));
    return p ? p->text : bytes_of("", 0);
}
