/* The reference's page of HTTP paths. */
#ifndef SERVER_REFERENCE_HTTP_H
#define SERVER_REFERENCE_HTTP_H

#include "base/buf.h"

void reference_http(struct buf *out);

#endif
