#include "server/info.h"

#include "admin/http_metrics.h"
#include "base/assert.h"
#include "base/metric.h"
#include "broker/broker_metrics.h"
#include "engine/command_metrics.h"
#include "engine/engine_metrics.h"
#include "persist/aof_metrics.h"
#include "persist/journal_metrics.h"
#include "replica/follow_metrics.h"
#include "replica/replica_metrics.h"
#include "script/scripting_metrics.h"
#include "server/absent_metrics.h"
#include "server/backup_metrics.h"
#include "server/memory_metrics.h"
#include "server/persistence_metrics.h"
#include "server/process_metrics.h"
#include "server/turn_metrics.h"
#include "store/store_metrics.h"

/* ---- The order of lines is that of Redis, which tools and people expect. Other rows follow, in
 * the section of their table. */

static const char server_order[] =
    "redis_version server_name millrace_version redis_git_sha1 redis_git_dirty redis_build_id "
    "redis_mode os arch_bits monotonic_clock multiplexing_api atomicvar_api gcc_version "
    "process_id process_supervised run_id tcp_port server_time_usec shutdown_in_milliseconds "
    "uptime_in_seconds "
    "uptime_in_days hz configured_hz lru_clock executable config_file io_threads_active "
    "listener tls_certificate_ends";

static const char clients_order[] =
    "connected_clients cluster_connections maxclients client_recent_max_input_buffer "
    "client_recent_max_output_buffer blocked_clients tracking_clients pubsub_clients "
    "watching_clients clients_in_timeout_table total_watched_keys total_blocking_keys "
    "total_blocking_keys_on_nokey";

static const char memory_order[] =
    "used_memory used_memory_rss used_memory_peak used_memory_peak_perc used_memory_overhead "
    "used_memory_startup used_memory_dataset used_memory_dataset_perc allocator_allocated "
    "allocator_active allocator_resident total_system_memory used_memory_lua "
    "used_memory_vm_eval used_memory_scripts_eval number_of_cached_scripts "
    "number_of_functions number_of_libraries used_memory_vm_functions used_memory_vm_total "
    "used_memory_functions used_memory_scripts maxmemory maxmemory_policy "
    "allocator_frag_ratio allocator_frag_bytes allocator_rss_ratio allocator_rss_bytes "
    "rss_overhead_ratio rss_overhead_bytes mem_fragmentation_ratio mem_fragmentation_bytes "
    "mem_not_counted_for_evict mem_replication_backlog mem_total_replication_buffers "
    "mem_clients_slaves mem_clients_normal mem_cluster_links mem_aof_buffer mem_allocator "
    "active_defrag_running lazyfree_pending_objects lazyfreed_objects mem_stream_cache";

static const char persistence_order[] =
    "loading async_loading current_cow_peak current_cow_size current_cow_size_age "
    "current_fork_perc current_save_keys_processed current_save_keys_total "
    "rdb_changes_since_last_save rdb_bgsave_in_progress rdb_last_save_time "
    "rdb_last_bgsave_status rdb_last_bgsave_time_sec rdb_current_bgsave_time_sec rdb_saves "
    "rdb_last_cow_size rdb_last_load_keys_expired rdb_last_load_keys_loaded aof_enabled "
    "aof_rewrite_in_progress aof_rewrite_scheduled aof_last_rewrite_time_sec "
    "aof_current_rewrite_time_sec aof_last_bgrewrite_status aof_rewrites "
    "aof_rewrites_consecutive_failures aof_last_write_status aof_last_cow_size "
    "module_fork_in_progress module_fork_last_cow_size aof_current_size aof_base_size "
    "aof_pending_rewrite aof_buffer_length aof_pending_bio_fsync aof_delayed_fsync "
    "aof_unsynced_bytes aof_cut_bytes_at_load aof_last_fsync_age_ms "
    "aof_fsync_percentiles_usec loading_start_time loading_total_bytes loading_rdb_used_mem "
    "loading_loaded_bytes loading_loaded_perc loading_eta_seconds";

static const char stats_order[] =
    "total_connections_received total_commands_processed instantaneous_ops_per_sec "
    "total_net_input_bytes total_net_output_bytes total_net_repl_input_bytes "
    "total_net_repl_output_bytes instantaneous_input_kbps instantaneous_output_kbps "
    "instantaneous_input_repl_kbps instantaneous_output_repl_kbps rejected_connections "
    "sync_full sync_partial_ok sync_partial_err expired_keys expired_time_cap_reached_count "
    "expire_cycle_cpu_milliseconds evicted_keys evicted_clients total_eviction_exceeded_time "
    "current_eviction_exceeded_time eviction_longest_turn_us eviction_longest_turn_cpu_us "
    "expired_subkeys keyspace_hits keyspace_misses pubsub_channels pubsub_patterns "
    "pubsubshard_channels latest_fork_usec total_forks migrate_cached_sockets "
    "slave_expires_tracked_keys active_defrag_hits active_defrag_misses "
    "active_defrag_key_hits active_defrag_key_misses total_active_defrag_time "
    "current_active_defrag_time tracking_total_keys tracking_total_items "
    "tracking_total_prefixes unexpected_error_replies total_error_replies "
    "dump_payload_sanitizations total_reads_processed total_writes_processed "
    "io_threaded_reads_processed io_threaded_writes_processed reply_buffer_shrinks "
    "reply_buffer_expands eventloop_cycles client_query_buffer_limit_disconnections "
    "client_output_buffer_limit_disconnections acl_access_denied_auth acl_access_denied_cmd "
    "acl_access_denied_key acl_access_denied_channel eventloop_duration_sum "
    "eventloop_duration_cmd_sum instantaneous_eventloop_cycles_per_sec "
    "instantaneous_eventloop_duration_usec total_internal_commands";

static const char replication_order[] =
    "role master_host master_port master_link_status master_last_io_seconds_ago "
    "master_sync_in_progress slave_read_repl_offset slave_repl_offset master_sync_total_bytes "
    "master_sync_read_bytes master_sync_left_bytes master_sync_perc "
    "master_sync_last_io_seconds_ago master_link_down_since_seconds slave_priority "
    "slave_read_only replica_announced connected_slaves min_slaves_good_slaves slave "
    "master_failover_state master_replid "
    "master_replid2 "
    "master_repl_offset second_repl_offset repl_backlog_active repl_backlog_size "
    "repl_backlog_first_byte_offset repl_backlog_histlen unreplicated_bytes "
    "min_replicas_to_ack primary_confirmed primary_fetching_from replica_ack_offset "
    "replica_ack_waiting_clients "
    "replica_ack_oldest_wait_ms replica_ack_timeouts";

static const char debug_order[] =
    "eventloop_duration_aof_sum eventloop_duration_cron_sum eventloop_duration_max "
    "eventloop_cmd_per_cycle_max eventloop_cpu_max";

enum { IN_DEFAULT = 1, IN_ALL = 2 };

static const struct {
    const char *name, *title;
    unsigned in;
    const char *order; /* "": as registered */
} sections[] = {
    {"server", "Server", IN_DEFAULT | IN_ALL, server_order},
    {"clients", "Clients", IN_DEFAULT | IN_ALL, clients_order},
    {"memory", "Memory", IN_DEFAULT | IN_ALL, memory_order},
    {"persistence", "Persistence", IN_DEFAULT | IN_ALL, persistence_order},
    {"stats", "Stats", IN_DEFAULT | IN_ALL, stats_order},
    {"replication", "Replication", IN_DEFAULT | IN_ALL, replication_order},
    {"broker", "Broker", IN_DEFAULT | IN_ALL, ""},
    {"http", "HTTP", IN_ALL, ""},
    {"cpu", "CPU", IN_DEFAULT | IN_ALL, ""},
    {"modules", "Modules", IN_DEFAULT | IN_ALL, ""},
    {"commandstats", "Commandstats", IN_ALL, ""},
    {"errorstats", "Errorstats", IN_DEFAULT | IN_ALL, ""},
    {"latencystats", "Latencystats", IN_ALL, ""},
    {"cluster", "Cluster", IN_DEFAULT | IN_ALL, "cluster_enabled"},
    {"keyspace", "Keyspace", IN_DEFAULT | IN_ALL, ""},
    {"debug", "Debug", 0, debug_order}, /* only by name */
};

/* The number of names in an order. */
static size_t count(const char *names)
{
    size_t n = *names != '\0';
    for (; *names; names++)
        n += *names == ' ';
    return n;
}

struct metric_set *info_new(const struct info_parts *p)
{
    struct engine *e = p->engine;
    struct metric_set *m = metric_set_new();
    metric_add(m, "server", &process_metrics, &p->process);
    metric_add(m, "server", &process_metrics_listeners, &p->process);
    metric_add(m, "clients", &engine_metrics_clients, e);
    metric_add(m, "memory", &memory_metrics, &p->memory);
    metric_add(m, "memory", &scripting_metrics, e->scripting);
    metric_add(m, "persistence", &persistence_metrics, p->persistence);
    metric_add(m, "persistence", &aof_metrics, p->aof);
    metric_add(m, "persistence", &aof_metrics_latency, p->aof);
    metric_add(m, "persistence", &aof_metrics_sizes, p->aof);
    metric_add(m, "persistence", &backup_metrics, p->backup);
    metric_add(m, "stats", &engine_metrics, e);
    metric_add(m, "stats", &store_metrics, e->store);
    metric_add(m, "stats", &turn_metrics, &p->turn);
    metric_add(m, "stats", &turn_metrics_sizes, &p->turn);
    metric_add(m, "stats", &absent_metrics, NULL);
    metric_add(m, "replication", &journal_metrics, e->journal);
    metric_add(m, "replication", &replica_metrics, e->replication);
    metric_add(m, "replication", &replica_metrics_peers, e->replication);
    metric_add(m, "replication", &follow_metrics, e->replication);
    metric_add(m, "broker", &broker_metrics, e->broker);
    metric_add(m, "http", &http_metrics, p->http);
    metric_add(m, "http", &http_metrics_answers, p->http);
    metric_add(m, "cpu", &process_metrics_cpu, NULL);
    metric_add(m, "commandstats", &command_metrics, e);
    metric_add(m, "errorstats", &command_metrics_errors, e);
    metric_add(m, "latencystats", &command_metrics_latency, e);
    metric_add(m, "latencystats", &command_metrics_sizes, e);
    metric_add(m, "keyspace", &store_metrics_databases, e->store);
    for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
        size_t found = metric_arrange(m, sections[i].name, sections[i].order);
        ASSERT(found == count(sections[i].order)); /* every name belongs to a table */
    }
    return m;
}

void info_sections(void (*visit)(void *to, const char *name, const char *title, bool is_default),
                   void *to)
{
    for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
        visit(to, sections[i].name, sections[i].title, sections[i].in & IN_DEFAULT);
}

static unsigned group_of(struct bytes name)
{
    return bytes_is(name, "default")                               ? IN_DEFAULT
           : bytes_is(name, "all") || bytes_is(name, "everything") ? IN_ALL
                                                                   : 0;
}

void info_print(struct metric_set *metrics, struct buf *out, const struct bytes *names, int n)
{
    for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
        bool wanted = n == 0 && (sections[i].in & IN_DEFAULT);
        for (int k = 0; k < n && !wanted; k++)
            wanted = (sections[i].in & group_of(names[k])) || bytes_is(names[k], sections[i].name);
        if (!wanted)
            continue;
        buf_printf(out, "%s# %s\r\n", out->n ? "\r\n" : "", sections[i].title);
        metric_print_info(metrics, sections[i].name, out);
    }
}
