#include "admin/session.h"

#include "admin/identity.h"
#include "admin/tell.h"

#define ANSWER_MOST (64 << 10)

/* Commands that Redis does not have, and views need: rename-command may have taken them away, and
 * the views with them. */
static const char *const of_the_broker[] = {"xpolicy", "xredrive", "xcron",
                                            "xsched",  "xbind",    "xcapture"};

static void write_features(struct json_write *w, const struct engine *e)
{
    json_write_array(w);
    if (e->settings->console_commands)
        json_write_text(w, "commands");
    if (e->settings->appendonly)
        json_write_text(w, "appendonly");
    for (size_t i = 0; i < sizeof(of_the_broker) / sizeof(*of_the_broker); i++)
        if (callable_is_there(e->registry, of_the_broker[i]))
            json_write_text(w, of_the_broker[i]);
    json_write_array_end(w);
}

static const char *confirms_by(const struct login *l, const struct user *u)
{
    return l->by_certificate ? "user" : u->no_password ? "nothing" : "password";
}

static void write_server(struct json_write *w, const struct exchange *x)
{
    const struct engine *e = x->all->engine;
    static const char *const modes[] = {"full", "read-only", "off"};
    json_write_name(w, BYTES("mode"));
    json_write_text(w, modes[e->settings->console_mode]);
    json_write_name(w, BYTES("version"));
    json_write_text(w, x->all->version);
    json_write_name(w, BYTES("databases"));
    json_write_int(w, e->settings->databases);
}

static void answer_session(struct exchange *x, const struct login *l, const char *token)
{
    const struct engine *e = x->all->engine;
    const struct user *u = identity_user(x);
    int64_t left = l->opened_ms + LOGIN_AGE_MS - e->steady_ms;
    int64_t idle = e->settings->console_session_timeout * 1000;
    struct callable_names may = callable_names(&x->all->callable, u, e->registry);
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
    json_write_name(&w, BYTES("confirm"));
    json_write_text(&w, confirms_by(l, u));
    json_write_name(&w, BYTES("may"));
    json_write_raw(&w, may.all);
    json_write_name(&w, BYTES("writes"));
    json_write_raw(&w, may.writes);
    json_write_name(&w, BYTES("features"));
    write_features(&w, e);
    write_server(&w, x);
    json_write_object_end(&w);
    tell(x, (struct respond){
                .status = token ? 201 : 200, .type = TELL_JSON, .body = buf_bytes(&x->body)});
    explicit_bzero(x->body.p, x->body.n);
}

static void open_session(struct exchange *x)
{
    char token[LOGIN_TOKEN];
    struct login *l =
        login_open(x->all->logins, identity_user(x), x->all->engine->steady_ms, token);
    l->by_certificate = x->attempt.by_certificate;
    identity_log(x, l->by_certificate ? "login by certificate" : "login", str_bytes(l->user));
    answer_session(x, l, token);
    explicit_bzero(token, sizeof(token));
}

void session_step(struct exchange *x)
{
    struct login *l = identity_login(x);
    if (!identity_user(x)) {
        tell_refusal(x, 401, "NOAUTH", "The user no longer exists.");
        return;
    }
    switch (x->request.method) {
    case HTTP_METHOD_POST:
        open_session(x);
        break;
    case HTTP_METHOD_DELETE:
        if (l) {
            identity_log(x, "logout", str_bytes(l->user));
            login_close(x->all->logins, l);
        }
        caller_end(&x->caller);
        tell(x, (struct respond){.status = 204});
        break;
    default:
        if (l)
            answer_session(x, l, NULL);
        else
            tell_refusal(x, 401, "NOAUTH", "No valid session.");
    }
}

void session_confirm_step(struct exchange *x)
{
    struct login *l = identity_login(x);
    if (!l) {
        tell_refusal(x, 401, "NOAUTH", "No valid session.");
        return;
    }
    l->confirmed_ms = x->all->engine->steady_ms;
    identity_log(x, "confirmation", str_bytes(l->user));
    tell(x, (struct respond){.status = 204});
}
