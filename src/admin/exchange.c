/* A request, from its head on:
 *
 *   judge_head()      The guard, and whom the token names. What is refused here is not read on.
 *   exchange_step()   Each call does one thing: health; finding the route; taking the password of a
 *                     login or of Basic, which waits as long as failures before it say
 *                     (admin/login); a step of the route, which is one command.
 *   complete()        The answer, unless it relies on what is not yet on the disk: then WAITING.
 *
 * What can fail becomes an answer with a code and a text: an error of a command by the table below.
 * Whatever the request was, forget() makes the exchange ready for the next one: nothing but the
 * client is carried from one to the other, and of that each command sets user and database. */
#include "admin/exchange.h"

#include "acl/users.h"
#include "admin/assets.h"
#include "admin/health.h"
#include "admin/respond.h"
#include "base/base64.h"
#include "base/json_read.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/words.h"
#include "engine/rights.h"

#include <stdio.h>

#define ANONYMOUS_BODY                                                                             \
    4096 /* of somebody who has not logged in; the longest is that of a login                      \
          */
#define ANSWER_MOST (1 << 20)
#define NAME_SHOWN  64 /* bytes of a user's name in the log */

static const char json[] = "application/json", text[] = "text/plain; charset=utf-8";

static void enter(struct exchange *x, enum exchange_phase phase)
{
    x->phase = phase;
    x->since_ms = x->all->engine->steady_ms;
}

void exchange_begin(struct exchange *x, struct exchange_all *all, const struct guard_peer *peer)
{
    x->all = all;
    x->peer = *peer;
    x->caller.engine = all->engine;
    enter(x, EXCHANGE_IDLE);
}

/* An attempt that is under way ends, judged or not. */
static void end_attempt(struct exchange *x)
{
    if (x->attempt.begun)
        login_attempted(x->all->logins, x->from.address);
    buf_free(&x->attempt.user);
    if (x->attempt.password.p)
        explicit_bzero(x->attempt.password.p, x->attempt.password.cap);
    buf_free(&x->attempt.password);
    memset(&x->attempt, 0, sizeof(x->attempt));
}

static void forget(struct exchange *x)
{
    end_attempt(x);
    http_reset(&x->request);
    route_asked_free(&x->asked);
    buf_free(&x->body);
    if (x->user)
        str_unref(x->user);
    x->asked.route = NULL;
    x->user = NULL;
    x->by_token = false;
    x->step = 0;
}

void exchange_end(struct exchange *x)
{
    forget(x);
    caller_end(&x->caller);
    chain_free(&x->out);
}

/* ---- Answers */

static void answer(struct exchange *x, struct respond r)
{
    const struct http_request *q = &x->request;
    /* What is left of a body that was not read would be taken for the next request. */
    bool unread = q->state == HTTP_REFUSED || q->body.n < q->body_n || q->state == HTTP_IN_HEAD;
    x->closes = x->closes || unread || !q->keeps_connection;
    r.closes = x->closes;
    r.omits_body = q->method == HTTP_METHOD_HEAD;
    r.is_tls = x->peer.is_tls;
    r.at_s = x->all->engine->now_ms / 1000;
    respond(&x->out, &r);
    enter(x, EXCHANGE_ANSWERED);
}

static void answer_error(struct exchange *x, struct respond r, const char *code, struct bytes why)
{
    struct buf body = {0};
    respond_error_body(&body, code, why);
    r.type = json;
    r.body = buf_bytes(&body);
    answer(x, r);
    buf_free(&body);
}

static void refuse(struct exchange *x, unsigned status, const char *code, const char *why)
{
    answer_error(x, (struct respond){.status = status}, code, bytes_text(why));
}

static void refuse_for_now(struct exchange *x, unsigned status, const char *code, const char *why)
{
    answer_error(x, (struct respond){.status = status, .retry_after_s = 1}, code, bytes_text(why));
}

static void refuse_method(struct exchange *x, unsigned allowed)
{
    struct buf list = {0};
    if (allowed & 1u << HTTP_METHOD_GET)
        allowed |= 1u << HTTP_METHOD_HEAD;
    for (unsigned m = 0; m < HTTP_METHODS; m++)
        if (allowed >> m & 1)
            buf_printf(&list, "%s%s", list.n ? ", " : "", http_method_name((enum http_method)m));
    buf_add_char(&list, 0);
    answer_error(x, (struct respond){.status = 405, .allow = list.p}, "ERR",
                 BYTES("There is no such method here."));
    buf_free(&list);
}

/* The error of a command: its first word decides. */
static void answer_command_error(struct exchange *x, struct bytes error)
{
    static const struct {
        const char *code;
        unsigned status;
    } table[] = {{"NOGROUP", 404}, {"NOPERM", 403},     {"WRONGTYPE", 409},  {"BUSYGROUP", 409},
                 {"BUSYKEY", 409}, {"EXECABORT", 409},  {"LOADING", 503},    {"BUSY", 503},
                 {"MISCONF", 503}, {"READONLY", 503},   {"MASTERDOWN", 503}, {"NOREPLICAS", 503},
                 {"OOM", 507},     {"STREAMFULL", 507}, {"NOAUTH", 401}};
    char code[24];
    const char *blank = error.n ? memchr(error.p, ' ', error.n) : NULL;
    size_t n = blank ? (size_t)(blank - error.p) : error.n;
    snprintf(code, sizeof(code), "%.*s", (int)(n < sizeof(code) ? n : sizeof(code) - 1), error.p);
    struct respond r = {.status = 400};
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
        if (strcmp(table[i].code, code) == 0)
            r.status = table[i].status;
    if (bytes_equal(error, err_text(ERR_NO_KEY)))
        r.status = 404;
    r.retry_after_s = r.status == 503;
    answer_error(x, r, code, error);
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
        refuse_method(x, 1u << HTTP_METHOD_GET);
        return;
    }
    if (bytes_equal(q->path, BYTES("/healthz")))
        buf_add_text(&body, "ok\n");
    else
        status = health_ready(x->all->engine, x->all->loading_percent, q->query, &body);
    answer(x, (struct respond){.status = status, .type = text, .body = buf_bytes(&body)});
    buf_free(&body);
}

/* A file of the console, which is there for everybody, also while data is loaded. */
static void answer_file(struct exchange *x, const struct asset *a)
{
    struct respond r;
    if (x->request.method != HTTP_METHOD_GET && x->request.method != HTTP_METHOD_HEAD) {
        refuse_method(x, 1u << HTTP_METHOD_GET);
        return;
    }
    assets_answer(a, &x->request, &r);
    answer(x, r);
}

/* ---- Who asks */

/* What follows the scheme in Authorization; n 0: it is another one, or none. */
static struct bytes credentials(const struct exchange *x, const char *scheme)
{
    const struct bytes *a = http_header(&x->request, "authorization", NULL);
    size_t n = strlen(scheme);
    if (!a || a->n <= n || !bytes_is(bytes_of(a->p, n), scheme) || a->p[n] != ' ')
        return bytes_of("", 0);
    return bytes_of(a->p + n + 1, a->n - n - 1);
}

static struct login *find_login(const struct exchange *x)
{
    const struct engine *e = x->all->engine;
    struct bytes token = credentials(x, "Bearer");
    return token.n != LOGIN_TOKEN ? NULL
                                  : login_find(x->all->logins, token, e->steady_ms,
                                               e->settings->console_session_timeout * 1000);
}

/* The user as it is now; NULL: gone, off, or not the one who logged in. */
static struct user *user_of(const struct exchange *x)
{
    struct user *u = x->user ? users_find(x->all->engine->users, str_bytes(x->user)) : NULL;
    return u && u->on ? u : NULL;
}

/* Who has a session is known from its token. False: it has asked too much. */
static bool take_token(struct exchange *x)
{
    const struct engine *e = x->all->engine;
    struct login *l = find_login(x);
    if (!l)
        return guard_rates_take(x->all->rates, bytes_text(x->from.address), e->steady_ms);
    struct user *u = users_find(e->users, str_bytes(l->user));
    if (!u || !login_fits(l, u) || caller_was_killed(&x->caller)) {
        login_close(x->all->logins, l);
        return true;
    }
    x->user = str_ref(l->user);
    x->by_token = true;
    return guard_bucket_take(&l->bucket, GUARD_SESSION, e->steady_ms);
}

static void log_login(const struct exchange *x, const char *what, struct bytes user)
{
    struct buf name = {0};
    words_quote(&name, bytes_of(user.p, user.n < NAME_SHOWN ? user.n : NAME_SHOWN));
    log_line(LOG_NOTICE, "Console: %s, user %.*s, from %s", what, (int)name.n, name.p,
             x->from.address);
    buf_free(&name);
}

/* attempt.user and attempt.password are there. */
static void begin_attempt(struct exchange *x)
{
    int64_t now = x->all->engine->steady_ms;
    int64_t wait = login_attempt(x->all->logins, x->from.address, buf_bytes(&x->attempt.user), now);
    if (wait < 0) {
        refuse_for_now(x, 429, "RATE", "Too many logins from this address are under way.");
        return;
    }
    x->attempt.begun = true;
    x->attempt.until_ms = now + wait;
    if (wait)
        enter(x, EXCHANGE_WAITING);
}

/* The password is looked at, as AUTH does it. */
static bool judge_attempt(struct exchange *x)
{
    const struct engine *e = x->all->engine;
    struct bytes name = buf_bytes(&x->attempt.user);
    struct user *u = users_find(e->users, name);
    struct client *c = caller_client(&x->caller, x->from.address);
    x->attempt.judged = true;
    if (u && u->no_password && !x->from.is_here && e->settings->protected_mode) {
        refuse(x, 403, "DENIED", "A user without password logs in from this machine only.");
        return false;
    }
    if (c && rights_authenticate(c, BYTES("http"), name, buf_bytes(&x->attempt.password))) {
        login_succeeded(x->all->logins, x->from.address, name);
        x->user = str_ref(c->user->name);
        return true;
    }
    caller_end(&x->caller);
    login_failed(x->all->logins, x->from.address, name, e->steady_ms);
    log_login(x, "failed login", name);
    refuse(x, 401, "WRONGPASS", "Wrong name or password, or the user is off.");
    return false;
}

/* "name:password" in Base64. */
static bool take_basic(struct exchange *x, struct bytes basic)
{
    size_t n;
    char *plain = mem_alloc(basic.n + 1);
    const char *colon = NULL;
    if (base64_parse(plain, basic, &n) && (colon = memchr(plain, ':', n))) {
        buf_add(&x->attempt.user, bytes_of(plain, (size_t)(colon - plain)));
        buf_add(&x->attempt.password, bytes_of(colon + 1, n - (size_t)(colon + 1 - plain)));
    }
    explicit_bzero(plain, basic.n);
    mem_free(plain);
    if (!colon)
        refuse(x, 400, "ERR", "Authorization: Basic holds no name and password.");
    return colon != NULL;
}

/* ---- /session */

static void answer_session(struct exchange *x, const struct login *l, const char *token)
{
    const struct engine *e = x->all->engine;
    int64_t left = l->opened_ms + LOGIN_AGE_MS - e->steady_ms;
    int64_t idle = e->settings->console_session_timeout * 1000;
    struct json_write w = json_write_begin(&x->body, ANSWER_MOST);
    json_write_object(&w);
    if (token) {
        json_write_name(&w, BYTES("token"));
        json_write_bytes(&w, bytes_of(token, LOGIN_TOKEN));
    }
    json_write_name(&w, BYTES("user"));
    json_write_bytes(&w, str_bytes(l->user));
    json_write_name(&w, BYTES("expiresMs"));
    json_write_int(&w, e->now_ms + (left < idle ? left : idle));
    json_write_name(&w, BYTES("version"));
    json_write_text(&w, x->all->version);
    json_write_object_end(&w);
    answer(x, (struct respond){
                  .status = token ? 201 : 200, .type = json, .body = buf_bytes(&x->body)});
    explicit_bzero(x->body.p, x->body.n);
}

/* {"user": ..., "password": ...}; both may be left out: the default user without password. */
static bool read_login(struct exchange *x)
{
    struct json_read r;
    const char *why = NULL;
    bool good = json_read(&r, buf_bytes(&x->request.body));
    if (!good)
        why = r.why;
    else if (r.values->kind != JSON_READ_OBJECT)
        why = "an object is expected";
    buf_add_text(&x->attempt.user, "default");
    for (const struct json_read_value *v = why ? NULL : json_read_first(r.values); v && !why;
         v = json_read_next(&r, r.values, v)) {
        struct buf *to = bytes_equal(v->name, BYTES("user"))       ? &x->attempt.user
                         : bytes_equal(v->name, BYTES("password")) ? &x->attempt.password
                                                                   : NULL;
        if (!to || v->kind != JSON_READ_STRING)
            why = "user and password, which are strings, are all there may be";
        else
            to->n = 0, buf_add(to, v->text);
    }
    if (why)
        refuse(x, 400, "ERR", why);
    if (r.strings)
        explicit_bzero(r.strings, x->request.body.n);
    json_read_free(&r);
    return !why;
}

static void step_session(struct exchange *x)
{
    struct login *l;
    char token[LOGIN_TOKEN];
    switch (x->request.method) {
    case HTTP_METHOD_POST:
        l = login_open(x->all->logins, user_of(x), x->all->engine->steady_ms, token);
        log_login(x, "login", str_bytes(l->user));
        answer_session(x, l, token);
        explicit_bzero(token, sizeof(token));
        break;
    case HTTP_METHOD_DELETE:
        if ((l = find_login(x))) {
            log_login(x, "logout", str_bytes(l->user));
            login_close(x->all->logins, l);
        }
        caller_end(&x->caller);
        answer(x, (struct respond){.status = 204});
        break;
    default:
        if ((l = find_login(x)))
            answer_session(x, l, NULL);
        else
            refuse(x, 401, "NOAUTH", "There is no session.");
    }
}

/* ---- Commands */

static void complete(struct exchange *x)
{
    if (caller_is_held(&x->caller)) {
        enter(x, EXCHANGE_WAITING);
        return;
    }
    if (!json_write_is_whole(&x->json))
        refuse(x, 507, "TOOLARGE", "The answer is longer than 1 MiB.");
    else
        answer(x, (struct respond){.status = 200, .type = json, .body = buf_bytes(&x->body)});
}

static void write_after(struct exchange *x, const struct render *r)
{
    bool more = r->full || r->rows >= (unsigned)x->asked.count;
    json_write_name(&x->json, BYTES("after"));
    if (more && r->rows)
        json_write_text(&x->json, r->last);
    else
        json_write_null(&x->json);
}

static void answer_result(struct exchange *x, enum caller_result result, const struct render *r)
{
    if (result == CALLER_GONE) {
        struct login *l = find_login(x);
        if (l)
            login_close(x->all->logins, l);
        x->closes = true;
        refuse(x, 401, "NOAUTH", "The session was ended.");
    } else if (result == CALLER_PAUSED) {
        refuse_for_now(x, 503, "PAUSED", "Requests are held: CLIENT PAUSE, or a fail-over.");
    } else if (result == CALLER_NO_DB) {
        answer_command_error(x, err_text(ERR_DB_INDEX));
    } else {
        answer_command_error(x, buf_bytes(&r->error));
    }
}

/* One command of the route; behind the last one the answer. */
static void step_route(struct exchange *x)
{
    struct bytes name, words[ROUTE_WORDS];
    const struct route *route = x->asked.route;
    struct user *u = user_of(x);
    int n;
    if (!u) {
        refuse(x, 401, "NOAUTH", "The user is gone.");
        return;
    }
    if (x->step == 0) {
        x->body.n = 0;
        x->json = json_write_begin(&x->body, ANSWER_MOST);
        json_write_object(&x->json);
    }
    if (!route_step(&x->asked, x->step++, &name, words, &n)) {
        json_write_object_end(&x->json);
        complete(x);
        return;
    }
    json_write_name(&x->json, name);
    struct render r = {
        .w = &x->json, .shape = route->shape, .names = route->names, .max = (size_t)x->asked.max};
    enum caller_result result =
        caller_run(&x->caller, x->from.address, u, x->asked.db, words, n, &r);
    if (result != CALLER_DONE || r.error.n)
        answer_result(x, result, &r);
    else if (route->shape == RENDER_ENTRIES)
        write_after(x, &r);
    render_end(&r);
}

/* ---- Requests */

/* Behind the head: whether the rest is wanted. */
static void judge_head(struct exchange *x)
{
    const struct http_request *q = &x->request;
    const struct engine *e = x->all->engine;
    if (is_health(q)) {
        if (q->body_n)
            refuse(x, 400, "ERR", "Health takes no body.");
        return;
    }
    struct guard_verdict v = guard_judge(e->settings, &x->peer, q, &x->from);
    if (q->method == HTTP_METHOD_OPTIONS) /* which would ask what another site may do */
        refuse_method(x, (1u << HTTP_METHOD_OPTIONS) - 1);
    else if (v.status)
        refuse(x, v.status, v.code, v.text);
    else if (assets_find(q->path))
        answer_file(x, assets_find(q->path));
    else if (!take_token(x))
        refuse_for_now(x, 429, "RATE", "Too many requests.");
    else if (!x->user && q->body_n > ANONYMOUS_BODY)
        refuse(x, 413, "ERR", "Without a login a body has at most 4096 bytes.");
}

void exchange_take(struct exchange *x, struct bytes *in)
{
    while (x->phase < EXCHANGE_WORKING && in->n) {
        if (x->phase == EXCHANGE_IDLE)
            enter(x, EXCHANGE_HEAD);
        enum http_step step = http_take(&x->request, in);
        if (step == HTTP_STEP_HEAD) {
            enter(x, EXCHANGE_BODY);
            judge_head(x);
            if (x->phase == EXCHANGE_BODY && x->request.body_n == 0)
                step = http_take(&x->request, in);
        }
        if (step == HTTP_STEP_WHOLE && x->phase == EXCHANGE_BODY)
            enter(x, EXCHANGE_WORKING);
        else if (step == HTTP_STEP_BAD)
            refuse(x, x->request.status, "ERR", x->request.why);
    }
}

/* False: answered already. */
static bool find_route(struct exchange *x)
{
    unsigned allowed, status = 0;
    char why[ROUTE_WHY] = "There is nothing here.";
    const struct engine *e = x->all->engine;
    if (route_find(&x->request, &allowed, &x->asked, &status, why)) {
        if (x->asked.route->steps && x->request.body_n) {
            refuse(x, 400, "ERR", "This takes no body.");
            return false;
        }
    } else {
        if (status == 405)
            refuse_method(x, allowed);
        else
            refuse(x, status, status == 404 ? "NOTFOUND" : "ERR", why);
        return false;
    }
    if (e->slow_path & ENGINE_LOADING)
        refuse_for_now(x, 503, "LOADING", "The data are being loaded.");
    else if (e->slow_path & ENGINE_BUSY)
        refuse_for_now(x, 503, "BUSY", "A script is running.");
    else
        return true;
    return false;
}

/* Nobody has shown who it is so far: by the body of a login, or by Basic. False: answered, or it
 * has to wait. */
static bool identify(struct exchange *x)
{
    bool logs_in = !x->asked.route->steps && x->request.method == HTTP_METHOD_POST;
    if (!x->attempt.begun) {
        struct bytes basic = credentials(x, "Basic");
        if (!logs_in && !basic.n)
            refuse(x, 401, "NOAUTH", "Log in: POST /api/v1/session, or send Authorization: Basic.");
        else if (logs_in ? read_login(x) : take_basic(x, basic))
            begin_attempt(x);
        if (x->phase != EXCHANGE_WORKING)
            return false;
    }
    return judge_attempt(x);
}

void exchange_step(struct exchange *x)
{
    bool may_ask = x->asked.route || is_health(&x->request) || find_route(x);
    if (!may_ask)
        return;
    if (is_health(&x->request)) {
        answer_health(x);
        return;
    }
    /* A login names its user anew, whatever token it carries. */
    bool logs_in = !x->asked.route->steps && x->request.method == HTTP_METHOD_POST;
    if (logs_in && !x->attempt.begun && x->user) {
        str_unref(x->user);
        x->user = NULL;
    }
    if (!x->user && !identify(x))
        return;
    if (x->asked.route->steps)
        step_route(x);
    else
        step_session(x);
}

bool exchange_is_due(struct exchange *x)
{
    bool waits_to_be_judged = x->attempt.begun && !x->attempt.judged;
    if (!waits_to_be_judged && caller_was_killed(&x->caller)) {
        /* What it would be told may not become true. */
        x->closes = true;
        enter(x, EXCHANGE_ANSWERED);
        return true;
    }
    if (waits_to_be_judged ? x->all->engine->steady_ms < x->attempt.until_ms
                           : caller_is_held(&x->caller))
        return false;
    enter(x, EXCHANGE_WORKING);
    if (!waits_to_be_judged)
        complete(x);
    return true;
}

void exchange_sent(struct exchange *x)
{
    ASSERT(x->phase == EXCHANGE_ANSWERED);
    forget(x);
    enter(x, EXCHANGE_IDLE);
}

void exchange_too_late(struct exchange *x)
{
    if (x->phase == EXCHANGE_IDLE)
        x->closes = true;
    else
        refuse(x, 408, "ERR", "The request did not come in time.");
}
