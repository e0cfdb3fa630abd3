#include "server/bind.h"

#include "base/log.h"
#include "config/forms.h"
#include "io/listen.h"

#include <errno.h>
#include <stdio.h>

bool bind_each(const char *addresses, int port, int backlog, void (*take)(void *context, int fd),
               void *context)
{
    struct bytes words[SETTINGS_ADDRESSES];
    size_t n = forms_split(bytes_text(addresses), words, SETTINGS_ADDRESSES);
    for (size_t i = 0; i < n; i++) {
        char address[256];
        bool optional = *words[i].p == '-';
        snprintf(address, sizeof(address), "%.*s", (int)words[i].n - optional,
                 words[i].p + optional);
        int fd = listen_tcp(address, port, backlog);
        if (fd >= 0) {
            take(context, fd);
            continue;
        }
        log_line(LOG_WARNING, "Warning: Could not create server TCP listening socket %s:%d: %s",
                 address, port, strerror(-fd));
        if (!optional || (fd != -EAFNOSUPPORT && fd != -EADDRNOTAVAIL))
            return false;
    }
    return true;
}
