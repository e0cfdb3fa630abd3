#include "commands/connection/client_name.h"

/* A space would end the field in a line of CLIENT LIST, a newline the line. */
bool client_name_is_printable(struct bytes name)
{
    for (size_t i = 0; i < name.n; i++)
        if (name.p[i] < '!' || name.p[i] > '~')
            return false;
    return true;
}

bool client_name_check(const struct call *call, struct bytes name)
{
    if (client_name_is_printable(name))
        return true;
    reply_errorf(call->reply,
                 "ERR Client names cannot contain spaces, newlines or special characters.");
    return false;
}

void client_name_set(struct client *c, struct bytes name)
{
    client_set_text(c, &c->name, name.n ? str_new(name) : NULL);
}
