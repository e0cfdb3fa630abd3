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
        buf_add_text(out, "how safe it is: `memory`, `written` or `synced`");
    } else if (what.n && *what.p == '#') {
        buf_add_text(out, "how many there were of ");
        add_code(out, bytes_of(what.p + 1, what.n - 1));
    } else {
        add_code(out, what);
    }
    if (name.n && *name.p == '?')
        buf_printf(out, ", %.*s when there was nothing", (int)name.n - 1, name.p + 1);
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
        buf_add_text(out, " There only with `console-commands yes`.");
    if (r->looks)
        buf_add_text(out, " It changes nothing.");
    buf_add_text(out, *r->params || r->steps ? "\n\n" : "\n");
    if (*r->params)
        add_parameters(out, r->params);
    if (r->steps)
        add_steps(out, r->steps);
}

static const char http_text[] =
    "\n`/healthz` and `/readyz` answer without a login. All else wants one, by `Authorization: "
    "Basic` or the token of a session, and is what this user may do. Forms, limits and errors: "
    "[the HTTP port](../guides/http.md).\n\nParameters are told as `name:kind(bounds)=default`, "
    "`!` when they have to be there; without a kind they are bytes. GET has them in the query, all "
    "else in a JSON body. Below them: what the answer "
    "has, and the command that it is the reply of. In it `{name}` is a parameter; what stands in "
    "brackets is left out when a parameter in it is not given, and when `?name` is not true, "
    "`!name` is, or `~name` was given.\n";

void reference_http(struct buf *out)
{
    size_t count;
    const struct route *all = route_all(&count);
    reference_text_title(out, "HTTP", "For who asks the console's port by a script: every path.");
    buf_add_text(out, http_text);
    for (const struct route *r = all; r < all + count; r++)
        add_route(out, r);
}
