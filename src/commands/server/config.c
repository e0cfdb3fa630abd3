/* CONFIG. SET of several settings is all or nothing:
 *
 *   find_changes()  checks that every name is known, may be changed now and is given once, and
 *                   keeps the old values as text. Nothing has changed yet.
 *   set_values()    parses each value into struct settings, and notes which settings get a
 *                   different value. After an invalid value undo() parses the old texts.
 *   changed()       lets the server act (server/apply), after all values are set: a certificate and
 *                   its key must change together, or the TLS context could not be built. If it
 *                   fails, the old values are restored and acted on again, one by one, since one
 *                   that fails must not keep back the others.
 *
 * The reply names the setting that failed. SETTING_IMMUTABLE, SETTING_PROTECTED and others are
 * flags of the setting (config/settings.def). REWRITE is in config/config_file. */
#include "commands/index.h"

#include "base/assert.h"
#include "base/glob.h"
#include "base/mem.h"
#include "config/settings.h"

/* Secret values are never sent over HTTP, whose answers browsers and proxies may keep. */
static void reply_value(struct call *call, const struct settings *s, const struct setting *x)
{
    struct buf value = {0};
    if ((x->flags & SETTING_SECRET) && (call->client->flags & CLIENT_CONSOLE)) {
        reply_null(call->reply);
        return;
    }
    settings_print(s, x, &value);
    reply_bulk(call->reply, buf_bytes(&value));
    buf_free(&value);
}

static void do_config_get(struct call *call)
{
    struct settings *s = call->engine->settings;
    size_t count, n = 0;
    const struct setting *all = settings_table(&count);
    struct chain aside = {0};
    reply_later_begin(call->reply, &aside);
    for (size_t i = 0; i < count; i++) {
        const char *names[] = {all[i].name, all[i].alias};
        for (int k = 0; k < 2; k++) {
            bool wanted = false;
            for (int a = 2; names[k] && a < call->argc && !wanted; a++)
                wanted = all[i].flags & SETTING_HIDDEN
                             ? bytes_equal_nocase(call->argv[a], bytes_text(names[k]))
                             : glob_match_nocase(call->argv[a], bytes_text(names[k]));
            if (!wanted)
                continue;
            reply_bulk_text(call->reply, names[k]);
            reply_value(call, s, &all[i]);
            n++;
        }
    }
    reply_later_end(call->reply, '%', n);
}

/* A setting to be changed by CONFIG SET. */
struct change {
    const struct setting *setting;
    struct bytes name, value;
    struct buf old; /* the former value as text */
};

/* All changes, and the progress of applying them. */
struct changes {
    struct change *all;
    int n;
    int set;                     /* number of changes already made */
    const struct setting **acts; /* the settings whose value differs from the former */
    int act_n;
    int failed;      /* index of the failed change */
    const char *why; /* NULL: no failure, or the error was sent */
};

static struct bytes text_of(const struct buf *b)
{
    return b->n ? buf_bytes(b) : bytes_of("", 0);
}

/* Why this setting may not be changed now; NULL: it may. */
static const char *forbidden(struct call *call, const struct change *c)
{
    const struct setting *x = c->setting;
    if ((x->flags & SETTING_IMMUTABLE) &&
        !((x->flags & SETTING_OWN) && bytes_equal(c->value, text_of(&c->old))))
        return "can't set immutable config";
    if ((x->flags & SETTING_PROTECTED) &&
        !helpers_is_allowed(call, call->engine->settings->enable_protected_configs))
        return "can't set protected config";
    return NULL;
}

/* Finds the named settings and checks whether they may be changed. False: the error was sent, or is
 * in x->why. */
static bool find_changes(struct call *call, struct changes *x)
{
    struct settings *s = call->engine->settings;
    for (int i = 0; i < x->n; i++) {
        struct change *c = &x->all[i];
        x->failed = i;
        c->name = call->argv[2 + 2 * i];
        c->value = call->argv[3 + 2 * i];
        c->setting = settings_find(c->name);
        if (!c->setting) {
            reply_errorf(call->reply,
                         "ERR Unknown option or number of arguments for CONFIG SET - '%.*s'",
                         (int)c->name.n, c->name.p);
            return false;
        }
        if ((call->engine->slow_path & ENGINE_LOADING) && (c->setting->flags & SETTING_STEADY)) {
            call_error(call, ERR_LOADING);
            return false;
        }
        settings_print(s, c->setting, &c->old);
        x->why = forbidden(call, c);
        for (int k = 0; k < i && !x->why; k++)
            if (x->all[k].setting == c->setting)
                x->why = "duplicate parameter";
        if (x->why)
            return false;
    }
    return true;
}

static bool set_values(struct settings *s, struct changes *x)
{
    while (x->set < x->n) {
        struct change *c = &x->all[x->failed = x->set++];
        struct buf now = {0};
        if (!settings_parse(s, c->setting, c->value, &x->why))
            return false;
        if ((c->setting->flags & SETTING_REFUSED) && !settings_is_default(s, c->setting)) {
            x->why = "not supported by this version";
            return false;
        }
        settings_print(s, c->setting, &now);
        if ((c->setting->flags & SETTING_REREAD) || !bytes_equal(text_of(&now), text_of(&c->old)))
            x->acts[x->act_n++] = c->setting;
        buf_free(&now);
    }
    ASSERT(x->act_n <= x->n);
    return true;
}

/* Restores former values, in reverse order. */
static void undo(struct settings *s, struct changes *x)
{
    const char *why;
    for (int i = x->set - 1; i >= 0; i--)
        settings_parse(s, x->all[i].setting, text_of(&x->all[i].old), &why);
}

/* Lets the server act on the new values; false: it failed, and the former values are in force. */
static bool act(struct settings *s, struct changes *x)
{
    const char *ignored;
    int culprit, again;
    if (!s->changed || s->changed(s->context, x->acts, x->act_n, &culprit, &x->why))
        return true;
    ASSERT(culprit < x->act_n);
    undo(s, x);
    /* One by one, so that one that fails does not keep back the others. */
    for (int i = 0; i < x->act_n; i++)
        s->changed(s->context, &x->acts[i], 1, &again, &ignored);
    for (x->failed = 0; x->all[x->failed].setting != x->acts[culprit];)
        x->failed++;
    return false;
}

/* False after the error reply, or x->why says what failed. */
static bool set_all(struct call *call, struct changes *x)
{
    struct settings *s = call->engine->settings;
    if (!find_changes(call, x))
        return false;
    if (!set_values(s, x)) {
        undo(s, x);
        return false;
    }
    return act(s, x);
}

static void do_config_set(struct call *call)
{
    size_t pairs = ((size_t)call->argc - 2) / 2;
    if (call->argc % 2) {
        call_error(call, ERR_SYNTAX);
        return;
    }
    struct changes x = {.n = (int)pairs};
    x.all = mem_zalloc(pairs * sizeof(*x.all));
    x.acts = mem_alloc(pairs * sizeof(*x.acts));
    if (set_all(call, &x))
        reply_ok(call->reply);
    else if (x.why)
        reply_errorf(call->reply,
                     "ERR CONFIG SET failed (possibly related to argument '%.*s') - %s",
                     (int)x.all[x.failed].name.n, x.all[x.failed].name.p, x.why);
    for (int i = 0; i < x.n; i++)
        buf_free(&x.all[i].old);
    mem_free(x.acts);
    mem_free(x.all);
}

static void do_config_rewrite(struct call *call)
{
    struct engine_services *s = &call->engine->services;
    if (!call->engine->settings->file) {
        reply_errorf(call->reply, "ERR The server is running without a config file");
        return;
    }
    int error = s->config_rewrite(s->context, false);
    if (error)
        reply_errorf(call->reply, "ERR Rewriting config file: %s", strerror(-error));
    else
        reply_ok(call->reply);
}

static void do_config_resetstat(struct call *call)
{
    struct engine *e = call->engine;
    for (unsigned i = 0; i < registry_count(e->registry); i++) {
        mem_free(e->stats.of_command[i].times);
        e->stats.of_command[i] = (struct engine_stat){0};
    }
    dict_clear(&e->stats.errors);
    e->stats.total_commands = e->stats.total_errors = e->stats.total_in = e->stats.total_out = 0;
    e->stats.total_reads = e->stats.total_writes = e->timing.command_ticks = 0;
    e->timing.began_ticks = e->timing.last_ticks;
    e->stats.total_connections = e->stats.rejected_connections = e->stats.acts = 0;
    e->stats.output_limit_disconnections = e->stats.query_limit_disconnections = 0;
    e->store->hits = e->store->misses = e->store->expired = 0;
    e->store->evicted = e->store->expired_fields = 0;
    e->stats.evicted_clients = 0;
    e->services.reset_statistics(e->services.context);
    reply_ok(call->reply);
}

static void do_config_help(struct call *call)
{
    helpers_help(call, &config_command);
}

static const struct command config_get_command = {
    .name = "get",
    .full_name = "config|get",
    .usage = "parameter:string...",
    .summary = "Returns the settings that match patterns.",
    .since = "2.0.0",
    .complexity = "O(N) with N the settings",
    .group = GROUP_SERVER,
    .arity = -3,
    .flags = COMMAND_ADMIN | COMMAND_LOADING | COMMAND_NOSCRIPT | COMMAND_STALE | COMMAND_UNTRACKED,
    .handler = do_config_get,
};

static const struct command config_set_command = {
    .name = "set",
    .full_name = "config|set",
    .usage = "(parameter:string value:string)...",
    .summary = "Changes settings, all or none.",
    .since = "2.0.0",
    .complexity = "O(N) with N the settings given",
    .tips = "request_policy:all_nodes response_policy:all_succeeded",
    .group = GROUP_SERVER,
    .arity = -4,
    .flags = COMMAND_ADMIN | COMMAND_LOADING | COMMAND_NOSCRIPT | COMMAND_STALE | COMMAND_UNTRACKED,
    .secret_settings = true,
    .handler = do_config_set,
};

static const struct command config_rewrite_command = {
    .name = "rewrite",
    .full_name = "config|rewrite",
    .usage = "",
    .summary = "Writes the settings to the configuration file.",
    .since = "2.8.0",
    .complexity = "O(1)",
    .tips = "request_policy:all_nodes response_policy:all_succeeded",
    .group = GROUP_SERVER,
    .arity = 2,
    .flags = COMMAND_ADMIN | COMMAND_LOADING | COMMAND_NOSCRIPT | COMMAND_STALE | COMMAND_UNTRACKED,
    .handler = do_config_rewrite,
};

static const struct command config_resetstat_command = {
    .name = "resetstat",
    .full_name = "config|resetstat",
    .usage = "",
    .summary = "Resets the statistics of INFO.",
    .since = "2.0.0",
    .complexity = "O(1)",
    .tips = "request_policy:all_nodes response_policy:all_succeeded",
    .group = GROUP_SERVER,
    .arity = 2,
    .flags = COMMAND_ADMIN | COMMAND_LOADING | COMMAND_NOSCRIPT | COMMAND_STALE | COMMAND_UNTRACKED,
    .handler = do_config_resetstat,
};

static const struct command config_help_command = {
    .name = "help",
    .full_name = "config|help",
    .usage = "",
    .summary = "Lists the subcommands.",
    .since = "5.0.0",
    .complexity = "O(1)",
    .group = GROUP_SERVER,
    .arity = 2,
    .flags = COMMAND_LOADING | COMMAND_STALE | COMMAND_UNTRACKED,
    .handler = do_config_help,
};

static const struct command *const config_subcommands[] = {
    &config_get_command,     &config_help_command, &config_resetstat_command,
    &config_rewrite_command, &config_set_command,  NULL};

const struct command config_command = {
    .name = "config",
    .usage = "",
    .summary = "Reads and changes settings.",
    .since = "2.0.0",
    .complexity = "Depends on the subcommand.",
    .group = GROUP_SERVER,
    .arity = -2,
    .subcommands = config_subcommands,
};
