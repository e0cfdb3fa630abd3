#include "server/reference_http.h"

#include "admin/route.h"
#include "base/assert.h"
#include "server/reference_text.h"

/* Not reference_text_add_code(): outside of tables a bar is not escaped. */
static void add_code(struct buf *out, struct bytes text)
{
    buf_printf(out, "`%.*s`", (int)text.n, text.p);
}

/* One step (admin/route.h): its field in the response, and the command. */
static void add_step(struct buf *out, struct bytes step)
{
    const char *equals = memchr(step.p, '=', step.n);
    ASSERT(equals);
    struct bytes name = bytes_of(step.p, (size_t)(equals - step.p));
    struct bytes what = bytes_of(equals + 1, step.n - name.n - 1);
    buf_add_text(out, "* ");
    if (name.n && *name.p != '-' && *name.p != '?') {
        add_code(out, name);
        buf_add_text(out, ": ");
    }
    if (bytes_is(what, "@stored")) {
        buf_add_text(out, "durability: `memory`, `written` or `synced`");
    } else if (what.n && *what.p == '#') {
        buf_add_text(out, "number of ");
        add_code(out, bytes_of(what.p + 1, what.n - 1));
    } else {
        add_code(out, what);
    }
    if (name.n && *name.p == '?')
        buf_printf(out, ", %.*s if there is nothing", (int)name.n - 1, name.p + 1);
    buf_add_char(out, '\n');
}

static void add_steps(struct buf *out, const char *steps)
{
    for (const char *p = steps; *p;) {
        size_t n = strcspn(p, ";");
        add_step(out, bytes_of(p, n));
        p += n;
        p += strspn(p, "; ");
    }
}

static void add_parameters(struct buf *out, const char *params)
{
    buf_add_text(out, "* Parameters:");
    for (const char *p = params; *p;) {
        size_t n = strcspn(p, " ");
        buf_add_text(out, p == params ? " " : ", ");
        add_code(out, bytes_of(p, n));
        p += n + (p[n] == ' ');
    }
    buf_add_char(out, '\n');
}

static void add_route(struct buf *out, const struct route *r)
{
    buf_printf(out, "\n## %s %s\n\n", http_method_name(r->method), r->path);
    reference_text_add_string(out, r->summary);
    buf_printf(out, " Success is %u.", r->status);
    if (r->is_typed)
        buf_add_text(out, " Only available with `console-commands yes`.");
    if (r->looks)
        buf_add_text(out, " Read-only.");
    buf_add_text(out, *r->params || r->steps ? "\n\n" : "\n");
    if (*r->params)
        add_parameters(out, r->params);
    if (r->steps)
        add_steps(out, r->steps);
}

static const char http_text[] =
    "\n`/healthz` and `/readyz` need no login. All other paths need one, by `Authorization: Basic` "
    "or a session token, and are subject to the permissions of its user. Formats, limits and "
    "errors: [the HTTP port](../guides/http.md).\n\nParameters are written as "
    "`name:kind(bounds)=default`, with `!` if required; without a kind they are bytes. GET "
    "requests take them in the query string, all others in a JSON body. Below them: the members of "
    "the response, and the command whose reply each has. In it, `{name}` is a parameter; text in "
    "brackets is omitted if a parameter in it is not given, if `?name` is false, if `!name` is "
    "true, or if `~name` is given.\n";

void reference_http(struct buf *out)
{
    size_t count;
    const struct route *all = route_all(&count);
    reference_text_title(out, "HTTP", "All paths of the HTTP API at `console-port`.");
    buf_add_text(out, http_text);
    for (const struct route *r = all; r < all + count; r++)
        add_route(out, r);
}
