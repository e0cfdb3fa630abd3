/* The effects of changed settings: a function for each setting that needs more than being stored,
 * in a table in the order of execution.
 *
 * CONFIG SET of several settings stores all values and then calls this once. Functions of adjacent
 * settings run once. A function that fails (port in use, invalid certificate) returns false with
 * the reason; the caller restores the old values and calls again, so each function must be able to
 * return to the former state. */
#include "server/apply.h"

#include "acl/users.h"
#include "base/assert.h"
#include "base/log.h"
#include "engine/observe.h"
#include "engine/state.h"
#include "replica/quorum.h"
#include "server/console_link.h"
#include "server/cron.h"
#include "server/durability.h"
#include "server/listeners.h"
#include "server/memory.h"
#include "server/persistence.h"
#include "server/process.h"
#include "server/watchdog.h"
#include "survey/survey.h"

#include <stdio.h>

typedef bool apply_function(const struct apply_parts *p, const char **reason);

static bool apply_loglevel(const struct apply_parts *p, const char **reason)
{
    (void)reason;
    log_set_level((int)p->engine->settings->loglevel);
    return true;
}

static bool apply_events(const struct apply_parts *p, const char **reason)
{
    (void)reason;
    p->engine->store->notify = p->engine->settings->notify_flags;
    return true;
}

static bool apply_tls(const struct apply_parts *p, const char **reason)
{
    *reason = "Unable to update TLS configuration. Check server logs.";
    return listeners_configure_tls(p->listeners) && console_link_configure_tls(p->console);
}

static bool apply_port(const struct apply_parts *p, const char **reason)
{
    *reason = "Unable to listen on this port. Check server logs.";
    return listeners_reopen(p->listeners);
}

static bool apply_tls_port(const struct apply_parts *p, const char **reason)
{
    return apply_tls(p, reason) && apply_port(p, reason);
}

static bool apply_bind(const struct apply_parts *p, const char **reason)
{
    *reason = "Failed to bind to specified addresses.";
    return listeners_reopen(p->listeners);
}

static bool apply_console(const struct apply_parts *p, const char **reason)
{
    *reason = "Unable to listen on this port of the console. Check server logs.";
    survey_configure(p->engine->survey);
    return console_link_open(p->console);
}

static bool apply_requirepass(const struct apply_parts *p, const char **reason)
{
    (void)reason;
    users_set_default_password(p->engine->users, p->engine->settings->requirepass);
    return true;
}

static bool apply_observe(const struct apply_parts *p, const char **reason)
{
    (void)reason;
    observe_configure(p->engine);
    return true;
}

static bool apply_acl_pubsub_default(const struct apply_parts *p, const char **reason)
{
    (void)reason;
    p->engine->users->all_channels = p->engine->settings->acl_pubsub_default == 1;
    return true;
}

static bool apply_dir(const struct apply_parts *p, const char **reason)
{
    return persistence_change_directory(p->persistence, reason);
}

static bool apply_appendonly(const struct apply_parts *p, const char **reason)
{
    return persistence_switch_aof(p->persistence, p->engine->settings->appendonly, reason);
}

static bool apply_sync_policy(const struct apply_parts *p, const char **reason)
{
    (void)reason;
    durability_configure(p->durability);
    return true;
}

static bool apply_hz(const struct apply_parts *p, const char **reason)
{
    (void)reason;
    cron_configure(p->cron);
    return true;
}

static bool apply_memory(const struct apply_parts *p, const char **reason)
{
    (void)reason;
    memory_configure(p->memory);
    return true;
}

static bool apply_replicas(const struct apply_parts *p, const char **reason)
{
    (void)reason;
    state_apply_replica_settings(p->engine);
    state_compare_replicas(p->engine);
    quorum_update(p->engine->replication);
    return true;
}

static bool apply_maxclients(const struct apply_parts *p, const char **reason)
{
    static char why[128];
    long long possible = process_raise_file_limit(p->engine->settings->maxclients);
    if (possible >= p->engine->settings->maxclients)
        return true;
    snprintf(why, sizeof(why),
             "The operating system is not able to handle the specified number of clients, try "
             "with %lld",
             possible);
    *reason = why;
    return false;
}

static bool apply_oom_score(const struct apply_parts *p, const char **reason)
{
    *reason = "Failed to set current oom_score_adj. Check server logs.";
    return process_adjust_oom_score(p->engine->settings, PROCESS_SERVER);
}

static bool apply_title(const struct apply_parts *p, const char **reason)
{
    (void)reason;
    process_show_title(p->engine->settings);
    return true;
}

static bool apply_watchdog(const struct apply_parts *p, const char **reason)
{
    (void)reason;
    watchdog_set_period(p->engine->settings->watchdog_period);
    return true;
}

static bool apply_panic(const struct apply_parts *p, const char **reason)
{
    (void)reason;
    assert_set_exit(p->engine->settings->use_exit_on_panic);
    return true;
}

/* In the order of execution: what listeners depend on precedes them. */
static const struct {
    const char *name;
    apply_function *apply;
} table[] = {
    {"tls-auth-clients", apply_tls},
    {"tls-ca-cert-dir", apply_tls},
    {"tls-ca-cert-file", apply_tls},
    {"tls-cert-file", apply_tls},
    {"tls-ciphers", apply_tls},
    {"tls-client-cert-file", apply_tls},
    {"tls-client-key-file", apply_tls},
    {"tls-client-key-file-pass", apply_tls},
    {"tls-cluster", apply_tls},
    {"tls-replication", apply_tls},
    {"tls-ciphersuites", apply_tls},
    {"tls-dh-params-file", apply_tls},
    {"tls-key-file", apply_tls},
    {"tls-key-file-pass", apply_tls},
    {"tls-prefer-server-ciphers", apply_tls},
    {"tls-protocols", apply_tls},
    {"tls-session-cache-size", apply_tls},
    {"tls-session-cache-timeout", apply_tls},
    {"tls-session-caching", apply_tls},
    {"tls-port", apply_tls_port},
    {"port", apply_port},
    {"bind", apply_bind},
    {"console-tls-auth-clients", apply_tls},
    {"console-port", apply_console},
    {"console-bind", apply_console},
    {"console-tls", apply_console},
    {"acl-pubsub-default", apply_acl_pubsub_default},
    {"aof-disk-reserve", apply_sync_policy},
    {"aof-timestamp-enabled", apply_sync_policy},
    {"aof-disable-auto-gc", apply_sync_policy},
    {"dir", apply_dir},
    {"appendonly", apply_appendonly},
    {"appendfsync", apply_sync_policy},
    {"hz", apply_hz},
    {"jemalloc-bg-thread", apply_memory},
    {"latency-monitor-threshold", apply_observe},
    {"latency-tracking", apply_observe},
    {"lfu-decay-time", apply_memory},
    {"lfu-log-factor", apply_memory},
    {"loglevel", apply_loglevel},
    {"maxclients", apply_maxclients},
    {"maxmemory", apply_memory},
    {"maxmemory-clients", apply_memory},
    {"maxmemory-eviction-tenacity", apply_memory},
    {"maxmemory-policy", apply_memory},
    {"maxmemory-samples", apply_memory},
    {"min-replicas-max-lag", apply_replicas},
    {"min-replicas-to-ack", apply_replicas},
    {"min-replicas-to-write", apply_replicas},
    {"notify-keyspace-events", apply_events},
    {"oom-score-adj", apply_oom_score},
    {"oom-score-adj-values", apply_oom_score},
    {"proc-title-template", apply_title},
    {"replica-ack-fsync", apply_replicas},
    {"replica-read-only", apply_replicas},
    {"replica-serve-stale-data", apply_replicas},
    {"requirepass", apply_requirepass},
    {"slowlog-log-slower-than", apply_observe},
    {"slowlog-max-len", apply_observe},
    {"stream-cache-size", apply_memory},
    {"use-exit-on-panic", apply_panic},
    {"watchdog-period", apply_watchdog},
};

#define ROWS (sizeof(table) / sizeof(table[0]))

bool apply_settings(const struct apply_parts *p, const struct setting *const *changed, int n,
                    int *failed, const char **reason)
{
    apply_function *before = NULL;
    for (int i = 0; i < n; i++)
        if ((changed[i]->flags & (SETTING_INERT | SETTING_LATER)) &&
            !settings_is_default(p->engine->settings, changed[i]))
            log_line(LOG_NOTICE, "Setting '%s' is accepted but has no effect in this version",
                     changed[i]->name);
    for (size_t row = 0; row < ROWS; row++)
        for (int i = 0; i < n; i++) {
            /* Adjacent settings share a call of their function. */
            if (strcmp(changed[i]->name, table[row].name) != 0 || table[row].apply == before)
                continue;
            before = table[row].apply;
            if (!before(p, reason)) {
                *failed = i;
                return false;
            }
        }
    *reason = NULL;
    return true;
}
