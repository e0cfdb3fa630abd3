# INFO: every field in its place and format; tools read it by the line. The names come from tables of metrics
# (src/*/*_metrics.def); this list says what they have to print, so that a slip in a table is seen.

# A field alone is an integer; else its format follows: =text, any, id (40 hex digits), human (1.50M), a number of
# decimals, percent.
set ::info_fields {
    server {
        {redis_version =7.2.4} {server_name =millrace} {millrace_version =0.1.0} {redis_git_sha1 =00000000}
        {redis_git_dirty =0} {redis_build_id =0} {redis_mode =standalone} {os any} arch_bits {monotonic_clock
        =POSIX clock_gettime} {multiplexing_api =epoll} {atomicvar_api =c11-builtin} {gcc_version any}
        process_id {process_supervised =no} {run_id id} tcp_port server_time_usec uptime_in_seconds
        uptime_in_days hz configured_hz lru_clock {executable any} {config_file any} io_threads_active
        {listener0 any} {listener1 any}
    }
    clients {
        connected_clients cluster_connections maxclients client_recent_max_input_buffer
        client_recent_max_output_buffer blocked_clients tracking_clients pubsub_clients watching_clients
        clients_in_timeout_table total_watched_keys total_blocking_keys total_blocking_keys_on_nokey
        client_input_buffers client_output_buffers
    }
    memory {
        used_memory {used_memory_human human} used_memory_rss {used_memory_rss_human human} used_memory_peak
        {used_memory_peak_human human} {used_memory_peak_perc percent} used_memory_overhead
        used_memory_startup used_memory_dataset {used_memory_dataset_perc percent} allocator_allocated
        allocator_active allocator_resident total_system_memory {total_system_memory_human human}
        used_memory_lua {used_memory_lua_human human} used_memory_vm_eval used_memory_scripts_eval
        number_of_cached_scripts number_of_functions number_of_libraries used_memory_vm_functions
        used_memory_vm_total {used_memory_vm_total_human human} used_memory_functions used_memory_scripts
        {used_memory_scripts_human human} maxmemory {maxmemory_human human} {maxmemory_policy =noeviction}
        {allocator_frag_ratio 2} allocator_frag_bytes {allocator_rss_ratio 2} allocator_rss_bytes
        {rss_overhead_ratio 2} rss_overhead_bytes {mem_fragmentation_ratio 2} mem_fragmentation_bytes
        mem_not_counted_for_evict mem_replication_backlog mem_total_replication_buffers mem_clients_slaves
        mem_clients_normal mem_cluster_links mem_aof_buffer {mem_allocator any} active_defrag_running
        lazyfree_pending_objects lazyfreed_objects mem_stream_cache
    }
    persistence {
        loading async_loading current_cow_peak current_cow_size current_cow_size_age {current_fork_perc 2}
        current_save_keys_processed current_save_keys_total rdb_changes_since_last_save rdb_bgsave_in_progress
        rdb_last_save_time {rdb_last_bgsave_status =ok} rdb_last_bgsave_time_sec rdb_current_bgsave_time_sec
        rdb_saves rdb_last_cow_size rdb_last_load_keys_expired rdb_last_load_keys_loaded aof_enabled
        aof_rewrite_in_progress aof_rewrite_scheduled aof_last_rewrite_time_sec aof_current_rewrite_time_sec
        {aof_last_bgrewrite_status =ok} aof_rewrites aof_rewrites_consecutive_failures {aof_last_write_status
        =ok} aof_last_cow_size module_fork_in_progress module_fork_last_cow_size aof_current_size
        aof_base_size aof_pending_rewrite aof_buffer_length aof_pending_bio_fsync aof_delayed_fsync
        aof_unsynced_bytes aof_cut_bytes_at_load aof_last_fsync_age_ms {aof_fsync_percentiles_usec
        p50=int,p99=int,p99.9=int,max=int}
    }
    stats {
        total_connections_received total_commands_processed instantaneous_ops_per_sec total_net_input_bytes
        total_net_output_bytes total_net_repl_input_bytes total_net_repl_output_bytes
        {instantaneous_input_kbps 2} {instantaneous_output_kbps 2} {instantaneous_input_repl_kbps 2}
        {instantaneous_output_repl_kbps 2} rejected_connections sync_full sync_partial_ok sync_partial_err
        expired_keys expired_time_cap_reached_count expire_cycle_cpu_milliseconds evicted_keys evicted_clients
        total_eviction_exceeded_time current_eviction_exceeded_time eviction_longest_turn_us
        eviction_longest_turn_cpu_us expired_subkeys keyspace_hits keyspace_misses pubsub_channels
        pubsub_patterns pubsubshard_channels latest_fork_usec total_forks migrate_cached_sockets
        slave_expires_tracked_keys active_defrag_hits active_defrag_misses active_defrag_key_hits
        active_defrag_key_misses total_active_defrag_time current_active_defrag_time tracking_total_keys
        tracking_total_items tracking_total_prefixes unexpected_error_replies total_error_replies
        dump_payload_sanitizations total_reads_processed total_writes_processed io_threaded_reads_processed
        io_threaded_writes_processed reply_buffer_shrinks reply_buffer_expands eventloop_cycles
        client_query_buffer_limit_disconnections client_output_buffer_limit_disconnections
        acl_access_denied_auth acl_access_denied_cmd acl_access_denied_key acl_access_denied_channel
        eventloop_duration_sum eventloop_duration_cmd_sum instantaneous_eventloop_cycles_per_sec
        instantaneous_eventloop_duration_usec total_internal_commands
    }
    replication {
        {role =master} connected_slaves {master_failover_state =no-failover} {master_replid id}
        {master_replid2 id} master_repl_offset second_repl_offset repl_backlog_active repl_backlog_size
        repl_backlog_first_byte_offset repl_backlog_histlen
    }
    cpu {
        {used_cpu_sys 6} {used_cpu_user 6} {used_cpu_sys_children 6} {used_cpu_user_children 6}
        {used_cpu_sys_main_thread 6} {used_cpu_user_main_thread 6}
    }
    cluster {
        cluster_enabled
    }
    debug {
        eventloop_duration_aof_sum eventloop_duration_cron_sum eventloop_duration_max
        eventloop_cmd_per_cycle_max eventloop_cpu_max
    }
}

proc info_pattern {format} {
    switch -glob -- $format {
        int { return {^-?[0-9]+$} }
        2 { return {^-?[0-9]+\.[0-9]{2}$} }
        6 { return {^[0-9]+\.[0-9]{6}$} }
        percent { return {^[0-9]+\.[0-9]{2}%$} }
        human { return {^([0-9]+B|[0-9]+\.[0-9]{2}[KMGTP])$} }
        id { return {^[0-9a-f]{40}$} }
        any { return {} }
        =* { return "^[string map {. \\. - \\-} [string range $format 1 end]]$" }
        default { return "^[string map {int [0-9]+ . \\.} $format]$" }
    }
}

# What is wrong with the lines of a section, or nothing.
proc info_wrong {text fields} {
    set lines [lrange [split [string map {\r\n \n} [string trim $text]] \n] 1 end]
    foreach field $fields line $lines {
        set name [lindex $field 0]
        set format [expr {[llength $field] > 1 ? [join [lrange $field 1 end]] : "int"}]
        if {[string range $line 0 [string length $name]] ne "$name:"} { return "<$line> stands where $name belongs" }
        set value [string range $line [string length $name]+1 end]
        if {![regexp -- [info_pattern $format] $value]} { return "$name is <$value>, not $format" }
    }
    return ""
}

test "INFO has every field in its place and format" {
    server::start --appendonly yes --bind 127.0.0.1
    set s [resp::connect $server::port]
    dict for {section fields} $::info_fields {
        expect [info_wrong [resp::ask $s INFO $section] $fields] "" $section
    }
    close $s
}

test "INFO without an append-only file says nothing of it" {
    server::start --appendonly no
    set s [resp::connect $server::port]
    set text [resp::ask $s INFO persistence]
    expect $text "*aof_enabled:0\r\n*module_fork_last_cow_size:0\r\n" fields
    expect [string match *aof_current_size* $text] 0 sizes
    close $s
}

test "INFO counts what was done" {
    server::start --appendonly no
    set s [resp::connect $server::port]
    resp::ask $s SET a 1
    resp::ask $s SET b 1 EX 100
    resp::ask $s GET a
    resp::ask $s GET none
    resp::ask $s NOSUCH
    set text [resp::ask $s INFO everything]
    foreach line {total_connections_received:* keyspace_hits:1 keyspace_misses:1 total_error_replies:1
                  cmdstat_set:calls=2,usec=*,usec_per_call=*.??,rejected_calls=0,failed_calls=0
                  errorstat_ERR:count=1 latency_percentiles_usec_set:p50=*.???,p99=*.???,p99.9=*.???
                  db0:keys=2,expires=1,avg_ttl=* connected_clients:1 rdb_changes_since_last_save:2} {
        expect $text "*\r\n$line\r\n*" $line
    }
    resp::ask $s CONFIG RESETSTAT
    expect [resp::ask $s INFO stats] "*\r\nkeyspace_hits:0\r\nkeyspace_misses:0\r\n*" reset
    close $s
}
