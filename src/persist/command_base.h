/* A base of the append-only file as commands (aof-use-rdb-preamble no): frames with checksums as in
 * an increment (docs/formats/aof.md), preceded by a line with the generation. Redis 7.0 and later
 * load it; where Redis has no commands, ours are used. */
#ifndef PERSIST_COMMAND_BASE_H
#define PERSIST_COMMAND_BASE_H

#include "persist/rdb_write.h"

/* Writes the whole data set to a new file. 0 or -errno. */
int command_base_write(int fd, struct store *s, const struct rdb_write_options *o,
                       struct rdb_write_result *result);
/* Reads the file back: a base is used only after that, since errors of the disk may show only when
 * reading. 0, -EBADMSG if it differs from what was written, or another -errno. */
int command_base_verify(const char *path, const struct rdb_write_result *written);

#endif
