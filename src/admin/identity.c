/* Who asks is known in one of these ways:
 *
 *   token         Bearer, in the head: the session's user, as long as that one is as it was.
 *   Basic         name and password with each request.
 *   POST /session name and password in the body; none: the user of the client's certificate, where
 *                 tls-auth-clients-user says so, else the default user.
 *
 * A password is judged as AUTH does it, in two steps: the attempt begins and the exchange waits, as
 * long as failures before it say (admin/login); then it is judged, right or wrong. Showing a
 * password again (POST /session/confirm) is such an attempt too; who came by certificate types his
 * name instead.
 *
 * A certificate counts in a login only, never beside a request: a browser sends it unasked, and a
 * foreign page would ride on it. */
#include "admin/identity.h"

#include "acl/users.h"
#include "admin/tell.h"
#include "base/base64.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/words.h"
#include "engine/rights.h"

#define NAME_SHOWN 64 /* bytes of a user's name in the log */

void identity_end_attempt(struct exchange *x)
{
    if (x->attempt.begun)
        login_attempted(x->all->logins, x->from.address);
    buf_free(&x->attempt.user);
    if (x->attempt.password.p)
        explicit_bzero(x->attempt.password.p, x->attempt.password.cap);
    buf_free(&x->attempt.password);
    memset(&x->attempt, 0, sizeof(x->attempt));
}

void identity_log(const struct exchange *x, const char *what, struct bytes user)
{
    struct buf name = {0};
    words_quote(&name, bytes_of(user.p, user.n < NAME_SHOWN ? user.n : NAME_SHOWN));
    log_line(LOG_NOTICE, "Console: %s, user %.*s, from %s", what, (int)name.n, name.p,
             x->from.address);
    buf_free(&name);
}

/* ---- Tokens */

/* What follows the scheme in Authorization; n 0: it is another one, or none. */
static struct bytes credentials(const struct exchange *x, const char *scheme)
{
    const struct bytes *a = http_header(&x->request, "authorization", NULL);
    size_t n = strlen(scheme);
    if (!a || a->n <= n || !bytes_is(bytes_of(a->p, n), scheme) || a->p[n] != ' ')
        return bytes_of("", 0);
    return bytes_of(a->p + n + 1, a->n - n - 1);
}

struct login *identity_login(const struct exchange *x)
{
    const struct engine *e = x->all->engine;
    struct bytes token = credentials(x, "Bearer");
    return token.n != LOGIN_TOKEN ? NULL
                                  : login_find(x->all->logins, token, e->steady_ms,
                                               e->settings->console_session_timeout * 1000);
}

struct user *identity_user(const struct exchange *x)
{
    struct user *u = x->user ? users_find(x->all->engine->users, str_bytes(x->user)) : NULL;
    return u && u->on ? u : NULL;
}

bool identity_goes_on(const struct exchange *x)
{
    const struct engine *e = x->all->engine;
    const struct user *u = identity_user(x);
    if (!x->user)
        return true; /* nobody: there was no need */
    return u &&
           (!x->by_token || login_is_open(x->all->logins, credentials(x, "Bearer"), u, e->steady_ms,
                                          e->settings->console_session_timeout * 1000));
}

/* The turns within a script leave the engine's clock as it is, and nothing would come into the
 * buckets as long as it runs. */
static int64_t clock_of_rates(const struct engine *e)
{
    return e->slow_path & ENGINE_BUSY ? clock_steady_ms() : e->steady_ms;
}

bool identity_take_token(struct exchange *x)
{
    const struct engine *e = x->all->engine;
    struct login *l = identity_login(x);
    if (!l)
        return guard_rates_take(x->all->rates, bytes_text(x->from.address), clock_of_rates(e));
    struct user *u = users_find(e->users, str_bytes(l->user));
    /* A client that served another session says nothing of this one. */
    if (caller_was_killed(&x->caller) && memcmp(x->served, l->key, sizeof(x->served)) != 0)
        caller_end(&x->caller);
    if (!u || !login_fits(l, u) || caller_was_killed(&x->caller)) {
        login_close(x->all->logins, l);
        return true;
    }
    memcpy(x->served, l->key, sizeof(x->served));
    x->user = str_ref(l->user);
    x->by_token = true;
    return guard_bucket_take(&l->bucket, GUARD_SESSION, clock_of_rates(e));
}

bool identity_is_confirmed(const struct exchange *x)
{
    const struct login *l = x->by_token ? identity_login(x) : NULL;
    const struct user *u = identity_user(x);
    if (!l || !u) /* by Basic: the password came with the request */
        return !x->by_token;
    return (u->no_password && !l->by_certificate) ||
           x->all->engine->steady_ms - l->confirmed_ms <= LOGIN_CONFIRMED_MS;
}

/* ---- Attempts */

/* attempt.user and attempt.password are there. */
static void begin_attempt(struct exchange *x)
{
    int64_t now = x->all->engine->steady_ms;
    int64_t wait = login_attempt(x->all->logins, x->from.address, buf_bytes(&x->attempt.user), now);
    if (wait < 0) {
        tell_later(x, 429, "RATE", "Too many logins from this address are under way.");
        return;
    }
    x->attempt.begun = true;
    x->attempt.until_ms = now + wait;
    if (wait)
        exchange_state_enter(x, EXCHANGE_WAITING);
}

/* The password is looked at, as AUTH does it. */
static bool judge_attempt(struct exchange *x)
{
    const struct engine *e = x->all->engine;
    struct bytes name = buf_bytes(&x->attempt.user);
    struct user *u = users_find(e->users, name);
    /* Whom this connection served before may have been killed since: a login begins anew. */
    if (caller_was_killed(&x->caller))
        caller_end(&x->caller);
    struct client *c = caller_client(&x->caller, x->from.address);
    x->attempt.judged = true;
    if (u && u->no_password && !x->from.is_here && e->settings->protected_mode) {
        tell_refusal(x, 403, "DENIED",
                     "A user without a password can log in only from this machine.");
        return false;
    }
    if (c && rights_authenticate(c, BYTES("http"), name, buf_bytes(&x->attempt.password))) {
        login_succeeded(x->all->logins, x->from.address, name);
        if (!x->user)
            x->user = str_ref(c->user->name);
        return true;
    }
    caller_end(&x->caller);
    x->all->figures.login_failures++;
    login_failed(x->all->logins, x->from.address, name, e->steady_ms);
    identity_log(x, x->by_token ? "failed confirmation" : "failed login", name);
    tell_refusal(x, x->by_token ? 403 : 401, "WRONGPASS",
                 "Wrong name or password, or the user is off.");
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
        tell_refusal(x, 400, "ERR", "Authorization: Basic holds no name and password.");
    return colon != NULL;
}

/* The user of the client's certificate; NULL: there is none, or certificates name nobody. */
static struct user *certified_user(const struct exchange *x)
{
    const struct engine *e = x->all->engine;
    struct user *u = NULL;
    if (*x->peer.certified && e->settings->tls_auth_clients_user == 1)
        u = users_find(e->users, bytes_text(x->peer.certified));
    return u && u->on ? u : NULL;
}

/* A login: what the body says, and when it says nothing who the certificate is. True: it is known
 * who it is; else an attempt has begun, or it has been answered. */
static bool log_in(struct exchange *x)
{
    const struct param_set *body = &x->asked.params;
    bool named = param_find(body, BYTES("user")) || param_find(body, BYTES("password"));
    const struct user *u = named ? NULL : certified_user(x);
    if (u) {
        x->user = str_ref(u->name);
        x->attempt.by_certificate = true;
        return true;
    }
    struct bytes name = param_text(body, "user");
    buf_add(&x->attempt.user, name.n ? name : BYTES("default"));
    buf_add(&x->attempt.password, param_text(body, "password"));
    begin_attempt(x);
    return false;
}

/* True: it is confirmed; else as log_in(). */
static bool confirm(struct exchange *x)
{
    struct login *l = x->by_token ? identity_login(x) : NULL;
    if (!l) {
        tell_refusal(x, 401, "NOAUTH", "No valid session.");
        return false;
    }
    if (!l->by_certificate) {
        buf_add(&x->attempt.user, str_bytes(l->user));
        buf_add(&x->attempt.password, param_text(&x->asked.params, "password"));
        begin_attempt(x);
        return false;
    }
    if (bytes_equal(param_text(&x->asked.params, "user"), str_bytes(l->user)))
        return true;
    tell_refusal(x, 403, "WRONGPASS", "This is not the user who is logged in.");
    return false;
}

bool identity_is_clear(struct exchange *x)
{
    const struct route *route = x->asked.route;
    bool logs_in = route->program == ROUTE_SESSION && route->method == HTTP_METHOD_POST;
    bool confirms = route->program == ROUTE_CONFIRM;
    struct bytes basic = credentials(x, "Basic");
    if (x->attempt.judged || x->attempt.by_certificate)
        return true;
    /* A login names its user anew, whatever token it carries. */
    if (logs_in && !x->attempt.begun && x->user) {
        str_unref(x->user);
        x->user = NULL;
        x->by_token = false;
    }
    if (x->user && !confirms)
        return true;
    if (!x->attempt.begun) {
        if (logs_in || confirms) {
            if (logs_in ? log_in(x) : confirm(x))
                return true;
        } else if (!basic.n) {
            tell_refusal(x, 401, "NOAUTH",
                         "Log in: POST /api/v1/session, or send Authorization: Basic.");
        } else if (take_basic(x, basic)) {
            begin_attempt(x);
        }
        if (x->phase != EXCHANGE_WORKING)
            return false;
    }
    return judge_attempt(x);
}
