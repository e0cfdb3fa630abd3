/* AUTH. */
#include "commands/connection/auth.h"
#include "commands/index.h"

#include "acl/users.h"
#include "engine/rights.h"

bool auth_try(struct call *call, struct bytes user, struct bytes password)
{
    if (rights_authenticate(call->client, call->argv[0], user, password))
        return true;
    call_error(call, ERR_WRONGPASS);
    return false;
}

static void do_auth(struct call *call)
{
    if (call->argc > 3) {
        call_error(call, ERR_SYNTAX);
        return;
    }
    if (call->argc == 2 && call->engine->users->default_user->no_password) {
        call_error(call, ERR_NO_AUTH_NEEDED);
        return;
    }
    if (auth_try(call, call->argc == 3 ? call->argv[1] : BYTES("default"),
                 call->argv[call->argc - 1]))
        reply_ok(call->reply);
}

const struct command auth_command = {
    .name = "auth",
    .usage = "[username:string] password:string",
    .summary = "Authenticates the connection.",
    .since = "1.0.0",
    .complexity = "O(1)",
    .group = GROUP_CONNECTION,
    .arity = -2,
    .flags = COMMAND_ALLOW_BUSY | COMMAND_FAST | COMMAND_LOADING | COMMAND_NO_AUTH |
             COMMAND_NOSCRIPT | COMMAND_STALE | COMMAND_UNTRACKED,
    .secret_from = 1,
    .of_connection = true,
    .handler = do_auth,
};
