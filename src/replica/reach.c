#include "replica/reach.h"

#include "base/log.h"
#include "config/forms.h"

bool reach_is_loopback(struct bytes host)
{
    return bytes_has_prefix(host, "127.") || bytes_is(host, "localhost") || bytes_is(host, "::1") ||
           bytes_is(host, "[::1]");
}

bool reach_is_all_loopback(const char *addresses)
{
    struct bytes words[SETTINGS_ADDRESSES];
    size_t n = forms_split(bytes_text(addresses), words, SETTINGS_ADDRESSES);
    bool closed = n > 0;
    for (size_t i = 0; i < n && i < SETTINGS_ADDRESSES; i++) {
        struct bytes word = words[i];
        if (word.n && word.p[0] == '-')
            word = bytes_of(word.p + 1, word.n - 1);
        closed = closed && reach_is_loopback(word);
    }
    return closed;
}

bool reach_is_closed(const struct settings *s)
{
    return reach_is_all_loopback(s->bind);
}

void reach_hint(const struct replication *r, const char *role, const char *host)
{
    const struct settings *s = r->engine->settings;
    if (*s->replica_announce_ip || reach_is_loopback(bytes_text(host)) || !reach_is_closed(s))
        return;
    log_line(LOG_WARNING,
             "This server listens on loopback addresses only (bind), but its %s %s is on another "
             "machine, from which it cannot be reached, nor by Sentinel. Set bind, or "
             "replica-announce-ip and replica-announce-port if connections are forwarded to it.",
             role, host);
}
