/* The settings as a page of the reference, and as the manual page millrace.conf(5). */
#ifndef SERVER_REFERENCE_SETTINGS_H
#define SERVER_REFERENCE_SETTINGS_H

#include "base/buf.h"

void reference_settings(struct buf *out);
/* The same for man, in mdoc. */
void reference_settings_manual(struct buf *out);

#endif
