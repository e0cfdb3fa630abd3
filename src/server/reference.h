/* The server describes itself, as Markdown: its commands, settings, metrics, lines of INFO, errors
 * and HTTP paths, from the tables by which it works. docs/reference holds what is written. */
#ifndef SERVER_REFERENCE_H
#define SERVER_REFERENCE_H

#include "base/buf.h"

/* Writes all pages into a directory, which is made when it is missing; files of other names there
 * stay. 0 or -errno, with the path that failed behind problem. */
int reference_write(const char *directory, struct buf *problem);
/* All pages one after the other, for tests: visit() gets a page's path and text, which go away
 * behind it. */
void reference_pages(void (*visit)(void *to, const char *path, struct bytes text), void *to);

#endif
