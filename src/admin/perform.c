/* Runs the commands of a route (routes.def). Each call of perform_step() runs one of them, so that
 * a route of many commands makes no long turn; the call behind the last one sends the answer:
 *
 *   unchanged   the answer would have the tag that the request names: 304, and nothing runs.
 *   a page      rows of the survey are written in parts, a part in each call (admin/row_page).
 *   a step      its words are made of its template; who may not go on without showing a password
 *               again is told so (G9); the command runs, and its reply becomes a member.
 *   the end     `command` tells what was run that may have changed something; the answer leaves
 *               when what it relies on is as safe as was promised.
 *
 * Whether a command looks or changes is said by its route's method and its own flags, not by its
 * name. What it changed goes into the log: the command and its keys, never values.
 *
 * What can fail: the command, which answers; the limit of an answer's length (507). */
#include "admin/perform.h"

#include "admin/directives.h"
#include "admin/health.h"
#include "admin/identity.h"
#include "admin/row_page.h"
#include "admin/tell.h"
#include "base/log.h"
#include "base/words.h"
#include "command/categories.h"
#include "command/keys.h"
#include "engine/exec.h"
#include "engine/observe.h"
#include "engine/rights.h"
#include "survey/survey.h"

#include <stdio.h>

#define ANSWER_MOST  (1 << 20)
#define COMMAND_MOST 4096 /* bytes of a command that are told */
#define WORD_MOST    1024
#define BEHIND       256  /* bytes of an answer for what stands behind a page of entries */
#define BEHIND_ROWS  4096 /* the same of rows of the survey: there are names in it */
#define KEYS_LOGGED  4
#define KEY_LOGGED   64 /* bytes of a key in the log */

/* ---- What is run */

/* As redis-cli takes it, in ASCII. */
static void print_word(struct buf *out, struct bytes word)
{
    size_t left = word.n > WORD_MOST ? word.n - WORD_MOST : 0;
    word.n -= left;
    if (!left && words_is_plain(word)) {
        buf_add(out, word);
        return;
    }
    words_escape(out, word, 126);
    if (left)
        buf_printf(out, "... (%zu more bytes)", left);
}

static void print_command(struct buf *out, const struct command *c, const struct bytes *words,
                          size_t n)
{
    size_t from = out->n;
    for (size_t i = 0; i < n; i++) {
        if (out->n - from > COMMAND_MOST) {
            buf_printf(out, " ... (%zu more)", n - i);
            return;
        }
        if (i)
            buf_add_char(out, ' ');
        if (c && observe_is_secret(c, words, (int)i))
            buf_add_text(out, "(redacted)");
        else
            print_word(out, words[i]);
    }
}

/* One line for what may have changed something. Values are in no log. */
static void log_change(const struct exchange *x, const struct command *c, const struct bytes *words,
                       size_t n, const struct render *r)
{
    struct buf line = {0};
    buf_add_text(&line, c ? command_full_name(c) : "a command that there is not");
    if (c && command_arity_fits(c, (int)n)) {
        struct keys k;
        keys_find(&k, c, words, (int)n);
        for (int i = 0; i < k.n && i < KEYS_LOGGED; i++) {
            struct bytes key = words[k.at[i].index];
            buf_add_char(&line, ' ');
            print_word(&line, bytes_of(key.p, key.n < KEY_LOGGED ? key.n : KEY_LOGGED));
        }
        keys_free(&k);
    }
    size_t code = r->error.n ? strcspn(r->error.p, " ") : 0;
    if (code > r->error.n)
        code = r->error.n;
    buf_add_text(&line, ": ");
    buf_add(&line, code ? bytes_of(r->error.p, code) : BYTES("done"));
    buf_add_char(&line, 0);
    identity_log(x, line.p, x->user ? str_bytes(x->user) : BYTES(""));
    buf_free(&line);
}

static bool changes(const struct exchange *x, const struct command *c)
{
    const struct route *r = x->asked.route;
    return r->method != HTTP_METHOD_GET && !r->looks && !(c && (c->flags & COMMAND_READONLY));
}

/* Scripts can run dangerous commands, so they need the same confirmation. */
static bool is_dangerous(const struct command *c)
{
    return c && (categories_has(c, BYTES("dangerous")) || categories_has(c, BYTES("admin")) ||
                 categories_has(c, BYTES("scripting")));
}

/* The client was killed: what it would be told may not be true, and the session ends. */
static void end_session(struct exchange *x)
{
    struct login *l = identity_login(x);
    if (l)
        login_close(x->all->logins, l);
    x->closes = true;
    tell_refusal(x, 401, "NOAUTH", "The session has been closed.");
}

bool perform_try(struct exchange *x, const struct bytes *words, size_t n, struct render *r)
{
    struct engine *e = x->all->engine;
    struct user *u = identity_user(x);
    const struct command *c = caller_command(e, words, n);
    bool does = changes(x, c);
    if (!u) {
        tell_refusal(x, 401, "NOAUTH", "The user no longer exists.");
        return false;
    }
    if (does && is_dangerous(c) && !identity_is_confirmed(x)) {
        tell_refusal(x, 403, "CONFIRM", "Show again who you are: POST /api/v1/session/confirm.");
        return false;
    }
    if (does && !x->repeats) {
        if (x->command.n)
            buf_add_char(&x->command, '\n');
        print_command(&x->command, c, words, n);
    }
    struct caller_request q = {.address = x->from.address,
                               .user = u,
                               .db = x->asked.db,
                               .words = words,
                               .n = n,
                               .looks = !does,
                               .typed = x->asked.route->is_typed};
    enum caller_result result = caller_run(&x->caller, &q, r);
    if (does && !x->repeats && result != CALLER_PAUSED)
        log_change(x, c, words, n, r);
    if (result == CALLER_GONE)
        end_session(x);
    else if (result == CALLER_PAUSED)
        tell_later(x, 503, "PAUSED", "Requests are held: CLIENT PAUSE, or a fail-over.");
    else
        return true;
    return false;
}

/* Whether an ACL rule may contain a password or its digest. Errors about a rule quote it. */
static bool holds_password(struct bytes rule)
{
    return rule.n > 1 && strchr("><#!(", *rule.p);
}

/* Replaces everything in quotes: the error may hold the rule truncated, or with characters
 * replaced, so that a search for the rule itself could miss it. */
static void redact_error(struct buf *error, const struct command *c, const struct bytes *words,
                         size_t n)
{
    bool is_secret = false;
    for (size_t i = 0; c && i < n && !is_secret; i++)
        is_secret = holds_password(words[i]) && observe_is_secret(c, words, (int)i);
    const char *from = is_secret ? memchr(error->p, '\'', error->n) : NULL;
    if (!from)
        return;
    size_t before = (size_t)(from - error->p) + 1;
    const char *to = memrchr(error->p, '\'', error->n);
    size_t until = to > from ? (size_t)(to - error->p) : error->n;
    struct buf mended = {0};
    buf_add(&mended, bytes_of(error->p, before));
    buf_add_text(&mended, "(redacted)");
    buf_add(&mended, bytes_of(error->p + until, error->n - until));
    buf_free(error);
    *error = mended;
}

bool perform_command(struct exchange *x, const struct bytes *words, size_t n, struct render *r)
{
    struct buf text = {0};
    const struct command *c = caller_command(x->all->engine, words, n);
    if (!perform_try(x, words, n, r))
        return false;
    if (!r->error.n)
        return true;
    redact_error(&r->error, c, words, n);
    print_command(&text, c, words, n);
    tell_command_error(x, buf_bytes(&r->error), buf_bytes(&text));
    buf_free(&text);
    return false;
}

/* ---- The answer */

struct render perform_render(struct exchange *x, enum render_shape shape)
{
    return (struct render){.w = &x->json,
                           .shape = shape,
                           .names = x->asked.route->names,
                           .by = param_text(&x->asked.params, "by"),
                           .is_descending = param_number(&x->asked.params, "desc", 0),
                           .max = x->asked.max};
}

bool perform_begin(struct exchange *x)
{
    if (!identity_user(x)) {
        tell_refusal(x, 401, "NOAUTH", "The user no longer exists.");
        return false;
    }
    x->body.n = 0;
    x->json = json_write_begin(&x->body, ANSWER_MOST);
    json_write_object(&x->json);
    return true;
}

void perform_complete(struct exchange *x)
{
    unsigned status = x->asked.route->status;
    if (caller_is_held(&x->caller))
        exchange_state_enter(x, EXCHANGE_WAITING);
    else if (!json_write_is_whole(&x->json) && x->command.n)
        tell_command_error(x,
                           BYTES("TOOLARGE The command has run, but the response exceeds 1 MiB."),
                           buf_bytes(&x->command));
    else if (!json_write_is_whole(&x->json))
        tell_refusal(x, 507, "TOOLARGE", "The response exceeds 1 MiB.");
    else if (status == 204)
        tell(x, (struct respond){.status = status, .command = buf_bytes(&x->command)});
    else
        tell(x,
             (struct respond){
                 .status = status, .type = TELL_JSON, .body = buf_bytes(&x->body), .tag = x->tag});
}

void perform_end(struct exchange *x)
{
    if (x->command.n) {
        json_write_name(&x->json, BYTES("command"));
        json_write_bytes(&x->json, buf_bytes(&x->command));
    }
    json_write_object_end(&x->json);
    perform_complete(x);
}

/* ---- Routes of commands */

/* The tag of a page of the survey: the pass that it is of. Empty: no pass has ended. */
static void make_tag(struct exchange *x)
{
    struct exchange_all *all = x->all;
    const struct survey *sv = all->engine->survey;
    if (!all->born_ms)
        all->born_ms = all->engine->now_ms;
    if (sv->number)
        snprintf(x->tag, sizeof(x->tag), "%llx-%llx", (unsigned long long)all->born_ms,
                 (unsigned long long)sv->number);
}

/* Whether the request names the tag that the answer would have; weak ones are the same here. */
static bool has_tag(const struct exchange *x)
{
    const struct bytes *asked = http_header(&x->request, "if-none-match", NULL);
    size_t n = strlen(x->tag);
    return asked && n && asked->n >= n + 2 && memmem(asked->p, asked->n, x->tag, n) &&
           asked->p[asked->n - 1] == '"';
}

/* Of rows of the survey: nothing has changed since the request's answer. Who may not ask is told so
 * by the command. */
static bool is_unchanged(struct exchange *x, const struct template_words *words)
{
    struct user *u = identity_user(x);
    struct client *c = caller_client(&x->caller, x->from.address);
    if (x->asked.route->shape != RENDER_SURVEY || !u || !c)
        return false;
    make_tag(x);
    if (!has_tag(x))
        return false;
    rights_set_user(c, u);
    if (exec_is_allowed(c, &(struct exec_request){.argv = words->words, .argc = (int)words->n}) !=
        1)
        return false;
    survey_look(x->all->engine->survey);
    tell(x, (struct respond){.status = 304, .tag = x->tag});
    return true;
}

static void write_after(struct exchange *x, const struct render *r)
{
    /* Without a count the command has told all. */
    long long count = param_number(&x->asked.params, "count", 0);
    bool more = r->full || (count && r->rows >= (unsigned)count);
    json_write_name(&x->json, BYTES("after"));
    if (more && r->rows && r->shape == RENDER_SURVEY)
        render_write_place(r);
    else if (more && r->rows)
        json_write_text(&x->json, r->last);
    else
        json_write_null(&x->json);
}

/* A step "?404": what was to be done was not, which its reply told. */
static void refuse_nothing(struct exchange *x, struct bytes name)
{
    if (bytes_is(name, "?404"))
        tell_refusal(x, 404, "NOTFOUND", "Not found.");
    else
        tell_refusal(x, 409, "BUSYKEY", "No such key, or the new name exists.");
}

/* A step named "~name" is optional: for a user who may not run its command the member is null, and
 * the other steps are answered. True: it was left out. */
static bool leave_out(struct exchange *x, struct bytes *name, const struct template_words *words)
{
    struct user *u = identity_user(x);
    struct client *c = caller_client(&x->caller, x->from.address);
    if (*name->p != '~')
        return false;
    *name = bytes_of(name->p + 1, name->n - 1);
    if (!u || !c) /* which perform_command() tells */
        return false;
    rights_set_user(c, u);
    if (exec_is_allowed(c, &(struct exec_request){.argv = words->words, .argc = (int)words->n}) ==
        1)
        return false;
    json_write_name(&x->json, *name);
    json_write_null(&x->json);
    return true;
}

/* What no command tells; one that stands before it says who may know. */
static void tell_own(struct exchange *x, struct bytes what)
{
    struct engine *e = x->all->engine;
    if (bytes_is(what, "@ready"))
        json_write_bool(&x->json, health_is_ready(e));
    else if (bytes_is(what, "@checks"))
        health_checks(e, &x->json);
    else
        directives_write(e->settings, &x->json);
}

/* ---- Rows of the survey */

static void drop_page(void *page)
{
    row_page_end(page);
}

/* SURVEY ran, and handed over its page instead of replying: the next steps gather and write it. */
static void begin_page(struct exchange *x, struct rows_page *rows, const struct render *r)
{
    x->work = row_page_begin(rows, r);
    x->drop_work = drop_page;
    make_tag(x); /* only now: running SURVEY may have completed a pass, which the tag names */
    x->json.most -= BEHIND_ROWS;
}

/* Gathers or writes the next part of the page; after the last one, its `after`. */
static void continue_page(struct exchange *x)
{
    const struct user *u = identity_user(x);
    if (!u || caller_was_killed(&x->caller)) {
        end_session(x);
        return;
    }
    if (row_page_step(x->work, u))
        return;
    x->json.most += BEHIND_ROWS;
    write_after(x, row_page_render(x->work));
    drop_page(x->work);
    x->work = NULL;
    x->drop_work = NULL;
}

/* Runs a SURVEY subcommand. One that lists rows hands over a page, made in parts; the reply of any
 * other is short and is written at once. */
static void run_survey(struct exchange *x, const struct template_words *words, struct render *r)
{
    struct survey *sv = x->all->engine->survey;
    struct rows_page *rows = NULL;
    sv->hands_to = &rows;
    bool ran = perform_command(x, words->words, words->n, r);
    sv->hands_to = NULL;
    if (ran && rows) {
        begin_page(x, rows, r);
        *r = (struct render){0}; /* the page owns it now */
    } else if (ran) {
        make_tag(x);
        write_after(x, r);
    } else if (rows) {
        rows_end(rows);
    }
}

/* ---- Steps */

/* The step's command, and its reply as a member. */
static void run_step(struct exchange *x, struct bytes name, const struct template_words *words)
{
    if (leave_out(x, &name, words))
        return;
    struct render r = perform_render(x, x->asked.route->shape);
    struct buf nowhere = {0};
    struct json_write aside = json_write_begin(&nowhere, ANSWER_MOST);
    if (bytes_is(name, "-") || *name.p == '?')
        r.w = &aside;
    else if (name.n)
        json_write_name(&x->json, name);
    r.is_flat = name.n == 0;
    size_t behind = r.shape == RENDER_ENTRIES ? BEHIND : 0;
    x->json.most -= behind;
    if (r.shape == RENDER_SURVEY) {
        run_survey(x, words, &r);
    } else if (perform_command(x, words->words, words->n, &r)) {
        x->json.most += behind;
        if (r.shape == RENDER_ENTRIES)
            write_after(x, &r);
        if (*name.p == '?' && r.is_nothing)
            refuse_nothing(x, name);
    }
    render_end(&r);
    buf_free(&nowhere);
}

void perform_step(struct exchange *x)
{
    struct template_words words = {0};
    struct bytes name;
    size_t number;
    if (x->work) {
        continue_page(x);
        return;
    }
    if (x->step == 0 && !perform_begin(x))
        return;
    switch (route_step(&x->asked, x->step++, &name, &words, &number)) {
    case ROUTE_STEP_NONE:
        perform_end(x);
        break;
    case ROUTE_STEP_NUMBER:
        json_write_name(&x->json, name);
        json_write_uint(&x->json, number);
        break;
    case ROUTE_STEP_TOLD:
        json_write_name(&x->json, name);
        tell_own(x, words.words[0]);
        break;
    case ROUTE_STEP_COMMAND:
        if (!words.n) /* all of it was optional */
            tell_refusal(x, 400, "ERR", "Nothing is asked for: a parameter is missing.");
        else if (x->step > 1 || !is_unchanged(x, &words))
            run_step(x, name, &words);
        break;
    }
    template_free(&words);
}
