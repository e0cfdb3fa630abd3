/* Names that rules of users may hold although there is no such command here: those of Redis 6.2 to
 * 8.10, its modules' included. They match nothing, but a file of users from there is read. */
#ifndef ACL_FOREIGN_H
#define ACL_FOREIGN_H

#include "base/bytes.h"

/* "name" or "container|name", in lower case. A part of one whose parts are not listed is known
 * with it. */
bool foreign_command(struct bytes word);
bool foreign_category(struct bytes name);

#endif
