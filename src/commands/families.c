#include "commands/families.h"

#include "commands/index.h"

const struct command *const *families_all(void)
{
    static const struct command *const all[] = {
#define COMMAND(name) &name##_command,
#include "commands/index.def"
#undef COMMAND
        NULL,
    };
    return all;
}
