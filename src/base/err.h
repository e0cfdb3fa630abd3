/* Every error text that a client can see which more than one place needs: said once, in err.def. */
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

/* With its code word, without '-' and line end; but DENIED and MAXCLIENTS, which go to a socket
 * that has no client yet, are whole replies. */
struct bytes err_text(enum err e);

#endif
