/* Runs one compiled script or function for a client and makes its result, or its error, the reply.
 */
#ifndef SCRIPT_INVOKE_H
#define SCRIPT_INVOKE_H

#include "engine/call.h"
#include "script/run.h"

struct invocation {
    struct run *run; /* not active */
    struct vm *vm;   /* opened for run */
    int ref;         /* of the function, in vm's registry */
    bool readonly, allow_oom;
    /* Tables KEYS and ARGV of a script, arguments of a function. Borrowed until it ends. */
    const struct bytes *keys, *args;
    int key_count, arg_count;
};

/* The reply is complete when it returns. */
void invoke(struct call *call, const struct invocation *in);

#endif
