/* A base of the append-only file as commands (aof-use-rdb-preamble no): the form of an increment,
 * frames and their checksums (docs/formats/aof.md), with a line in front of them that holds the
 * generation. Redis 7.0 and later load it; what Redis has no commands for is said in ours. */
#ifndef PERSIST_COMMAND_BASE_H
#define PERSIST_COMMAND_BASE_H

#include "persist/rdb_write.h"

/* Writes the whole data set to a new file. 0 or -errno. */
int command_base_write(int fd, struct store *s, const struct rdb_write_options *o,
                       struct rdb_write_result *result);
/* Reads back what was written. 0, -EBADMSG: it is not what was written, or another -errno. */
int command_base_verify(const char *path, const struct rdb_write_result *written);

#endif
