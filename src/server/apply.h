/* What a setting does when it changes at run time. */
#ifndef SERVER_APPLY_H
#define SERVER_APPLY_H

#include "config/settings.h"

/* As settings.changed has it; context: the server. */
bool apply_settings(void *context, const struct setting *const *changed, int n, int *failed,
                    const char **reason);

#endif
