#include "commands/string/set_options.h"

#include "commands/expiry_arg.h"
#include "commands/string/condition.h"

bool set_options_parse(struct call *call, int i, unsigned allowed, struct set_options *o)
{
    *o = (struct set_options){0};
    for (; i < call->argc; i++) {
        struct bytes word = call->argv[i];
        bool more = i + 1 < call->argc;
        /* An option may be repeated, but not combined with another of the same kind. */
        unsigned ttl = o->flags & (SET_KEEPTTL | SET_PERSIST | SET_DEADLINE);
        struct expiry_arg d;
        unsigned when = o->flags & (SET_NX | SET_XX | SET_CONDITION);
        if (bytes_is(word, "nx") && (allowed & SET_NX) && !(when & ~(unsigned)SET_NX)) {
            o->flags |= SET_NX;
        } else if (bytes_is(word, "xx") && (allowed & SET_XX) && !(when & ~(unsigned)SET_XX)) {
            o->flags |= SET_XX;
        } else if (more && (allowed & SET_CONDITION) && !when &&
                   condition_word(word, &o->condition)) {
            o->flags |= SET_CONDITION;
            o->condition.operand = call->argv[++i];
        } else if (bytes_is(word, "get") && (allowed & SET_GET)) {
            o->flags |= SET_GET;
        } else if (bytes_is(word, "keepttl") && (allowed & SET_KEEPTTL) &&
                   !(ttl & ~(unsigned)SET_KEEPTTL)) {
            o->flags |= SET_KEEPTTL;
        } else if (bytes_is(word, "persist") && (allowed & SET_PERSIST) &&
                   !(ttl & ~(unsigned)SET_PERSIST)) {
            o->flags |= SET_PERSIST;
        } else if (more && expiry_arg_word(word, &d) &&
                   (!ttl || (ttl == SET_DEADLINE && d.seconds == o->deadline.seconds &&
                             d.absolute == o->deadline.absolute))) {
            o->flags |= SET_DEADLINE;
            o->deadline = d;
            o->deadline.argument = ++i;
        } else {
            call_error(call, ERR_SYNTAX);
            return false;
        }
    }
    return true;
}
