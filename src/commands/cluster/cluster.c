/* CLUSTER, READONLY, READWRITE and ASKING, with the replies of a server whose cluster mode is off.
 * Clients use these to detect the mode; the names exist for ACL rules. */
#include "commands/index.h"

static void is_disabled(struct call *call)
{
    reply_errorf(call->reply, "ERR This instance has cluster support disabled");
}

#define ADMIN (COMMAND_ADMIN | COMMAND_NO_ASYNC_LOADING)
#define PEER  COMMAND_ADMIN
#define RESET (COMMAND_ADMIN | COMMAND_NOSCRIPT)
#define N     "nondeterministic_output"

#define SUB(id, word, count, bits, version, text, args, advice)                                    \
    static const struct command cluster_##id##_command = {                                         \
        .name = word,                                                                              \
        .full_name = "cluster|" word,                                                              \
        .usage = args,                                                                             \
        .summary = text,                                                                           \
        .since = version,                                                                          \
        .complexity = "O(1)",                                                                      \
        .tips = advice,                                                                            \
        .group = GROUP_CLUSTER,                                                                    \
        .arity = count,                                                                            \
        .flags = (bits) | COMMAND_STALE | COMMAND_UNTRACKED,                                       \
        .handler = is_disabled,                                                                    \
    }

SUB(addslots, "addslots", -3, ADMIN, "3.0.0", "Assigns hash slots to this node.", "slot:int...",
    NULL);
SUB(addslotsrange, "addslotsrange", -4, ADMIN, "7.0.0",
    "Assigns ranges of hash slots to this node.", "(start-slot:int end-slot:int)...", NULL);
SUB(bumpepoch, "bumpepoch", 2, ADMIN, "3.0.0", "Advances the configuration epoch.", "", N);
SUB(count_failure_reports, "count-failure-reports", 3, PEER, "3.0.0",
    "Returns the number of failure reports for a node.", "node-id:string", N);
SUB(countkeysinslot, "countkeysinslot", 3, 0, "3.0.0", "Returns the number of keys in a hash slot.",
    "slot:int", NULL);
SUB(delslots, "delslots", -3, ADMIN, "3.0.0", "Removes hash slots from this node.", "slot:int...",
    NULL);
SUB(delslotsrange, "delslotsrange", -4, ADMIN, "7.0.0",
    "Removes ranges of hash slots from this node.", "(start-slot:int end-slot:int)...", NULL);
SUB(failover, "failover", -2, ADMIN, "3.0.0", "Promotes this replica to master.",
    "[<FORCE | TAKEOVER>]", NULL);
SUB(flushslots, "flushslots", 2, ADMIN, "3.0.0", "Removes all hash slots from this node.", "",
    NULL);
SUB(forget, "forget", 3, ADMIN, "3.0.0", "Removes a node from the cluster.", "node-id:string",
    NULL);
SUB(getkeysinslot, "getkeysinslot", 4, 0, "3.0.0", "Returns keys of a hash slot.",
    "slot:int count:int", N);
SUB(help, "help", 2, COMMAND_LOADING, "5.0.0", "Lists the subcommands.", "", NULL);
SUB(info, "info", 2, 0, "3.0.0", "Returns the state of the cluster.", "", N);
SUB(keyslot, "keyslot", 3, 0, "3.0.0", "Returns the hash slot of a key.", "key:string", NULL);
SUB(links, "links", 2, 0, "7.0.0", "Lists the links between nodes.", "", N);
SUB(meet, "meet", -4, ADMIN, "3.0.0", "Joins a node to the cluster.",
    "ip:string port:int [cluster-bus-port:int]", NULL);
SUB(myid, "myid", 2, 0, "3.0.0", "Returns the ID of this node.", "", NULL);
SUB(myshardid, "myshardid", 2, 0, "7.2.0", "Returns the shard ID of this node.", "", N);
SUB(nodes, "nodes", 2, 0, "3.0.0", "Returns information about all nodes.", "", N);
SUB(replicas, "replicas", 3, PEER, "5.0.0", "Lists the replicas of a node.", "node-id:string", N);
SUB(replicate, "replicate", 3, ADMIN, "3.0.0", "Makes this node a replica of another node.",
    "node-id:string", NULL);
SUB(reset, "reset", -2, RESET, "3.0.0", "Resets the cluster state of this node.", "[<HARD | SOFT>]",
    NULL);
SUB(saveconfig, "saveconfig", 2, ADMIN, "3.0.0", "Saves the configuration of the cluster.", "",
    NULL);
SUB(set_config_epoch, "set-config-epoch", 3, ADMIN, "3.0.0", "Sets the epoch of a new node.",
    "config-epoch:int", NULL);
SUB(setslot, "setslot", -4, ADMIN, "3.0.0", "Changes the state of a hash slot.",
    "slot:int <IMPORTING node-id:string | MIGRATING node-id:string | NODE node-id:string | STABLE>",
    NULL);
SUB(shards, "shards", 2, 0, "7.0.0", "Returns information about the shards.", "", N);
SUB(slaves, "slaves", 3, PEER, "3.0.0", "Lists the replicas of a node.", "node-id:string", N);
SUB(slots, "slots", 2, 0, "3.0.0", "Returns the hash slots of each node.", "", N);

static const struct command *const cluster_subcommands[] = {&cluster_addslots_command,
                                                            &cluster_addslotsrange_command,
                                                            &cluster_bumpepoch_command,
                                                            &cluster_count_failure_reports_command,
                                                            &cluster_countkeysinslot_command,
                                                            &cluster_delslots_command,
                                                            &cluster_delslotsrange_command,
                                                            &cluster_failover_command,
                                                            &cluster_flushslots_command,
                                                            &cluster_forget_command,
                                                            &cluster_getkeysinslot_command,
                                                            &cluster_help_command,
                                                            &cluster_info_command,
                                                            &cluster_keyslot_command,
                                                            &cluster_links_command,
                                                            &cluster_meet_command,
                                                            &cluster_myid_command,
                                                            &cluster_myshardid_command,
                                                            &cluster_nodes_command,
                                                            &cluster_replicas_command,
                                                            &cluster_replicate_command,
                                                            &cluster_reset_command,
                                                            &cluster_saveconfig_command,
                                                            &cluster_set_config_epoch_command,
                                                            &cluster_setslot_command,
                                                            &cluster_shards_command,
                                                            &cluster_slaves_command,
                                                            &cluster_slots_command,
                                                            NULL};

const struct command cluster_command = {
    .name = "cluster",
    .usage = "",
    .summary = "Cluster commands; cluster mode is not supported.",
    .since = "3.0.0",
    .complexity = "Depends on the subcommand.",
    .group = GROUP_CLUSTER,
    .arity = -2,
    .subcommands = cluster_subcommands,
};

#define WORD(word, version, text, bits)                                                            \
    {                                                                                              \
        .name = word, .usage = "", .summary = text, .since = version, .complexity = "O(1)",        \
        .categories = "@connection", .group = GROUP_CLUSTER, .arity = 1,                           \
        .flags = (bits) | COMMAND_FAST | COMMAND_UNTRACKED, .handler = is_disabled,                \
    }

const struct command asking_command =
    WORD("asking", "3.0.0", "Announces a request for a hash slot that is moving.", 0);
const struct command readonly_command =
    WORD("readonly", "3.0.0", "Allows reading from a replica of a cluster.",
         COMMAND_LOADING | COMMAND_STALE);
const struct command readwrite_command =
    WORD("readwrite", "3.0.0", "Ends what READONLY allows.", COMMAND_LOADING | COMMAND_STALE);
