/* A path is cut at its slashes before anything is decoded, so a key may hold slashes (%2F) and any
 * other byte. Parts are compared with those of each route; there are few, and a request costs a
 * command anyway. Where two routes fit, the one that comes first in routes.def is meant.
 *
 * A GET says by its query what it wants, every other method by its body, and each refuses what its
 * route does not declare (admin/param). */
#include "admin/route.h"

#include "base/mem.h"

#include <stdio.h>

#define MAX_DEFAULT   4096
#define COUNT_DEFAULT 50

static const struct route routes[] = {
#define ROUTE(method, path, params, steps, program, looks, typed, shape, names, status, summary)   \
    {HTTP_METHOD_##method, path,  params, steps,  ROUTE_##program, looks, typed,                   \
     RENDER_##shape,       names, status, summary},
#define R(method, path, params, steps, shape, names, status, summary)                              \
    ROUTE(method, path, params, steps, COMMANDS, false, false, shape, names, status, summary)
#define C(method, path, params, steps, shape, names, status, summary)                              \
    ROUTE(method, path, params, steps, COMMANDS, false, true, shape, names, status, summary)
#define L(method, path, params, steps, shape, names, status, summary)                              \
    ROUTE(method, path, params, steps, COMMANDS, true, false, shape, names, status, summary)
#define P(method, path, params, program, status, summary)                                          \
    ROUTE(method, path, params, NULL, program, false, false, VALUE, NULL, status, summary)
#include "admin/routes.def"
#undef ROUTE
#undef R
#undef C
#undef L
#undef P
};

#define ROUTES (sizeof(routes) / sizeof(*routes))

const struct route *route_all(size_t *count)
{
    *count = ROUTES;
    return routes;
}

static bool is_parameter(struct bytes part)
{
    return part.n > 2 && *part.p == '{';
}

struct split {
    size_t n;
    struct bytes parts[HTTP_PARTS_MOST];
};

/* The parts of each route's path, split once. */
static const struct split *all_split(void)
{
    static struct split all[ROUTES];
    if (!all[0].n)
        for (size_t i = 0; i < ROUTES; i++)
            all[i].n = http_path_parts(bytes_text(routes[i].path), all[i].parts);
    return all;
}

/* From the end, since all begin alike. */
static bool path_fits(const struct split *own, const struct bytes *parts, size_t n)
{
    if (own->n != n)
        return false;
    for (size_t i = n; i-- > 0;)
        if (!is_parameter(own->parts[i]) && !bytes_equal(own->parts[i], parts[i]))
            return false;
    return true;
}

static bool read_path(struct route_asked *a, const struct bytes *parts, size_t n, char *why)
{
    const struct bytes *own = all_split()[a->route - routes].parts;
    for (size_t i = 0; i < n; i++)
        if (is_parameter(own[i]) &&
            !param_take_path(&a->params, bytes_of(own[i].p + 1, own[i].n - 2), parts[i], why))
            return false;
    return true;
}

/* A GET has no body, and nothing else has a query. */
static bool read_rest(struct route_asked *a, const struct http_request *q, char *why)
{
    struct bytes query = q->query, name, value;
    bool gets = a->route->method == HTTP_METHOD_GET;
    if (gets && q->body_n) {
        snprintf(why, PARAM_WHY, "This path accepts no request body.");
        return false;
    }
    while (http_query_next(&query, &name, &value)) {
        if (!gets) {
            snprintf(why, PARAM_WHY,
                     "This path accepts no query string: parameters are in the body.");
            return false;
        }
        if (!param_take_query(&a->params, name, value, why))
            return false;
    }
    return param_take_body(&a->params, buf_bytes(&q->body), why) && param_is_whole(&a->params, why);
}

static bool read_all(struct route_asked *a, const struct http_request *q, const struct bytes *parts,
                     size_t n, char *why)
{
    param_begin(&a->params, a->route->params, q->path.n + q->query.n);
    if (!read_path(a, parts, n, why) || !read_rest(a, q, why))
        return false;
    a->db = param_number(&a->params, "db", 0);
    a->count = param_number(&a->params, "count", COUNT_DEFAULT);
    a->max = (size_t)param_number(&a->params, "max", MAX_DEFAULT);
    return true;
}

const struct route *route_find(const struct http_request *q, unsigned *allowed,
                               struct route_asked *asked, unsigned *status, char why[PARAM_WHY])
{
    struct bytes parts[HTTP_PARTS_MOST];
    size_t n = http_path_parts(q->path, parts);
    enum http_method method = q->method == HTTP_METHOD_HEAD ? HTTP_METHOD_GET : q->method;
    const struct split *split = all_split();
    const struct route *found = NULL;
    *allowed = 0;
    for (size_t i = 0; i < ROUTES && n; i++) {
        if (!path_fits(&split[i], parts, n))
            continue;
        *allowed |= 1u << routes[i].method;
        if (routes[i].method == method && !found)
            found = &routes[i];
    }
    if (!found) {
        *status = *allowed ? 405 : 404;
        return NULL;
    }
    *asked = (struct route_asked){.route = found};
    if (read_all(asked, q, parts, n, why))
        return found;
    *status = 400;
    route_asked_free(asked);
    return NULL;
}

void route_asked_free(struct route_asked *asked)
{
    param_free(&asked->params);
    asked->route = NULL;
}

enum route_step route_step(const struct route_asked *asked, unsigned n, struct bytes *name,
                           struct template_words *words, size_t *number)
{
    const char *p = asked->route->steps;
    for (; n && p; n--) {
        p = strchr(p, ';');
        p = p ? p + 1 + strspn(p + 1, " ") : NULL;
    }
    if (!p)
        return ROUTE_STEP_NONE;
    size_t length = strcspn(p, "="), end = strcspn(p, ";");
    *name = bytes_of(p, length);
    struct bytes form = bytes_of(p + length + 1, end - length - 1);
    if (*form.p == '#') {
        const struct param *counted = param_find(&asked->params, bytes_of(form.p + 1, form.n - 1));
        *number = !counted ? 0 : counted->kind == PARAM_PAIRS ? counted->n / 2 : counted->n;
        return ROUTE_STEP_NUMBER;
    }
    template_fill(words, form, &asked->params);
    return *form.p == '@' ? ROUTE_STEP_TOLD : ROUTE_STEP_COMMAND;
}
