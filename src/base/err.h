/* Error texts for clients that are needed in more than one place; listed in err.def. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include "base/bytes.h"

enum err {
    ERR_NONE,
#define E(name, text) ERR_##name,
#include "base/err.def"
#undef E
    ERR_COUNT
};

/* With its error code, without '-' and line end; only DENIED and MAXCLIENTS, which are sent before
 * there is a client, are complete replies. */
struct bytes err_text(enum err e);

#endif
