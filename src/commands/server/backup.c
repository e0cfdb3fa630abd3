/* BACKUP: online backups of the append-only file. The work is done by server/backup.h. */
#include "commands/index.h"

static void do_backup(struct call *call)
{
    call->engine->services.backup(call->engine->services.context, call);
}

static void do_help(struct call *call)
{
    helpers_help(call, &backup_command);
}

#define BACKUP(word, usage_, summary_, arity_, handler_)                                           \
    static const struct command backup_##word##_command = {                                        \
        .name = #word,                                                                             \
        .full_name = "backup|" #word,                                                              \
        .usage = usage_,                                                                           \
        .summary = summary_,                                                                       \
        .since = "8.10.0",                                                                         \
        .complexity = "O(1)",                                                                      \
        .group = GROUP_SERVER,                                                                     \
        .arity = arity_,                                                                           \
        .flags = COMMAND_ADMIN | COMMAND_NOSCRIPT,                                                 \
        .handler = handler_,                                                                       \
    }

BACKUP(abort, "", "Aborts the open backup.", 2, do_backup);
BACKUP(cleanup, "<ALL | name:string>", "Deletes a sealed backup, or all.", 3, do_backup);
BACKUP(help, "", "Lists the subcommands.", 2, do_help);
BACKUP(list, "", "Lists the sealed backups.", 2, do_backup);
BACKUP(seal, "", "Seals the open backup at its present state.", 2, do_backup);
BACKUP(start, "[name:string]", "Starts a backup.", -2, do_backup);
BACKUP(status, "", "Returns the state of the last backup.", 2, do_backup);

static const struct command *const backup_subcommands[] = {
    &backup_abort_command, &backup_cleanup_command, &backup_help_command,   &backup_list_command,
    &backup_seal_command,  &backup_start_command,   &backup_status_command, NULL};

const struct command backup_command = {
    .name = "backup",
    .usage = "",
    .summary = "Manages online backups of the append-only file.",
    .since = "8.10.0",
    .complexity = "Depends on subcommand.",
    .group = GROUP_SERVER,
    .arity = -2,
    .subcommands = backup_subcommands,
};
