/* The number of a database, as an argument. */
#ifndef COMMANDS_DB_ARG_H
#define COMMANDS_DB_ARG_H

#include "engine/call.h"

/* False after the error reply. */
bool db_arg_parse(const struct call *call, int i, struct db **out);

#endif
