#include "commands/string/expiry_options.h"

#include "commands/expiry_arg.h"

bool expiry_options_word(const struct call *call, int *i, struct expiry_options *x)
{
    struct bytes word = call->argv[*i];
    struct expiry_arg d;
    if (x->timed || x->keep || x->persist)
        return false;
    if (bytes_is(word, "keepttl")) {
        x->keep = true;
    } else if (bytes_is(word, "persist")) {
        x->persist = true;
    } else if (expiry_arg_word(word, &d) && *i + 1 < call->argc) {
        x->timed = true;
        x->at = d;
        x->at.argument = ++*i;
    } else {
        return false;
    }
    return true;
}
