/* Generates the reference in Markdown from the server's own tables: commands, settings, metrics,
 * lines of INFO, errors and HTTP paths. The result is docs/reference. */
#ifndef SERVER_REFERENCE_H
#define SERVER_REFERENCE_H

#include "base/buf.h"

/* Writes all pages into a directory, which is created if missing; other files there stay. 0 or
 * -errno, with the path that failed appended to problem. */
int reference_write(const char *directory, struct buf *problem);
/* Passes each page to visit(), for tests; path and text are valid during the call only. */
void reference_pages(void (*visit)(void *to, const char *path, struct bytes text), void *to);

#endif
