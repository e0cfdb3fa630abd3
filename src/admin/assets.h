/* The console's files (admin/pages), which are part of the program: compressed when it is built,
 * sent by reference. They tell nothing that the source does not, so nobody has to log in for them.
 */
#ifndef ADMIN_ASSETS_H
#define ADMIN_ASSETS_H

#include "admin/respond.h"

struct asset {
    const char *path; /* "/" or "/main.js" */
    const char *type; /* Content-Type */
    const char *tag;  /* of its contents: their SHA-256 in hex */
    struct str *body; /* gzip; never freed */
};

/* NULL: there is none. Cost: linear in the number of files, which is small. */
const struct asset *assets_find(struct bytes path);
/* Fills r with the answer to a GET or HEAD: 200, or 304 to who has it, or 406 to who does not take
 * gzip. What it points to is the program's. */
void assets_answer(const struct asset *a, const struct http_request *q, struct respond *r);

#endif
