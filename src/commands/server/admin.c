/* The server as a whole: settings, state, saving, the end. */
#include "commands/index.h"

#include "base/clock.h"
#include "base/glob.h"
#include "base/mem.h"
#include "config/settings.h"
#include "engine/block.h"

#include <errno.h>

static void do_time(struct call *call)
{
    int64_t us = call->engine->frozen_us ? call->engine->frozen_us : clock_wall_us();
    reply_array(call->reply, 2);
    reply_bulk_int(call->reply, us / 1000000);
    reply_bulk_int(call->reply, us % 1000000);
}

const struct command time_command = {
    .name = "time",
    .usage = "",
    .summary = "Answers the clock, in seconds and microseconds.",
    .since = "2.6.0",
    .complexity = "O(1)",
    .tips = "nondeterministic_output",
    .group = GROUP_SERVER,
    .arity = 1,
    .flags = COMMAND_FAST | COMMAND_LOADING | COMMAND_STALE | COMMAND_UNTRACKED,
    .handler = do_time,
};

static void do_info(struct call *call)
{
    struct buf b = {0};
    struct engine_services *s = &call->engine->services;
    s->info(s->context, &b, call->argv + 1, call->argc - 1);
    reply_verbatim(call->reply, "txt", buf_bytes(&b));
    buf_free(&b);
}

const struct command info_command = {
    .name = "info",
    .usage = "[section:string...]",
    .summary = "Describes the state of the server.",
    .since = "1.0.0",
    .complexity = "O(1)",
    .tips = "nondeterministic_output request_policy:all_shards response_policy:special",
    .group = GROUP_SERVER,
    .arity = -1,
    .flags = COMMAND_LOADING | COMMAND_STALE | COMMAND_UNTRACKED | COMMAND_DANGEROUS,
    .handler = do_info,
};

static void do_role(struct call *call)
{
    reply_array(call->reply, 3);
    reply_bulk_text(call->reply, "master");
    reply_int(call->reply, (long long)call->engine->journal->offset);
    reply_array(call->reply, 0);
}

const struct command role_command = {
    .name = "role",
    .usage = "",
    .summary = "Answers the place of this server in replication.",
    .since = "2.8.12",
    .complexity = "O(1)",
    .categories = "@admin",
    .group = GROUP_SERVER,
    .arity = 1,
    .flags = COMMAND_FAST | COMMAND_LOADING | COMMAND_NOSCRIPT | COMMAND_STALE | COMMAND_UNTRACKED |
             COMMAND_DANGEROUS,
    .handler = do_role,
};

/* ---- CONFIG */

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
            struct buf value = {0};
            settings_print(s, &all[i], &value);
            reply_bulk_text(call->reply, names[k]);
            reply_bulk(call->reply, buf_bytes(&value));
            buf_free(&value);
            n++;
        }
    }
    reply_later_end(call->reply, '%', n);
}

/* What CONFIG SET is about to change. */
struct change {
    const struct setting *setting;
    struct bytes name, value;
    struct buf old; /* its text before */
};

static struct bytes text_of(const struct buf *b)
{
    return b->n ? buf_bytes(b) : bytes_of("", 0);
}

/* Whether files and data may be pulled away from under a load. */
static bool waits_for_load(const struct setting *x)
{
    static const char *const names[] = {"appendonly", "dbfilename", "dir"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(names[i], x->name) == 0)
            return true;
    return false;
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

/* Finds the settings that are named, and whether they may be changed. *failed: which may not.
 * False: the error is in the reply, or in *why. */
static bool find_changes(struct call *call, struct change *changes, int n, int *failed,
                         const char **why)
{
    struct settings *s = call->engine->settings;
    for (int i = 0; i < n; i++) {
        struct change *c = &changes[i];
        *failed = i;
        c->name = call->argv[2 + 2 * i];
        c->value = call->argv[3 + 2 * i];
        c->setting = settings_find(c->name);
        if (!c->setting) {
            reply_errorf(call->reply,
                         "ERR Unknown option or number of arguments for CONFIG SET - '%.*s'",
                         (int)c->name.n, c->name.p);
            return false;
        }
        if ((call->engine->slow_path & ENGINE_LOADING) && waits_for_load(c->setting)) {
            call_error(call, ERR_LOADING);
            return false;
        }
        settings_print(s, c->setting, &c->old);
        *why = forbidden(call, c);
        for (int k = 0; k < i && !*why; k++)
            if (changes[k].setting == c->setting)
                *why = "duplicate parameter";
        if (*why)
            return false;
    }
    return true;
}

/* Sets the values, and collects what has to act. *set: how many have been set. */
static bool set_values(struct settings *s, struct change *changes, int n, int *set,
                       const char **why, const struct setting **acts, int *act_n)
{
    for (*set = 0; *set < n;) {
        struct change *c = &changes[(*set)++];
        struct buf now = {0};
        if (!settings_parse(s, c->setting, c->value, why))
            return false;
        if ((c->setting->flags & SETTING_REFUSED) && !settings_is_default(s, c->setting)) {
            *why = "not supported by this version";
            return false;
        }
        settings_print(s, c->setting, &now);
        if ((c->setting->flags & SETTING_REREAD) || !bytes_equal(text_of(&now), text_of(&c->old)))
            acts[(*act_n)++] = c->setting;
        buf_free(&now);
    }
    return true;
}

static void undo(struct settings *s, struct change *changes, int n)
{
    const char *why;
    for (int i = n - 1; i >= 0; i--)
        settings_parse(s, changes[i].setting, text_of(&changes[i].old), &why);
}

/* All have their values before the first acts: a certificate and its key change together. */
static void set_all(struct call *call, struct change *changes, int n)
{
    struct settings *s = call->engine->settings;
    const struct setting **acts = mem_alloc((size_t)n * sizeof(*acts));
    const char *why = NULL, *ignored;
    int failed = 0, set = 0, act_n = 0;
    if (!find_changes(call, changes, n, &failed, &why)) {
        if (!why)
            goto out;
    } else if (!set_values(s, changes, n, &set, &why, acts, &act_n)) {
        failed = set - 1;
        undo(s, changes, set);
    } else if (s->changed && !s->changed(s->context, acts, act_n, &failed, &why)) {
        const struct setting *culprit = acts[failed];
        undo(s, changes, set);
        int again;
        /* One by one: what does not go back must not keep the others from it. */
        for (int i = 0; i < act_n; i++)
            s->changed(s->context, &acts[i], 1, &again, &ignored);
        for (failed = 0; changes[failed].setting != culprit;)
            failed++;
    } else {
        why = NULL;
    }
    if (why)
        reply_errorf(call->reply,
                     "ERR CONFIG SET failed (possibly related to argument '%.*s') - %s",
                     (int)changes[failed].name.n, changes[failed].name.p, why);
    else
        reply_ok(call->reply);
out:
    mem_free(acts);
}

static void do_config_set(struct call *call)
{
    int pairs = (call->argc - 2) / 2;
    if (call->argc % 2) {
        call_error(call, ERR_SYNTAX);
        return;
    }
    struct change *changes = mem_zalloc((size_t)pairs * sizeof(*changes));
    set_all(call, changes, pairs);
    for (int i = 0; i < pairs; i++)
        buf_free(&changes[i].old);
    mem_free(changes);
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
    e->stats.total_connections = e->stats.rejected_connections = 0;
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
    .summary = "Answers settings that match patterns.",
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
    .summary = "Writes the settings back to the configuration file.",
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
    .summary = "Sets the counters of INFO to zero.",
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

/* ---- Saving */

static void do_save(struct call *call)
{
    struct engine_services *s = &call->engine->services;
    int error = s->foreground_save(s->context);
    if (error == -EBUSY)
        call_error(call, ERR_BGSAVE_RUNNING);
    else if (error)
        reply_errorf(call->reply, "ERR");
    else
        reply_ok(call->reply);
}

const struct command save_command = {
    .name = "save",
    .usage = "",
    .summary = "Writes a snapshot while everybody waits.",
    .since = "1.0.0",
    .complexity = "O(N) with N all keys",
    .group = GROUP_SERVER,
    .arity = 1,
    .flags = COMMAND_ADMIN | COMMAND_NO_ASYNC_LOADING | COMMAND_NO_MULTI | COMMAND_NOSCRIPT |
             COMMAND_UNTRACKED,
    .handler = do_save,
};

static void do_bgsave(struct call *call)
{
    struct engine_services *s = &call->engine->services;
    bool schedule = call->argc == 2 && bytes_is(call->argv[1], "schedule");
    if (call->argc > 2 || (call->argc == 2 && !schedule)) {
        call_error(call, ERR_SYNTAX);
        return;
    }
    int error = s->background_save(s->context, schedule);
    if (error == -EALREADY)
        call_error(call, ERR_BGSAVE_RUNNING);
    else if (error == -EBUSY)
        call_error(call, ERR_CHILD_RUNNING);
    else if (error == 1)
        reply_simple(call->reply, "Background saving scheduled");
    else if (error)
        reply_errorf(call->reply, "ERR");
    else
        reply_simple(call->reply, "Background saving started");
}

const struct command bgsave_command = {
    .name = "bgsave",
    .usage = "[SCHEDULE]",
    .summary = "Writes a snapshot from a child process.",
    .since = "1.0.0",
    .complexity = "O(1), and O(N) in the child",
    .group = GROUP_SERVER,
    .arity = -1,
    .flags = COMMAND_ADMIN | COMMAND_NO_ASYNC_LOADING | COMMAND_NOSCRIPT | COMMAND_UNTRACKED,
    .handler = do_bgsave,
};

#define FORK_LOOK_MS 2    /* between looks whether the child of a rewrite is there */
#define FORK_MOST_MS 1000 /* a slow disk must not keep the client waiting */

/* The reply says that a process works, so it waits for the process: that is forked when the next
 * increment is on the disk. */
static bool waits_for_fork(struct call *call)
{
    struct engine *e = call->engine;
    struct block_options o = {.deadline_ms = e->steady_ms + FORK_MOST_MS,
                              .wake_ms = e->steady_ms + FORK_LOOK_MS,
                              .null = BLOCK_AGAIN};
    if (!e->services.rewrite_prepares(e->services.context) || !block_allowed(call) ||
        block_has_ended(call))
        return false;
    block_on(call, &o);
    return true;
}

static void do_bgrewriteaof(struct call *call)
{
    struct engine_services *s = &call->engine->services;
    int error = call->retry ? 0 : s->rewrite(s->context);
    if (!error && waits_for_fork(call))
        return;
    if (error == -EALREADY)
        call_error(call, ERR_REWRITE_RUNNING);
    else if (error == 1)
        reply_simple(call->reply, "Background append only file rewriting scheduled");
    else if (error)
        reply_errorf(call->reply, "ERR Can't execute an AOF background rewriting. Please check "
                                  "the server logs for more information.");
    else
        reply_simple(call->reply, "Background append only file rewriting started");
}

const struct command bgrewriteaof_command = {
    .name = "bgrewriteaof",
    .usage = "",
    .summary = "Writes the append-only file anew, as short as can be.",
    .since = "1.0.0",
    .complexity = "O(1), and O(N) in the child",
    .group = GROUP_SERVER,
    .arity = 1,
    .flags = COMMAND_ADMIN | COMMAND_NO_ASYNC_LOADING | COMMAND_NOSCRIPT | COMMAND_UNTRACKED,
    .handler = do_bgrewriteaof,
};

static void do_lastsave(struct call *call)
{
    struct engine_services *s = &call->engine->services;
    reply_int(call->reply, s->last_save(s->context));
}

const struct command lastsave_command = {
    .name = "lastsave",
    .usage = "",
    .summary = "Answers when the last snapshot was made, in seconds since 1970.",
    .since = "1.0.0",
    .complexity = "O(1)",
    .tips = "nondeterministic_output",
    .categories = "@admin",
    .group = GROUP_SERVER,
    .arity = 1,
    .flags = COMMAND_FAST | COMMAND_LOADING | COMMAND_STALE | COMMAND_UNTRACKED | COMMAND_DANGEROUS,
    .handler = do_lastsave,
};

static void do_shutdown(struct call *call)
{
    struct engine_services *s = &call->engine->services;
    unsigned how = 0;
    for (int i = 1; i < call->argc; i++) {
        struct bytes word = call->argv[i];
        if (bytes_is(word, "nosave"))
            how |= ENGINE_SHUTDOWN_NOSAVE;
        else if (bytes_is(word, "save"))
            how |= ENGINE_SHUTDOWN_SAVE;
        else if (bytes_is(word, "now"))
            how |= ENGINE_SHUTDOWN_NOW;
        else if (bytes_is(word, "force"))
            how |= ENGINE_SHUTDOWN_FORCE;
        else if (bytes_is(word, "abort"))
            how |= ENGINE_SHUTDOWN_ABORT;
        else {
            call_error(call, ERR_SYNTAX);
            return;
        }
    }
    if (((how & ENGINE_SHUTDOWN_ABORT) && how != ENGINE_SHUTDOWN_ABORT) ||
        ((how & ENGINE_SHUTDOWN_NOSAVE) && (how & ENGINE_SHUTDOWN_SAVE))) {
        call_error(call, ERR_SYNTAX);
        return;
    }
    if (how & ENGINE_SHUTDOWN_ABORT) {
        if (s->shutdown(s->context, how))
            reply_ok(call->reply);
        else
            reply_errorf(call->reply, "ERR No shutdown in progress.");
        return;
    }
    /* A script has not ended: there is nothing whole to save. */
    if ((call->engine->slow_path & ENGINE_BUSY) && !(how & ENGINE_SHUTDOWN_NOSAVE)) {
        call_error(call, call->engine->busy_function ? ERR_BUSY_FUNCTION : ERR_BUSY);
        return;
    }
    if (!s->shutdown(s->context, how))
        reply_errorf(call->reply, "ERR Errors trying to SHUTDOWN. Check logs.");
    else
        client_close(call->client);
}

const struct command shutdown_command = {
    .name = "shutdown",
    .usage = "[<NOSAVE | SAVE>] [NOW] [FORCE] [ABORT]",
    .summary = "Saves what there is to save and ends the server.",
    .since = "1.0.0",
    .complexity = "O(N) with N all keys when saving",
    .group = GROUP_SERVER,
    .arity = -1,
    .flags = COMMAND_ADMIN | COMMAND_ALLOW_BUSY | COMMAND_LOADING | COMMAND_NO_MULTI |
             COMMAND_NOSCRIPT | COMMAND_STALE | COMMAND_UNTRACKED,
    .handler = do_shutdown,
};
