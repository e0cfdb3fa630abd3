/* Commands and categories of Redis 6.2 to 8.10 and its modules that do not exist here. Rules may
 * name them, so that Redis' ACL files can be loaded; they match no command. */
#ifndef ACL_FOREIGN_H
#define ACL_FOREIGN_H

#include "base/bytes.h"

/* word: "name" or "container|name", in lower case. If no subcommand of a container is listed, all
 * are known. */
bool foreign_command(struct bytes word);
bool foreign_category(struct bytes name);

#endif
