/* A request, from its head on:
 *
 *   judge_head()      The guard, and whom the token names. What is refused here is not read on.
 *   exchange_step()   Each call does one thing: health; finding the route, and what is asked of it;
 *                     finding out who asks, which may wait (admin/identity); a step of the route
 *                     (admin/perform), or of its program (programs.def).
 *   ANSWERED          The answer is in `out`. When it relies on what is not yet on the disk, the
 *                     exchange is WAITING before that.
 *
 * What can fail becomes an answer with a code and a text (admin/tell). Whatever the request was,
 * forget() makes the exchange ready for the next one: nothing but the client is carried from one to
 * the other, and of that each command sets user and database. */
#include "admin/exchange.h"

#include "admin/assets.h"
#include "admin/copy.h"
#include "admin/definitions.h"
#include "admin/flow.h"
#include "admin/health.h"
#include "admin/identity.h"
#include "admin/letters.h"
#include "admin/listing.h"
#include "admin/look.h"
#include "admin/member.h"
#include "admin/pending.h"
#include "admin/perform.h"
#include "admin/produce.h"
#include "admin/scrape.h"
#include "admin/search.h"
#include "admin/session.h"
#include "admin/tail.h"
#include "admin/tell.h"

#include <stdio.h>

#define ANONYMOUS_BODY                                                                             \
    4096 /* of somebody who has not logged in; the longest is that of a login                      \
          */

static void (*const programs[])(struct exchange *x) = {
    perform_step,
#define PROGRAM(name, function) function,
#include "admin/programs.def"
#undef PROGRAM
};

void exchange_begin(struct exchange *x, struct exchange_all *all, const struct guard_peer *peer)
{
    x->all = all;
    x->peer = *peer;
    x->caller.engine = all->engine;
    exchange_state_enter(x, EXCHANGE_IDLE);
}

static void forget(struct exchange *x)
{
    if (x->drop_work)
        x->drop_work(x->work);
    x->drop_work = NULL;
    x->work = NULL;
    identity_end_attempt(x);
    http_reset(&x->request);
    route_asked_free(&x->asked);
    buf_free(&x->body);
    buf_free(&x->command);
    if (x->user)
        str_unref(x->user);
    x->user = NULL;
    x->by_token = false;
    x->caller.point = (struct gate_point){0};
    x->step = 0;
    x->tag[0] = 0;
    memset(&x->flow, 0, sizeof(x->flow));
}

void exchange_end(struct exchange *x)
{
    forget(x);
    caller_end(&x->caller);
    chain_free(&x->out);
}

/* ---- Health */

static bool is_health(const struct http_request *q)
{
    return bytes_equal(q->path, BYTES("/healthz")) || bytes_equal(q->path, BYTES("/readyz"));
}

static void answer_health(struct exchange *x)
{
    const struct http_request *q = &x->request;
    struct buf body = {0};
    unsigned status = 200;
    if (q->method != HTTP_METHOD_GET && q->method != HTTP_METHOD_HEAD) {
        tell_method(x, 1u << HTTP_METHOD_GET);
        return;
    }
    if (bytes_equal(q->path, BYTES("/healthz")))
        buf_add_text(&body, "ok\n");
    else
        status = health_ready(x->all->engine, x->all->loading_percent, q->query, &body);
    tell(x, (struct respond){.status = status, .type = TELL_PLAIN, .body = buf_bytes(&body)});
    buf_free(&body);
}

/* A file of the console, which is there for everybody, also while data is loaded. */
static void answer_file(struct exchange *x, const struct asset *a)
{
    struct respond r;
    if (x->request.method != HTTP_METHOD_GET && x->request.method != HTTP_METHOD_HEAD) {
        tell_method(x, 1u << HTTP_METHOD_GET);
        return;
    }
    assets_answer(a, &x->request, &r);
    tell(x, r);
}

/* ---- Requests */

/* What console-mode leaves, before anybody looks at routes or rights. Sessions are no data. */
static bool mode_allows(const struct exchange *x)
{
    const struct http_request *q = &x->request;
    switch ((enum exchange_mode)x->all->engine->settings->console_mode) {
    case EXCHANGE_FULL:
        return true;
    case EXCHANGE_READ_ONLY:
        return q->method == HTTP_METHOD_GET || q->method == HTTP_METHOD_HEAD ||
               bytes_equal(q->path, BYTES("/api/v1/session")) ||
               bytes_equal(q->path, BYTES("/api/v1/session/confirm"));
    default:
        return scrape_is_asked(q);
    }
}

/* Behind the head: whether the rest is wanted. */
static void judge_head(struct exchange *x)
{
    const struct http_request *q = &x->request;
    const struct engine *e = x->all->engine;
    if (is_health(q)) {
        if (q->body_n)
            tell_refusal(x, 400, "ERR", "Health takes no body.");
        return;
    }
    struct guard_verdict v = guard_judge(e->settings, &x->peer, q, &x->from);
    const struct asset *file = assets_find(q->path);
    if (q->method == HTTP_METHOD_OPTIONS) /* which would ask what another site may do */
        tell_method(x, (1u << HTTP_METHOD_OPTIONS) - 1);
    else if (v.status && !scrape_is_open(x))
        tell_refusal(x, v.status, v.code, v.text);
    else if (file && e->settings->console_mode != EXCHANGE_OFF)
        answer_file(x, file);
    else if (!identity_take_token(x))
        tell_later(x, 429, "RATE", "Too many requests.");
    else if (!mode_allows(x))
        tell_refusal(x, 403, "MODE",
                     e->settings->console_mode == EXCHANGE_OFF
                         ? "console-mode is off: there is nothing but health and metrics."
                         : "console-mode is read-only: nothing is changed here.");
    else if (!x->user && q->body_n > ANONYMOUS_BODY)
        tell_refusal(x, 413, "ERR", "Without a login a body has at most 4096 bytes.");
}

void exchange_take(struct exchange *x, struct bytes *in)
{
    while (x->phase < EXCHANGE_WORKING && in->n) {
        if (x->phase == EXCHANGE_IDLE)
            exchange_state_enter(x, EXCHANGE_HEAD);
        enum http_step step = http_take(&x->request, in);
        if (step == HTTP_STEP_HEAD) {
            exchange_state_enter(x, EXCHANGE_BODY);
            judge_head(x);
            if (x->phase == EXCHANGE_BODY && x->request.body_n == 0)
                step = http_take(&x->request, in);
        }
        if (step == HTTP_STEP_WHOLE && x->phase == EXCHANGE_BODY)
            exchange_state_enter(x, EXCHANGE_WORKING);
        else if (step == HTTP_STEP_BAD)
            tell_refusal(x, x->request.status, "ERR", x->request.why);
    }
}

/* While data is loaded: how far that is. */
static void answer_progress(struct exchange *x)
{
    struct json_write w = json_write_begin(&x->body, 64);
    json_write_object(&w);
    json_write_name(&w, BYTES("loading"));
    json_write_int(&w, x->all->loading_percent);
    json_write_object_end(&w);
    tell(x, (struct respond){.status = 200, .type = TELL_JSON, .body = buf_bytes(&x->body)});
}

/* Whose commands are answered beside a script that takes long: of others it is not even asked who
 * asks. */
static bool answers_beside_a_script(const struct http_request *q)
{
    return bytes_equal(q->path, BYTES("/api/v1/overview")) ||
           bytes_equal(q->path, BYTES("/api/v1/alarms")) ||
           bytes_equal(q->path, BYTES("/api/v1/health"));
}

/* False: answered already. */
static bool find_route(struct exchange *x)
{
    unsigned allowed, status = 0;
    char why[PARAM_WHY] = "No such path.";
    const struct engine *e = x->all->engine;
    const struct route *route = route_find(&x->request, &allowed, &x->asked, &status, why);
    if (!route && status == 405) {
        tell_method(x, allowed);
        return false;
    }
    if (!route || (route->is_typed && !e->settings->console_commands)) {
        if (route) {
            status = 404;
            snprintf(why, sizeof(why), "console-commands is no.");
        }
        tell_refusal(x, status, status == 404 ? "NOTFOUND" : "ERR", why);
        return false;
    }
    if (scrape_is_asked(&x->request)) /* which reads no data */
        return true;
    if ((e->slow_path & ENGINE_LOADING) && bytes_equal(x->request.path, BYTES("/api/v1/overview")))
        answer_progress(x);
    else if (e->slow_path & ENGINE_LOADING)
        tell_later(x, 503, "LOADING", "The server is loading its data.");
    else if ((e->slow_path & ENGINE_BUSY) && !answers_beside_a_script(&x->request))
        tell_later(x, 503, "BUSY", err_text(e->busy_function ? ERR_BUSY_FUNCTION : ERR_BUSY).p);
    else
        return true;
    return false;
}

/* The next step of an answer that is being sent. */
static bool may_go_on(struct exchange *x)
{
    if (x->flow.ends || identity_goes_on(x))
        return flow_may_step(x);
    flow_break(x, "NOAUTH", BYTES("The session has expired."));
    return false;
}

void exchange_step(struct exchange *x)
{
    if (is_health(&x->request)) {
        answer_health(x);
        return;
    }
    if (!x->asked.route && !find_route(x))
        return;
    if (x->phase == EXCHANGE_STREAMING && !may_go_on(x))
        return;
    if (scrape_needs_no_login(x) || identity_is_clear(x))
        programs[x->asked.route->program](x);
}

bool exchange_is_due(struct exchange *x)
{
    if (x->phase == EXCHANGE_STREAMING)
        return flow_is_due(x);
    bool waits_to_be_judged = x->attempt.begun && !x->attempt.judged;
    if (!waits_to_be_judged && caller_was_killed(&x->caller)) {
        /* What it would be told may not become true. */
        x->closes = true;
        exchange_state_enter(x, EXCHANGE_ANSWERED);
        return true;
    }
    if (waits_to_be_judged ? x->all->engine->steady_ms < x->attempt.until_ms
                           : caller_is_held(&x->caller))
        return false;
    exchange_state_enter(x, EXCHANGE_WORKING);
    if (!waits_to_be_judged)
        perform_complete(x);
    return true;
}

bool exchange_may_leave(struct exchange *x)
{
    if (caller_is_held_late(&x->caller))
        return false;
    x->caller.point = (struct gate_point){0}; /* what a tail sends later does not depend on this */
    return true;
}

bool exchange_is_lost(const struct exchange *x)
{
    return caller_was_killed(&x->caller);
}

void exchange_sent(struct exchange *x)
{
    ASSERT(x->phase == EXCHANGE_ANSWERED);
    forget(x);
    exchange_state_enter(x, EXCHANGE_IDLE);
}

void exchange_too_late(struct exchange *x)
{
    if (x->phase == EXCHANGE_IDLE)
        x->closes = true;
    else
        tell_refusal(x, 408, "ERR", "Timeout while reading the request.");
}
