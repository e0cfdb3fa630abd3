/* A path is cut at its slashes before anything is decoded, so a key may hold slashes (%2F) and any
 * other byte. Parts are compared with those of each route; there are few, and a request costs a
 * command anyway.
 *
 * Parameters are decoded into one buffer that is made large enough before: a code is longer than
 * its byte, so pointers into it stay. What the query may hold says the route; what else is in it is
 * refused by name, since a misspelt parameter would be a wrong answer.
 *
 * A step's words are made of its template: each word stands for itself, or is a parameter. */
#include "admin/route.h"

#include "base/num.h"

#include <stdio.h>

#define COUNT_MOST 200
#define MAX_MOST   (64 << 10)

static const struct route routes[] = {
#define R(method, path, query, steps, shape, names, summary)                                       \
    {HTTP_METHOD_##method, path, query, steps, RENDER_##shape, names, summary},
#include "admin/routes.def"
#undef R
};

#define ROUTES (sizeof(routes) / sizeof(*routes))

const struct route *route_all(size_t *count)
{
    *count = ROUTES;
    return routes;
}

/* ---- Paths */

static bool is_parameter(struct bytes part)
{
    return part.n > 2 && *part.p == '{';
}

static bool path_fits(const char *path, const struct bytes *parts, size_t n)
{
    struct bytes own[HTTP_PARTS_MOST];
    if (http_path_parts(bytes_text(path), own) != n)
        return false;
    for (size_t i = 0; i < n; i++)
        if (!is_parameter(own[i]) && !bytes_equal(own[i], parts[i]))
            return false;
    return true;
}

/* The next decoded bytes; false: a % without its digits. */
static bool decode(struct route_asked *a, struct bytes from, bool is_query, struct bytes *to)
{
    size_t n;
    char *at = a->text.p + a->text.n;
    if (!http_decode(from, is_query, at, &n))
        return false;
    a->text.n += n;
    *to = bytes_of(at, n);
    return true;
}

static const char *take_parameter(struct route_asked *a, struct bytes name, struct bytes value)
{
    long long db;
    struct bytes x;
    if (!decode(a, value, false, &x))
        return "a part of the path is not encoded as it should be";
    if (bytes_is(name, "{key}")) {
        a->key = x;
    } else if (bytes_is(name, "{group}")) {
        a->group = x;
    } else if (!num_parse_int(x, &db) || db < 0 || db > INT32_MAX) {
        return "the database is no number";
    } else {
        a->db = (int)db;
    }
    return NULL;
}

/* ---- Queries */

static bool is_word_of(const char *words, struct bytes name)
{
    for (const char *p = words; *p;) {
        size_t n = strcspn(p, " ");
        if (bytes_equal(bytes_of(p, n), name))
            return true;
        p += n + (p[n] == ' ');
    }
    return false;
}

static bool take_number(struct bytes text, long long least, long long most, long long *to)
{
    return num_parse_int(text, to) && *to >= least && *to <= most;
}

static const char *take_query(struct route_asked *a, struct bytes name, struct bytes value)
{
    struct bytes x;
    long long flag;
    if (!is_word_of(a->route->query, name))
        return "there is no such parameter";
    if (bytes_is(name, "after"))
        buf_add_char(&a->text, '('); /* what comes behind it */
    if (!decode(a, value, true, &x))
        return "it is not encoded as it should be";
    if (bytes_is(name, "count")) {
        a->count_text = x;
        return take_number(x, 1, COUNT_MOST, &a->count) ? NULL : "1 to 200";
    }
    if (bytes_is(name, "max"))
        return take_number(x, 0, MAX_MOST, &a->max) ? NULL : "0 to 65536";
    if (bytes_is(name, "newest")) {
        bool good = take_number(x, 0, 1, &flag);
        a->newest = good && flag;
        return good ? NULL : "0 or 1";
    }
    if (bytes_is(name, "after"))
        a->after = bytes_of(x.p - 1, x.n + 1);
    else
        *(bytes_is(name, "from") ? &a->from : &a->to) = x;
    return NULL;
}

/* ---- Both */

static const char *read_parameters(struct route_asked *a, const struct http_request *q,
                                   const struct bytes *parts, size_t n, struct bytes *wrong)
{
    struct bytes own[HTTP_PARTS_MOST], query = q->query, name, value;
    const char *why = NULL;
    http_path_parts(bytes_text(a->route->path), own);
    buf_room(&a->text, q->path.n + 2 * q->query.n + 1); /* and for each after a bracket */
    *wrong = BYTES("path");
    for (size_t i = 0; i < n && !why; i++)
        if (is_parameter(own[i]))
            why = take_parameter(a, own[i], parts[i]);
    while (!why && http_query_next(&query, &name, &value)) {
        *wrong = name;
        why = take_query(a, name, value);
    }
    return why;
}

const struct route *route_find(const struct http_request *q, unsigned *allowed,
                               struct route_asked *asked, unsigned *status, char why[ROUTE_WHY])
{
    struct bytes parts[HTTP_PARTS_MOST], wrong;
    size_t n = http_path_parts(q->path, parts);
    enum http_method method = q->method == HTTP_METHOD_HEAD ? HTTP_METHOD_GET : q->method;
    const struct route *found = NULL;
    *allowed = 0;
    for (size_t i = 0; i < ROUTES && n; i++) {
        if (!path_fits(routes[i].path, parts, n))
            continue;
        *allowed |= 1u << routes[i].method;
        if (routes[i].method == method)
            found = &routes[i];
    }
    if (!found) {
        *status = *allowed ? 405 : 404;
        return NULL;
    }
    *asked =
        (struct route_asked){.route = found, .count = 50, .count_text = BYTES("50"), .max = 4096};
    const char *what = read_parameters(asked, q, parts, n, &wrong);
    if (!what)
        return found;
    *status = 400;
    snprintf(why, ROUTE_WHY, "%.*s: %s", wrong.n < 32 ? (int)wrong.n : 32, wrong.p, what);
    route_asked_free(asked);
    return NULL;
}

void route_asked_free(struct route_asked *asked)
{
    buf_free(&asked->text);
}

/* ---- Steps */

/* XRANGE key from to COUNT n, or backwards; behind `after` when that is given. */
static int range_words(const struct route_asked *a, struct bytes *words)
{
    struct bytes from = a->from.n ? a->from : BYTES("-"), to = a->to.n ? a->to : BYTES("+");
    if (a->after.n)
        *(a->newest ? &to : &from) = a->after;
    words[0] = a->newest ? BYTES("XREVRANGE") : BYTES("XRANGE");
    words[1] = a->key;
    words[2] = a->newest ? to : from;
    words[3] = a->newest ? from : to;
    words[4] = BYTES("COUNT");
    words[5] = a->count_text;
    return 6;
}

static int add_word(const struct route_asked *a, struct bytes word, struct bytes *words, int n)
{
    if (bytes_is(word, "{range}"))
        return n + range_words(a, words + n);
    words[n] = bytes_is(word, "{key}")     ? a->key
               : bytes_is(word, "{group}") ? a->group
               : bytes_is(word, "{count}") ? a->count_text
                                           : word;
    return n + 1;
}

bool route_step(const struct route_asked *asked, unsigned n, struct bytes *name,
                struct bytes words[ROUTE_WORDS], int *count)
{
    const char *p = asked->route->steps;
    for (; n && p; n--) {
        p = strchr(p, '|');
        p = p ? p + 1 : NULL;
    }
    if (!p)
        return false;
    size_t length = strcspn(p, "="), end = strcspn(p, "|");
    *name = bytes_of(p, length);
    *count = 0;
    for (size_t i = length + 1; i < end;) {
        size_t word = strcspn(p + i, " |");
        *count = add_word(asked, bytes_of(p + i, word), words, *count);
        i += word + 1;
    }
    return true;
}
