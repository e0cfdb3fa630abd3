/* The request of a script or function: "script numkeys key... arg...". */
#ifndef COMMANDS_SCRIPTING_SCRIPT_CALL_H
#define COMMANDS_SCRIPTING_SCRIPT_CALL_H

#include "engine/call.h"
#include "script/scripting.h"

#define SCRIPT_CALL_FLAGS                                                                          \
    (COMMAND_NOSCRIPT | COMMAND_STALE | COMMAND_SKIP_MONITOR | COMMAND_NO_MANDATORY_KEYS |         \
     COMMAND_MOVABLEKEYS | COMMAND_WHOLE)
#define SCRIPT_CALL_KEYS_RW                                                                        \
    {                                                                                              \
        KEY_COUNTED(2, 0, 1, 1, KEY_RW | KEY_ACCESS | KEY_UPDATE)                                  \
    }
#define SCRIPT_CALL_KEYS_RO                                                                        \
    {                                                                                              \
        KEY_COUNTED(2, 0, 1, 1, KEY_RO | KEY_ACCESS)                                               \
    }

/* Parses the number of keys at argument 2, then keys, then arguments. False: error reply. */
bool script_call_parse(struct call *call, bool readonly, struct scripting_request *q);
/* Shows the request to MONITOR, before the commands of the script. */
void script_call_show(struct call *call);
/* The flags of the command `name`, adjusted to what the script declares (SCRIPTING_ bits, if it
 * is `known`). */
uint32_t script_call_flags(const struct engine *e, struct bytes name, bool known, unsigned does);

#endif
