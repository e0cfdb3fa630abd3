/* ACL: users and their rights.
 *
 * Users and the grammar of rules are in acl/, clients' rights in engine/rights; this file connects
 * the two. SETUSER applies all rules to a copy, which replaces the user only if every rule is
 * valid. DELUSER closes the clients of deleted users. LOAD reads the whole file into a new set, and
 * replaces all users at once if it has no error. SAVE replaces the file by a rename
 * (file_replace()).
 *
 * After every change rights_refresh() checks each client again: one with all rights takes the quick
 * path, and one with subscriptions that are no longer allowed is closed. The calling connection
 * keeps its rights until its command or transaction has ended. */
#include "commands/index.h"

#include "acl/user_describe.h"
#include "acl/users.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/rng.h"
#include "command/categories.h"
#include "engine/rights.h"
#include "io/file.h"

#include <stdio.h>

static void do_acl_whoami(struct call *call)
{
    reply_bulk_str(call->reply, call->client->user->name);
}

static void do_acl_setuser(struct call *call)
{
    struct users *users = call->engine->users;
    struct bytes name = call->argv[2];
    struct buf bad = {0};
    if (!users_name_is_good(name)) {
        reply_errorf(call->reply, "ERR " USERS_BAD_NAME);
        return;
    }
    struct user *old = users_find(users, name),
                *x = old ? user_copy(old) : user_new(name, users->all_channels);
    const char *why = user_apply_all(x, users->registry, call->argv + 3, call->argc - 3,
                                     users->all_channels, &bad);
    if (why) {
        user_free(x);
        if (bad.n)
            reply_errorf(call->reply, "ERR Error in ACL SETUSER modifier '%.*s': %s", (int)bad.n,
                         bad.p, why);
        else
            reply_errorf(call->reply, "ERR %s", why);
        buf_free(&bad);
        return;
    }
    buf_free(&bad);
    user_replace(old ? old : users_add(users, name), x);
    rights_refresh(call->engine, call->client);
    reply_ok(call->reply);
}

static void do_acl_deluser(struct call *call)
{
    struct users *users = call->engine->users;
    long long n = 0;
    for (int i = 2; i < call->argc; i++) {
        if (bytes_equal(call->argv[i], BYTES("default"))) {
            reply_errorf(call->reply, "ERR The 'default' user cannot be removed");
            return;
        }
    }
    for (int i = 2; i < call->argc; i++) {
        struct user *x = users_find(users, call->argv[i]);
        if (!x)
            continue;
        rights_kick(call->engine, x, call->client);
        users_remove(users, x);
        n++;
    }
    /* Clients that were moved to another user may have lost the right to their subscriptions. */
    rights_refresh(call->engine, call->client);
    reply_int(call->reply, n);
}

static void text_of(struct reply *r, const char *name,
                    void (*describe)(const struct selector *s, struct buf *out),
                    const struct selector *s)
{
    struct buf b = {0};
    reply_bulk_text(r, name);
    describe(s, &b);
    reply_bulk(r, b.n ? buf_bytes(&b) : bytes_of("", 0));
    buf_free(&b);
}

static void describe_selector(struct reply *r, const struct selector *s)
{
    text_of(r, "commands", user_describe_commands, s);
    text_of(r, "keys", user_describe_keys, s);
    text_of(r, "channels", user_describe_channels, s);
}

static void do_acl_getuser(struct call *call)
{
    struct reply *r = call->reply;
    const struct user *u = users_find(call->engine->users, call->argv[2]);
    if (!u) {
        reply_null(r);
        return;
    }
    reply_map(r, 6);
    reply_bulk_text(r, "flags");
    reply_set(r, 2 + (size_t)u->no_password);
    reply_bulk_text(r, u->on ? "on" : "off");
    if (u->no_password)
        reply_bulk_text(r, "nopass");
    reply_bulk_text(r, u->skip_sanitize ? "skip-sanitize-payload" : "sanitize-payload");
    reply_bulk_text(r, "passwords");
    reply_array(r, u->hash_n);
    for (size_t i = 0; i < u->hash_n; i++)
        reply_bulk(r, bytes_of(u->hashes[i], 64));
    describe_selector(r, &u->selectors[0]);
    reply_bulk_text(r, "selectors");
    reply_array(r, u->selector_n - 1);
    for (size_t i = 1; i < u->selector_n; i++) {
        reply_map(r, 3);
        describe_selector(r, &u->selectors[i]);
    }
}

static void do_acl_users(struct call *call)
{
    struct user **all = users_sorted(call->engine->users);
    reply_array(call->reply, call->engine->users->by_name.used);
    for (struct user **x = all; *x; x++)
        reply_bulk_str(call->reply, (*x)->name);
    mem_free(all);
}

static void do_acl_list(struct call *call)
{
    struct user **all = users_sorted(call->engine->users);
    reply_array(call->reply, call->engine->users->by_name.used);
    for (struct user **x = all; *x; x++) {
        struct buf b = {0};
        buf_printf(&b, "user %.*s ", (int)(*x)->name->n, (*x)->name->p);
        user_describe(*x, &b);
        reply_bulk(call->reply, buf_bytes(&b));
        buf_free(&b);
    }
    mem_free(all);
}

static void do_acl_cat(struct call *call)
{
    const char *const *all = categories_all();
    if (call->argc > 3) {
        helpers_bad_subcommand(call);
        return;
    }
    if (call->argc == 2) {
        size_t n = 0;
        while (all[n])
            n++;
        reply_array(call->reply, n);
        for (size_t i = 0; i < n; i++)
            reply_bulk_text(call->reply, all[i]);
        return;
    }
    struct bytes name = {0};
    for (; *all && !name.p; all++)
        if (bytes_is(call->argv[2], *all))
            name = bytes_text(*all);
    if (!name.p) {
        reply_errorf(call->reply, "ERR Unknown category '%.*s'", (int)call->argv[2].n,
                     call->argv[2].p);
        return;
    }
    struct chain aside = {0};
    size_t n = 0;
    reply_later_begin(call->reply, &aside);
    for (const struct command *const *c = registry_all(call->engine->registry); *c; c++) {
        if (categories_has(*c, name)) {
            reply_bulk_text(call->reply, command_full_name(*c));
            n++;
        }
        for (const struct command *const *sub = (*c)->subcommands; sub && *sub; sub++)
            if (categories_has(*sub, name)) {
                reply_bulk_text(call->reply, command_full_name(*sub));
                n++;
            }
    }
    reply_later_end(call->reply, '*', n);
}

static void do_acl_genpass(struct call *call)
{
    long long bits = 256;
    char text[1024];
    if (call->argc > 3) {
        helpers_bad_subcommand(call);
        return;
    }
    if (call->argc == 3) {
        if (!call_int(call, 2, &bits))
            return;
        if (bits <= 0 || bits > 4096) {
            reply_errorf(call->reply, "ERR ACL GENPASS argument must be the number of bits for the "
                                      "output password, a positive number up to 4096");
            return;
        }
    }
    size_t n = (size_t)(bits + 3) / 4;
    rng_hex(text, n);
    reply_bulk(call->reply, bytes_of(text, n));
}

static void do_acl_dryrun(struct call *call)
{
    const struct user *u = users_find(call->engine->users, call->argv[2]);
    const struct bytes *argv = call->argv + 3;
    const char *pattern;
    int argc = call->argc - 3, which;
    if (!u) {
        reply_errorf(call->reply, "ERR User '%.*s' not found", (int)call->argv[2].n,
                     call->argv[2].p);
        return;
    }
    const struct command *c = registry_find(call->engine->registry, argv[0]);
    if (c && c->subcommands && argc > 1)
        c = registry_subcommand(c, argv[1]);
    if (!c) {
        reply_errorf(call->reply, "ERR Command '%.*s' not found", (int)argv[0].n, argv[0].p);
        return;
    }
    if (!command_arity_fits(c, argc)) {
        helpers_wrong_arity(call, c);
        return;
    }
    enum check_result why = check_all(u, call->engine->registry, c, argv, argc, &which, &pattern);
    if (why == CHECK_OK) {
        reply_ok(call->reply);
        return;
    }
    struct buf b = {0};
    if (why == CHECK_PATTERN)
        buf_printf(&b, "%s denied due to insufficient ACL permissions", pattern);
    else
        check_explain(&b, why, u, c, argv[which], true);
    reply_bulk(call->reply, buf_bytes(&b));
    buf_free(&b);
}

static void reply_denial(struct call *call, const struct rights_entry *x)
{
    struct reply *r = call->reply;
    reply_map(r, 10);
    reply_bulk_text(r, "count");
    reply_int(r, x->count);
    reply_bulk_text(r, "reason");
    reply_bulk_text(r, check_reason(x->why));
    reply_bulk_text(r, "context");
    reply_bulk_text(r, x->context);
    reply_bulk_text(r, "object");
    reply_bulk_str(r, x->object);
    reply_bulk_text(r, "username");
    reply_bulk_str(r, x->user);
    reply_bulk_text(r, "age-seconds");
    reply_double(r, (double)(call->now_ms - x->created_ms) / 1000);
    reply_bulk_text(r, "client-info");
    reply_bulk_str(r, x->client);
    reply_bulk_text(r, "entry-id");
    reply_int(r, (long long)x->id);
    reply_bulk_text(r, "timestamp-created");
    reply_int(r, x->created_ms);
    reply_bulk_text(r, "timestamp-last-updated");
    reply_int(r, x->updated_ms);
}

static void do_acl_log(struct call *call)
{
    struct engine *e = call->engine;
    long long most = 10;
    if (call->argc > 3) {
        helpers_bad_subcommand(call);
        return;
    }
    if (call->argc == 3 && bytes_is(call->argv[2], "reset")) {
        rights_forget_denials(e);
        reply_ok(call->reply);
        return;
    }
    if (call->argc == 3 && !call_int(call, 2, &most))
        return;
    if (most < 0)
        most = 0;
    size_t n = (long long)e->denials.count < most ? e->denials.count : (size_t)most;
    reply_array(call->reply, n);
    struct dlist_node *at = e->denials.entries.next;
    for (size_t i = 0; i < n; i++, at = at->next)
        reply_denial(call, dlist_item(at, struct rights_entry, node));
}

static bool has_file(struct call *call)
{
    if (*call->engine->settings->aclfile)
        return true;
    reply_errorf(call->reply,
                 "ERR This Redis instance is not configured to use an ACL file. You may want to "
                 "specify users via the ACL SETUSER command and then issue a CONFIG REWRITE "
                 "(assuming you have a Redis configuration file set) in order to store users in "
                 "the Redis configuration.");
    return false;
}

static void do_acl_load(struct call *call)
{
    struct engine *e = call->engine;
    struct buf text = {0}, error = {0};
    if (!has_file(call))
        return;
    const char *path = e->settings->aclfile;
    struct users *fresh = users_new(e->registry, e->users->all_channels);
    int failed = file_read(path, &text);
    if (failed)
        buf_printf(&error, "Error loading ACLs, opening file '%s': %s", path, strerror(-failed));
    else
        users_read_file(fresh, buf_bytes(&text), path, &error);
    if (error.n) {
        users_free(fresh);
        reply_errorf(call->reply, "ERR %.*s%s", (int)error.n, error.p,
                     failed ? ""
                            : "WARNING: ACL errors detected, no change to the previously "
                              "active ACL rules was performed");
    } else {
        rights_replace_users(e, fresh, call->client);
        reply_ok(call->reply);
    }
    buf_free(&text);
    buf_free(&error);
}

static void do_acl_save(struct call *call)
{
    struct buf text = {0};
    if (!has_file(call))
        return;
    users_print_file(call->engine->users, &text);
    int failed = file_replace(call->engine->settings->aclfile, buf_bytes(&text));
    buf_free(&text);
    if (failed)
        reply_errorf(call->reply,
                     "ERR There was an error trying to save the ACLs. Please check the "
                     "server logs for more information");
    else
        reply_ok(call->reply);
}

static void do_acl_help(struct call *call)
{
    helpers_help(call, &acl_command);
}

#define USUAL   (COMMAND_NOSCRIPT | COMMAND_LOADING | COMMAND_STALE | COMMAND_UNTRACKED)
#define GUARDED (COMMAND_ADMIN | USUAL)

#define EVERYWHERE "request_policy:all_nodes response_policy:all_succeeded"

#define ACL_SUB(word, args, text, version, cost, count, bits)                                      \
    ACL_CHANGE(word, args, text, version, cost, count, bits, NULL, 0)

/* Subcommands that must reach all nodes of a cluster; secrets: the first secret argument. */
#define ACL_CHANGE(word, args, text, version, cost, count, bits, advice, secrets)                  \
    static const struct command acl_##word##_command = {                                           \
        .name = #word,                                                                             \
        .full_name = "acl|" #word,                                                                 \
        .usage = args,                                                                             \
        .summary = text,                                                                           \
        .since = version,                                                                          \
        .complexity = cost,                                                                        \
        .tips = advice,                                                                            \
        .group = GROUP_SERVER,                                                                     \
        .arity = count,                                                                            \
        .flags = bits,                                                                             \
        .secret_from = secrets,                                                                    \
        .handler = do_acl_##word,                                                                  \
    }

ACL_SUB(cat, "[category:string]", "Lists categories, or a category's commands.", "6.0.0", "O(N)",
        -2, USUAL);
ACL_CHANGE(deluser, "username:string...", "Deletes users and closes their connections.", "6.0.0",
           "O(N) with N the connections", -3, GUARDED, EVERYWHERE, 0);
ACL_SUB(dryrun, "username:string command:string [arg:string...]",
        "Returns whether a user has permission to run a command.", "7.0.0",
        "O(N) with N the arguments", -4, GUARDED);
ACL_SUB(genpass, "[bits:int]", "Generates a password.", "6.0.0", "O(1)", -2, USUAL);
ACL_SUB(getuser, "username:string", "Returns the rules of a user.", "6.0.0",
        "O(N) with N the rules", 3, GUARDED);
ACL_SUB(help, "", "Lists the subcommands.", "6.0.0", "O(1)", 2,
        COMMAND_LOADING | COMMAND_STALE | COMMAND_UNTRACKED);
ACL_SUB(list, "", "Lists the rules of all users.", "6.0.0", "O(N) with N the users", 2, GUARDED);
ACL_SUB(load, "", "Reloads the ACL file.", "6.0.0", "O(N) with N the users", 2, GUARDED);
ACL_SUB(log, "[<count:int | RESET>]", "Lists denied commands and failed authentications.", "6.0.0",
        "O(N) with N the entries", -2, GUARDED);
ACL_CHANGE(save, "", "Writes the users to the ACL file.", "6.0.0", "O(N) with N the users", 2,
           GUARDED, EVERYWHERE, 0);
ACL_CHANGE(setuser, "username:string [rule:string...]", "Creates or modifies a user.", "6.0.0",
           "O(N) with N the rules", -3, GUARDED, EVERYWHERE, 2);
ACL_SUB(users, "", "Lists the users.", "6.0.0", "O(N) with N the users", 2, GUARDED);
ACL_SUB(whoami, "", "Returns the user of the connection.", "6.0.0", "O(1)", 2, USUAL);

static const struct command *const acl_subcommands[] = {&acl_cat_command,     &acl_deluser_command,
                                                        &acl_dryrun_command,  &acl_genpass_command,
                                                        &acl_getuser_command, &acl_help_command,
                                                        &acl_list_command,    &acl_load_command,
                                                        &acl_log_command,     &acl_save_command,
                                                        &acl_setuser_command, &acl_users_command,
                                                        &acl_whoami_command,  NULL};

const struct command acl_command = {
    .name = "acl",
    .usage = "",
    .summary = "Manages users and their permissions.",
    .since = "6.0.0",
    .complexity = "Depends on the subcommand.",
    .group = GROUP_SERVER,
    .arity = -2,
    .subcommands = acl_subcommands,
};
