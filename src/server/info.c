#include "server/info.h"

#include "acl/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/words.h"
#include "command/registry.h"
#include "engine/client.h"
#include "engine/observe.h"
#include "engine/tracking.h"
#include "engine/txn.h"
#include "persist/aof.h"
#include "script/scripting.h"
#include "server/cron.h"
#include "server/lazy.h"
#include "server/memory.h"
#include "server/saver.h"
#include "server/turn.h"
#include "server/version.h"
#include "type/stream/stream_cache.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

static void human(char *to, size_t n, size_t bytes)
{
    static const char units[] = "BKMGTP";
    double v = (double)bytes;
    int u = 0;
    while (v >= 1024 && u < 5) {
        v /= 1024;
        u++;
    }
    if (u == 0)
        snprintf(to, n, "%zuB", bytes);
    else
        snprintf(to, n, "%.2f%c", v, units[u]);
}

static void server_section(struct server *s, struct buf *b)
{
    struct utsname u;
    uname(&u);
    int64_t up = (s->engine.steady_ms - s->started_ms) / 1000;
    buf_printf(b, "redis_version:" VERSION_REDIS "\r\n"
                  "server_name:millrace\r\n"
                  "millrace_version:" VERSION_MILLRACE "\r\n"
                  "redis_git_sha1:00000000\r\nredis_git_dirty:0\r\nredis_build_id:0\r\n"
                  "redis_mode:standalone\r\n");
    buf_printf(b,
               "os:%s %s %s\r\narch_bits:64\r\nmonotonic_clock:POSIX clock_gettime\r\n"
               "multiplexing_api:epoll\r\natomicvar_api:c11-builtin\r\n"
               "gcc_version:%d.%d.%d\r\nprocess_id:%d\r\nprocess_supervised:%s\r\n",
               u.sysname, u.release, u.machine, __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__,
               (int)getpid(), s->settings->supervised == 2 ? "systemd" : "no");
    buf_printf(b,
               "run_id:%s\r\ntcp_port:%lld\r\nserver_time_usec:%lld\r\n"
               "uptime_in_seconds:%lld\r\nuptime_in_days:%lld\r\nhz:%lld\r\n"
               "configured_hz:%lld\r\nlru_clock:%u\r\nexecutable:%s\r\nconfig_file:%s\r\n"
               "io_threads_active:0\r\n",
               s->run_id, s->settings->port, (long long)clock_wall_us(), (long long)up,
               (long long)up / 86400, s->settings->hz, s->settings->hz,
               (uint32_t)(s->engine.now_ms / 1000) & 0xffffff, s->executable ? s->executable : "",
               s->settings->file ? s->settings->file : "");
    for (int i = 0; i < s->listener_n; i++)
        buf_printf(b, "listener%d:name=%s,bind=%s,port=%lld\r\n", i,
                   s->listeners[i].is_unix  ? "unix"
                   : s->listeners[i].is_tls ? "tls"
                                            : "tcp",
                   s->settings->bind,
                   s->listeners[i].is_tls ? s->settings->tls_port : s->settings->port);
}

static void clients_section(struct server *s, struct buf *b)
{
    struct engine *e = &s->engine;
    size_t most_in = 0, most_out = 0, linked = 0, pubsub = 0, watching = 0, paused = 0;
    for (struct dlist_node *n = e->clients.all.next; n != &e->clients.all; n = n->next) {
        struct client *c = dlist_item(n, struct client, all);
        linked += c->link != NULL;
        paused += (c->flags & CLIENT_PAUSED) != 0;
        watching += c->txn && !dlist_empty(&c->txn->watches);
        pubsub += (c->flags & CLIENT_SUBSCRIBED) != 0;
        most_in = c->in_cap > most_in ? c->in_cap : most_in;
        most_out = c->out.memory > most_out ? c->out.memory : most_out;
    }
    buf_printf(b,
               "connected_clients:%zu\r\ncluster_connections:0\r\nmaxclients:%lld\r\n"
               "client_recent_max_input_buffer:%zu\r\nclient_recent_max_output_buffer:%zu\r\n"
               "blocked_clients:%zu\r\ntracking_clients:%zu\r\npubsub_clients:%zu\r\n"
               "watching_clients:%zu\r\nclients_in_timeout_table:%zu\r\n"
               "total_watched_keys:%zu\r\ntotal_blocking_keys:%zu\r\n"
               "total_blocking_keys_on_nokey:%zu\r\n",
               linked, s->settings->maxclients, most_in, most_out, e->blocking.count + paused,
               e->tracking->client_n, pubsub, watching, e->blocking.with_deadline, e->watched.used,
               e->blocking.keys.used, e->blocking.nokey_keys);
}

static void add_size(struct buf *b, const char *name, size_t n)
{
    char text[32];
    human(text, sizeof(text), n);
    buf_printf(b, "%s:%zu\r\n%s_human:%s\r\n", name, n, name, text);
}

static void memory_section(struct server *s, struct buf *b)
{
    struct engine_memory m;
    memory_report(s, &m);
    size_t allocated = m.used, active = m.active, resident = m.resident, used = m.used, own = m.rss,
           overhead = m.overhead;
    add_size(b, "used_memory", used);
    add_size(b, "used_memory_rss", own);
    add_size(b, "used_memory_peak", s->peak_memory);
    buf_printf(b,
               "used_memory_peak_perc:%.2f%%\r\nused_memory_overhead:%zu\r\n"
               "used_memory_startup:%zu\r\nused_memory_dataset:%zu\r\n"
               "used_memory_dataset_perc:%.2f%%\r\nallocator_allocated:%zu\r\n"
               "allocator_active:%zu\r\nallocator_resident:%zu\r\n",
               s->peak_memory ? 100.0 * (double)used / (double)s->peak_memory : 0.0, overhead,
               s->startup_memory, used > overhead ? used - overhead : 0,
               used > s->startup_memory ? 100.0 * (double)(used > overhead ? used - overhead : 0) /
                                              (double)(used - s->startup_memory)
                                        : 0.0,
               allocated, active, resident);
    add_size(b, "total_system_memory",
             (size_t)sysconf(_SC_PHYS_PAGES) * (size_t)sysconf(_SC_PAGESIZE));
    struct scripting_memory l;
    scripting_memory(s->engine.scripting, &l);
    add_size(b, "used_memory_lua", l.eval_vm);
    buf_printf(b, "used_memory_vm_eval:%zu\r\n", l.eval_vm);
    buf_printf(b,
               "used_memory_scripts_eval:%zu\r\nnumber_of_cached_scripts:%zu\r\n"
               "number_of_functions:%zu\r\nnumber_of_libraries:%zu\r\n"
               "used_memory_vm_functions:%zu\r\n",
               l.scripts, l.script_count, l.function_count, l.library_count, l.function_vm);
    add_size(b, "used_memory_vm_total", l.eval_vm + l.function_vm);
    buf_printf(b, "used_memory_functions:%zu\r\n", l.libraries);
    add_size(b, "used_memory_scripts", l.scripts + l.libraries);
    add_size(b, "maxmemory", (size_t)s->settings->maxmemory);
    struct buf policy = {0};
    settings_print(s->settings, settings_find(BYTES("maxmemory-policy")), &policy);
    buf_printf(b, "maxmemory_policy:%.*s\r\n", (int)policy.n, policy.p);
    buf_free(&policy);
    buf_printf(
        b,
        "allocator_frag_ratio:%.2f\r\nallocator_frag_bytes:%zu\r\n"
        "allocator_rss_ratio:%.2f\r\nallocator_rss_bytes:%lld\r\n"
        "rss_overhead_ratio:%.2f\r\nrss_overhead_bytes:%lld\r\n"
        "mem_fragmentation_ratio:%.2f\r\nmem_fragmentation_bytes:%lld\r\n",
        allocated ? (double)active / (double)allocated : 0.0, active - allocated,
        active ? (double)resident / (double)active : 0.0, (long long)resident - (long long)active,
        resident ? (double)own / (double)resident : 0.0, (long long)own - (long long)resident,
        used ? (double)own / (double)used : 0.0, (long long)own - (long long)used);
    buf_printf(b,
               "mem_not_counted_for_evict:%zu\r\nmem_replication_backlog:0\r\n"
               "mem_total_replication_buffers:0\r\nmem_clients_slaves:0\r\n"
               "mem_clients_normal:%zu\r\nmem_cluster_links:0\r\nmem_aof_buffer:%zu\r\n"
               "mem_allocator:%s\r\nactive_defrag_running:0\r\nlazyfree_pending_objects:%zu\r\n"
               "lazyfreed_objects:%zu\r\nmem_stream_cache:%zu\r\n",
               m.apart, m.clients, m.journal, mem_allocator_name(), lazy_figures(s->lazy)->pending,
               lazy_figures(s->lazy)->freed, stream_cache_bytes());
}

static double us_of(uint64_t ticks)
{
    return (double)ticks / clock_ticks_per_us();
}

static void stats_section(struct server *s, struct buf *b)
{
    struct engine *e = &s->engine;
    struct saver_figures v;
    saver_figures(s->saver, &v);
    int64_t over_ms = s->over_limit_since_ms ? e->steady_ms - s->over_limit_since_ms : 0;
    size_t prefixes = 0;
    const struct dlist_node *tracked = &e->tracking->clients;
    for (const struct dlist_node *n = tracked->next; n != tracked; n = n->next)
        prefixes += dlist_item(n, struct tracking_client, node)->prefix_n;
    buf_printf(b,
               "total_connections_received:%llu\r\ntotal_commands_processed:%llu\r\n"
               "instantaneous_ops_per_sec:%lld\r\ntotal_net_input_bytes:%llu\r\n"
               "total_net_output_bytes:%llu\r\ntotal_net_repl_input_bytes:0\r\n"
               "total_net_repl_output_bytes:0\r\ninstantaneous_input_kbps:%.2f\r\n"
               "instantaneous_output_kbps:%.2f\r\ninstantaneous_input_repl_kbps:0.00\r\n"
               "instantaneous_output_repl_kbps:0.00\r\nrejected_connections:%llu\r\n",
               (unsigned long long)e->stats.total_connections,
               (unsigned long long)e->stats.total_commands, (long long)rate_mean(&s->commands),
               (unsigned long long)e->stats.total_in, (unsigned long long)e->stats.total_out,
               rate_mean(&s->net_in) / 1024, rate_mean(&s->net_out) / 1024,
               (unsigned long long)e->stats.rejected_connections);
    buf_printf(
        b,
        "sync_full:0\r\nsync_partial_ok:0\r\nsync_partial_err:0\r\nexpired_keys:%lld\r\n"
        "expired_time_cap_reached_count:%llu\r\n"
        "expire_cycle_cpu_milliseconds:%llu\r\nevicted_keys:%lld\r\nevicted_clients:%llu\r\n"
        "total_eviction_exceeded_time:%lld\r\ncurrent_eviction_exceeded_time:%lld\r\n"
        "eviction_longest_turn_us:%lld\r\neviction_longest_turn_cpu_us:%lld\r\n"
        "expired_subkeys:%lld\r\n"
        "keyspace_hits:%lld\r\nkeyspace_misses:%lld\r\npubsub_channels:%zu\r\n"
        "pubsub_patterns:%zu\r\npubsubshard_channels:%zu\r\n",
        e->store->expired, (unsigned long long)s->expire_capped,
        (unsigned long long)s->expire_us / 1000, e->store->evicted,
        (unsigned long long)e->stats.evicted_clients, (long long)(s->over_limit_ms + over_ms),
        (long long)over_ms, (long long)s->evict_longest_us, (long long)s->evict_longest_cpu_us,
        e->store->expired_fields, e->store->hits, e->store->misses,
        pubsub_names(e->pubsub, PUBSUB_CHANNEL)->used,
        pubsub_names(e->pubsub, PUBSUB_PATTERN)->used, pubsub_names(e->pubsub, PUBSUB_SHARD)->used);
    buf_printf(b,
               "latest_fork_usec:%llu\r\ntotal_forks:%llu\r\nmigrate_cached_sockets:0\r\n"
               "slave_expires_tracked_keys:0\r\nactive_defrag_hits:0\r\n"
               "active_defrag_misses:0\r\nactive_defrag_key_hits:0\r\n"
               "active_defrag_key_misses:0\r\ntotal_active_defrag_time:0\r\n"
               "current_active_defrag_time:0\r\ntracking_total_keys:%zu\r\n"
               "tracking_total_items:%zu\r\ntracking_total_prefixes:%zu\r\n"
               "unexpected_error_replies:0\r\ntotal_error_replies:%llu\r\n"
               "dump_payload_sanitizations:0\r\ntotal_reads_processed:%llu\r\n"
               "total_writes_processed:%llu\r\nio_threaded_reads_processed:0\r\n"
               "io_threaded_writes_processed:0\r\nreply_buffer_shrinks:0\r\n"
               "reply_buffer_expands:0\r\neventloop_cycles:%llu\r\n"
               "client_query_buffer_limit_disconnections:%llu\r\n"
               "client_output_buffer_limit_disconnections:%llu\r\n"
               "acl_access_denied_auth:%llu\r\nacl_access_denied_cmd:%llu\r\n"
               "acl_access_denied_key:%llu\r\nacl_access_denied_channel:%llu\r\n",
               (unsigned long long)v.last_fork_us, (unsigned long long)v.forks,
               e->tracking->keys.used, e->tracking->items, prefixes,
               (unsigned long long)e->stats.total_errors, (unsigned long long)e->stats.total_reads,
               (unsigned long long)e->stats.total_writes,
               (unsigned long long)turn_figures(s->turn)->turns,
               (unsigned long long)e->stats.query_limit_disconnections,
               (unsigned long long)e->stats.output_limit_disconnections,
               (unsigned long long)e->denials.by_result[CHECK_AUTH],
               (unsigned long long)e->denials.by_result[CHECK_COMMAND],
               (unsigned long long)e->denials.by_result[CHECK_KEY],
               (unsigned long long)e->denials.by_result[CHECK_CHANNEL]);
    double cycles = rate_mean(&s->cycles);
    buf_printf(b,
               "eventloop_duration_sum:%.0f\r\neventloop_duration_cmd_sum:%.0f\r\n"
               "instantaneous_eventloop_cycles_per_sec:%.0f\r\n"
               "instantaneous_eventloop_duration_usec:%.0f\r\n",
               us_of(turn_figures(s->turn)->ticks + s->cron_ticks), us_of(e->timing.command_ticks),
               cycles,
               cycles > 0 ? rate_mean(&s->cycle_ticks) / cycles / clock_ticks_per_us() : 0.0);
}

/* Only where it is named. */
static void debug_section(struct server *s, struct buf *b)
{
    const struct turn_figures *f = turn_figures(s->turn);
    buf_printf(b,
               "eventloop_duration_aof_sum:%.0f\r\neventloop_duration_cron_sum:%.0f\r\n"
               "eventloop_duration_max:%.0f\r\neventloop_cmd_per_cycle_max:%llu\r\n",
               us_of(f->file_ticks), us_of(s->cron_ticks), us_of(f->longest_ticks),
               (unsigned long long)f->most_commands);
}

static void replication_section(struct server *s, struct buf *b)
{
    buf_printf(b,
               "role:master\r\nconnected_slaves:0\r\nmaster_failover_state:no-failover\r\n"
               "master_replid:%s\r\nmaster_replid2:0000000000000000000000000000000000000000\r\n"
               "master_repl_offset:%llu\r\nsecond_repl_offset:-1\r\nrepl_backlog_active:0\r\n"
               "repl_backlog_size:%lld\r\nrepl_backlog_first_byte_offset:0\r\n"
               "repl_backlog_histlen:0\r\n",
               s->engine.journal->id, (unsigned long long)s->engine.journal->offset,
               s->settings->repl_backlog_size);
}

static void cpu_section(struct server *s, struct buf *b)
{
    struct rusage own, children;
    (void)s;
    getrusage(RUSAGE_SELF, &own);
    getrusage(RUSAGE_CHILDREN, &children);
    buf_printf(b,
               "used_cpu_sys:%ld.%06ld\r\nused_cpu_user:%ld.%06ld\r\n"
               "used_cpu_sys_children:%ld.%06ld\r\nused_cpu_user_children:%ld.%06ld\r\n",
               own.ru_stime.tv_sec, own.ru_stime.tv_usec, own.ru_utime.tv_sec, own.ru_utime.tv_usec,
               children.ru_stime.tv_sec, children.ru_stime.tv_usec, children.ru_utime.tv_sec,
               children.ru_utime.tv_usec);
    getrusage(RUSAGE_THREAD, &own);
    buf_printf(b, "used_cpu_sys_main_thread:%ld.%06ld\r\nused_cpu_user_main_thread:%ld.%06ld\r\n",
               own.ru_stime.tv_sec, own.ru_stime.tv_usec, own.ru_utime.tv_sec,
               own.ru_utime.tv_usec);
}

static void modules_section(struct server *s, struct buf *b)
{
    (void)s;
    (void)b;
}

static void one_command(struct server *s, const struct command *c, struct buf *b)
{
    const struct engine_stat *x =
        &s->engine.stats.of_command[registry_number(s->engine.registry, c)];
    if (!x->calls && !x->rejected && !x->failed)
        return;
    double us = (double)x->ticks / clock_ticks_per_us();
    buf_printf(b,
               "cmdstat_%s:calls=%llu,usec=%.0f,usec_per_call=%.2f,rejected_calls=%llu,"
               "failed_calls=%llu\r\n",
               command_full_name(c), (unsigned long long)x->calls, us,
               x->calls ? us / (double)x->calls : 0.0, (unsigned long long)x->rejected,
               (unsigned long long)x->failed);
}

static void commandstats_section(struct server *s, struct buf *b)
{
    for (const struct command *const *c = registry_all(s->engine.registry); *c; c++) {
        one_command(s, *c, b);
        for (const struct command *const *sub = (*c)->subcommands; sub && *sub; sub++)
            one_command(s, *sub, b);
    }
}

static int by_code(const void *a, const void *b)
{
    const struct dict_node *x = *(struct dict_node *const *)a, *y = *(struct dict_node *const *)b;
    return bytes_compare(dict_key(x), dict_key(y));
}

static void errorstats_section(struct server *s, struct buf *b)
{
    struct dict_walk w = {0};
    size_t n = 0;
    const struct dict_node **all = mem_alloc((s->engine.stats.errors.used + 1) * sizeof(*all));
    for (const struct dict_node *x; (x = dict_next(&s->engine.stats.errors, &w));)
        all[n++] = x;
    qsort(all, n, sizeof(*all), by_code);
    for (size_t i = 0; i < n; i++)
        buf_printf(b, "errorstat_%.*s:count=%zu\r\n", (int)all[i]->key_n, all[i]->key,
                   (size_t)all[i]->value);
    mem_free(all);
}

/* The end of the bucket that holds the given share of the calls, in microseconds. */
static double percentile(const struct engine_stat *x, uint64_t calls, double percent)
{
    uint64_t sum = 0;
    double wanted = percent / 100 * (double)calls;
    for (unsigned i = 0; i < OBSERVE_BUCKETS; i++) {
        sum += x->times[i];
        if (sum && (double)sum >= wanted)
            return observe_bucket_end(i) / clock_ticks_per_us();
    }
    return 0;
}

static void one_latency(struct server *s, const struct command *c, struct buf *b)
{
    const struct engine_stat *x =
        &s->engine.stats.of_command[registry_number(s->engine.registry, c)];
    struct bytes text = bytes_text(s->settings->latency_tracking_info_percentiles);
    uint64_t calls = 0;
    if (!x->times || !text.n)
        return;
    for (unsigned i = 0; i < OBSERVE_BUCKETS; i++)
        calls += x->times[i];
    buf_printf(b, "latency_percentiles_usec_%s:", command_full_name(c));
    for (size_t i = 0; i < s->settings->percentile_n; i++) {
        size_t n = strcspn(text.p, " ");
        buf_printf(b, "%sp%.*s=%.3f", i ? "," : "", (int)n, text.p,
                   percentile(x, calls, s->settings->percentiles[i]));
        text.p += n + (text.p[n] == ' ');
    }
    buf_add_text(b, "\r\n");
}

static void latencystats_section(struct server *s, struct buf *b)
{
    for (const struct command *const *c = registry_all(s->engine.registry); *c; c++) {
        one_latency(s, *c, b);
        for (const struct command *const *sub = (*c)->subcommands; sub && *sub; sub++)
            one_latency(s, *sub, b);
    }
}

static void cluster_section(struct server *s, struct buf *b)
{
    (void)s;
    buf_add_text(b, "cluster_enabled:0\r\n");
}

static void keyspace_section(struct server *s, struct buf *b)
{
    struct store *store = s->engine.store;
    for (int i = 0; i < store->count; i++) {
        struct db *db = &store->dbs[i];
        if (!db->keys.used)
            continue;
        /* The mean as a sum of shares: deadlines may be as far off as numbers go. */
        long long many = db->keys_with_ttl.used < 100 ? (long long)db->keys_with_ttl.used : 100,
                  rest = 0;
        long long mean = 0, n = 0;
        struct table_walk w;
        table_walk_start(&w, &db->keys_with_ttl);
        for (struct entry *x; n < many && (x = table_walk_next(&w)); n++) {
            long long left = num_minus(entry_deadline_ms(x), store->now_ms);
            mean += left / many;
            rest += left % many;
        }
        mean += many ? rest / many : 0;
        buf_printf(b, "db%d:keys=%zu,expires=%zu,avg_ttl=%lld\r\n", i, db->keys.used,
                   db->keys_with_ttl.used, mean > 0 ? mean : 0);
    }
}

static void persistence_section(struct server *s, struct buf *b)
{
    int64_t now = s->engine.steady_ms;
    struct saver_figures v;
    saver_figures(s->saver, &v);
    const struct loader_figures *l = v.loading;
    const struct progress_state p = v.progress;
    buf_printf(b,
               "loading:%d\r\nasync_loading:0\r\ncurrent_cow_peak:%zu\r\ncurrent_cow_size:%zu\r\n"
               "current_cow_size_age:%lld\r\ncurrent_fork_perc:%.2f\r\n"
               "current_save_keys_processed:%llu\r\ncurrent_save_keys_total:%llu\r\n",
               l->loading, p.cow_peak, p.cow, (long long)p.age_ms / 1000,
               p.keys_total ? 100.0 * (double)p.keys / (double)p.keys_total : 0.0,
               (unsigned long long)p.keys, (unsigned long long)p.keys_total);
    buf_printf(b,
               "rdb_changes_since_last_save:%lld\r\nrdb_bgsave_in_progress:%d\r\n"
               "rdb_last_save_time:%lld\r\nrdb_last_bgsave_status:%s\r\n"
               "rdb_last_bgsave_time_sec:%lld\r\nrdb_current_bgsave_time_sec:%lld\r\n"
               "rdb_saves:%llu\r\nrdb_last_cow_size:%zu\r\nrdb_last_load_keys_expired:%llu\r\n"
               "rdb_last_load_keys_loaded:%llu\r\n",
               v.changes, v.is_saving, (long long)v.last_save_ms / 1000,
               v.last_save_ok ? "ok" : "err", (long long)v.last_save_s,
               v.saving_ms < 0 ? -1LL : (long long)v.saving_ms / 1000, (unsigned long long)v.saves,
               v.save_cow, (unsigned long long)l->expired, (unsigned long long)l->keys);
    buf_printf(
        b,
        "aof_enabled:%d\r\naof_rewrite_in_progress:%d\r\naof_rewrite_scheduled:%d\r\n"
        "aof_last_rewrite_time_sec:%lld\r\naof_current_rewrite_time_sec:%lld\r\n"
        "aof_last_bgrewrite_status:%s\r\naof_rewrites:%llu\r\n"
        "aof_rewrites_consecutive_failures:%llu\r\naof_last_write_status:%s\r\n"
        "aof_last_cow_size:%zu\r\nmodule_fork_in_progress:0\r\n"
        "module_fork_last_cow_size:0\r\n",
        aof_is_open(v.aof), v.is_rewriting, v.rewrite_scheduled || v.first_wanted,
        (long long)v.last_rewrite_s, v.rewriting_ms < 0 ? -1LL : (long long)v.rewriting_ms / 1000,
        v.last_rewrite_ok ? "ok" : "err", (unsigned long long)v.rewrites,
        (unsigned long long)v.rewrite_failures, v.last_write_ok ? "ok" : "err", v.rewrite_cow);
    if (aof_is_open(v.aof))
        buf_printf(b,
                   "aof_current_size:%llu\r\naof_base_size:%llu\r\n"
                   "aof_pending_rewrite:%d\r\naof_buffer_length:%zu\r\n"
                   "aof_pending_bio_fsync:%d\r\naof_delayed_fsync:%llu\r\n"
                   "aof_unsynced_bytes:%llu\r\naof_cut_bytes_at_load:%llu\r\n"
                   "aof_last_fsync_age_ms:%lld\r\n"
                   "aof_fsync_percentiles_usec:p50=%llu,p99=%llu,p99.9=%llu,max=%llu\r\n",
                   (unsigned long long)aof_size(v.aof), (unsigned long long)aof_base_size(v.aof),
                   v.rewrite_scheduled, s->engine.journal->pending.n, aof_sync_in_flight(v.aof),
                   (unsigned long long)aof_delayed_syncs(v.aof),
                   (unsigned long long)aof_unsynced(v.aof), (unsigned long long)l->cut_bytes,
                   aof_last_sync_ms(v.aof) ? (long long)(now - aof_last_sync_ms(v.aof)) : -1LL,
                   (unsigned long long)aof_sync_latency_us(v.aof, 0.5),
                   (unsigned long long)aof_sync_latency_us(v.aof, 0.99),
                   (unsigned long long)aof_sync_latency_us(v.aof, 0.999),
                   (unsigned long long)aof_sync_latency_us(v.aof, 1));
    if (l->loading) {
        double part = l->total ? (double)l->done / (double)l->total : 0;
        double seconds = (double)(clock_wall_ms() - l->started_ms) / 1000;
        buf_printf(b,
                   "loading_start_time:%lld\r\nloading_total_bytes:%llu\r\n"
                   "loading_rdb_used_mem:0\r\nloading_loaded_bytes:%llu\r\n"
                   "loading_loaded_perc:%.2f\r\nloading_eta_seconds:%.0f\r\n",
                   (long long)l->started_ms / 1000, (unsigned long long)l->total,
                   (unsigned long long)l->done, part * 100,
                   part > 0 ? seconds / part - seconds : 1.0);
    }
}

enum { IN_DEFAULT = 1, IN_ALL = 2 };

static const struct {
    const char *name, *title;
    unsigned in;
    void (*print)(struct server *s, struct buf *b);
} sections[] = {
    {"server", "Server", IN_DEFAULT | IN_ALL, server_section},
    {"clients", "Clients", IN_DEFAULT | IN_ALL, clients_section},
    {"memory", "Memory", IN_DEFAULT | IN_ALL, memory_section},
    {"persistence", "Persistence", IN_DEFAULT | IN_ALL, persistence_section},
    {"stats", "Stats", IN_DEFAULT | IN_ALL, stats_section},
    {"replication", "Replication", IN_DEFAULT | IN_ALL, replication_section},
    {"cpu", "CPU", IN_DEFAULT | IN_ALL, cpu_section},
    {"modules", "Modules", IN_DEFAULT | IN_ALL, modules_section},
    {"commandstats", "Commandstats", IN_ALL, commandstats_section},
    {"errorstats", "Errorstats", IN_DEFAULT | IN_ALL, errorstats_section},
    {"latencystats", "Latencystats", IN_ALL, latencystats_section},
    {"cluster", "Cluster", IN_DEFAULT | IN_ALL, cluster_section},
    {"keyspace", "Keyspace", IN_DEFAULT | IN_ALL, keyspace_section},
    {"debug", "Debug", 0, debug_section},
};

static unsigned group_of(struct bytes name)
{
    return bytes_is(name, "default")                               ? IN_DEFAULT
           : bytes_is(name, "all") || bytes_is(name, "everything") ? IN_ALL
                                                                   : 0;
}

void info_print(struct server *s, struct buf *out, const struct bytes *names, int n)
{
    for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
        bool wanted = n == 0 && (sections[i].in & IN_DEFAULT);
        for (int k = 0; k < n && !wanted; k++)
            wanted = (sections[i].in & group_of(names[k])) || bytes_is(names[k], sections[i].name);
        if (!wanted)
            continue;
        buf_printf(out, "%s# %s\r\n", out->n ? "\r\n" : "", sections[i].title);
        sections[i].print(s, out);
    }
}
