/* CLIENT TRACKING and related subcommands. */
#include "commands/connection/client_tracking.h"

#include "base/mem.h"
#include "engine/tracking.h"

#define MODE (TRACKING_BCAST | TRACKING_OPTIN | TRACKING_OPTOUT)

struct wish {
    bool on;
    unsigned flags;
    uint64_t redirect;
    struct str **prefixes;
    size_t prefix_n;
};

/* Reports errors in single words; contradiction() checks the combination. */
static bool parse(struct call *call, struct wish *w)
{
    w->on = bytes_is(call->argv[2], "on");
    if (!w->on && !bytes_is(call->argv[2], "off")) {
        call_error(call, ERR_SYNTAX);
        return false;
    }
    for (int i = 3; i < call->argc; i++) {
        struct bytes word = call->argv[i];
        bool more = i + 1 < call->argc;
        if (bytes_is(word, "redirect") && more) {
            long long id;
            i++;
            if (w->redirect) {
                reply_errorf(call->reply,
                             "ERR A client can only redirect to a single other client");
                return false;
            }
            if (!call_int(call, i, &id))
                return false;
            if (!client_by_id(call->engine, (uint64_t)id)) {
                reply_errorf(call->reply, "ERR The client ID you want redirect to does not exist");
                return false;
            }
            w->redirect = (uint64_t)id;
        } else if (bytes_is(word, "prefix") && more) {
            w->prefixes[w->prefix_n++] = str_new(call->argv[++i]);
        } else if (bytes_is(word, "bcast")) {
            w->flags |= TRACKING_BCAST;
        } else if (bytes_is(word, "optin")) {
            w->flags |= TRACKING_OPTIN;
        } else if (bytes_is(word, "optout")) {
            w->flags |= TRACKING_OPTOUT;
        } else if (bytes_is(word, "noloop")) {
            w->flags |= TRACKING_NOLOOP;
        } else {
            call_error(call, ERR_SYNTAX);
            return false;
        }
    }
    return true;
}

/* Whether one is a prefix of the other. */
static bool overlap(const struct str *a, const struct str *b)
{
    size_t n = a->n < b->n ? a->n : b->n;
    return memcmp(a->p, b->p, n) == 0;
}

/* Prefixes of one client must not contain each other. */
static bool prefixes_are_disjoint(struct call *call, const struct wish *w)
{
    const struct tracking_client *t = call->client->tracking;
    for (size_t i = 0; i < w->prefix_n; i++) {
        const struct str *p = w->prefixes[i];
        for (size_t k = 0; t && k < t->prefix_n; k++)
            if (overlap(p, t->prefixes[k])) {
                reply_errorf(call->reply,
                             "ERR Prefix '%.*s' overlaps with an existing prefix '%.*s'. Prefixes "
                             "for a single client must not overlap.",
                             (int)p->n, p->p, (int)t->prefixes[k]->n, t->prefixes[k]->p);
                return false;
            }
        for (size_t k = i + 1; k < w->prefix_n; k++)
            if (overlap(p, w->prefixes[k])) {
                reply_errorf(call->reply,
                             "ERR Prefix '%.*s' overlaps with another provided prefix '%.*s'. "
                             "Prefixes for a single client must not overlap.",
                             (int)p->n, p->p, (int)w->prefixes[k]->n, w->prefixes[k]->p);
                return false;
            }
    }
    return true;
}

/* It is told of all keys already. */
static bool has_all(const struct tracking_client *t)
{
    for (size_t i = 0; t && i < t->prefix_n; i++)
        if (t->prefixes[i]->n == 0)
            return true;
    return false;
}

/* The error in the combination of options; NULL: none. */
static const char *contradiction(const struct client *c, const struct wish *w)
{
    unsigned now = c->tracking ? c->tracking->flags : 0;
    if (!(w->flags & TRACKING_BCAST) && w->prefix_n)
        return "ERR PREFIX option requires BCAST mode to be enabled";
    if (c->tracking && ((now ^ w->flags) & TRACKING_BCAST))
        return "ERR You can't switch BCAST mode on/off before disabling tracking for this client, "
               "and then re-enabling it with a different mode.";
    if ((w->flags & TRACKING_BCAST) && (w->flags & (TRACKING_OPTIN | TRACKING_OPTOUT)))
        return "ERR OPTIN and OPTOUT are not compatible with BCAST";
    if ((w->flags & TRACKING_OPTIN) && (w->flags & TRACKING_OPTOUT))
        return "ERR You can't specify both OPTIN mode and OPTOUT mode";
    if (((w->flags & TRACKING_OPTIN) && (now & TRACKING_OPTOUT)) ||
        ((w->flags & TRACKING_OPTOUT) && (now & TRACKING_OPTIN)))
        return "ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, "
               "and then re-enabling it with a different mode.";
    return NULL;
}

void client_tracking_do_tracking(struct call *call)
{
    struct wish w = {.prefixes = mem_alloc((size_t)call->argc * sizeof(struct str *))};
    bool good = parse(call, &w), taken = false;
    if (good && !w.on) {
        tracking_disable(call->client);
        reply_ok(call->reply);
    } else if (good) {
        const char *why = contradiction(call->client, &w);
        if (why) {
            reply_errorf(call->reply, "%s", why);
        } else if (prefixes_are_disjoint(call, &w)) {
            /* No prefix means all keys. */
            if ((w.flags & TRACKING_BCAST) && !w.prefix_n && !has_all(call->client->tracking))
                w.prefixes[w.prefix_n++] = str_new(bytes_of("", 0));
            tracking_enable(call->client, w.flags, w.redirect, w.prefixes, w.prefix_n);
            taken = true;
            reply_ok(call->reply);
        }
    }
    for (size_t i = 0; !taken && i < w.prefix_n; i++)
        str_unref(w.prefixes[i]);
    mem_free(w.prefixes);
}

void client_tracking_do_caching(struct call *call)
{
    struct tracking_client *t = call->client->tracking;
    struct bytes word = call->argv[2];
    bool yes = bytes_is(word, "yes");
    if (!t) {
        reply_errorf(call->reply, "ERR CLIENT CACHING can be called only when the client is in "
                                  "tracking mode with OPTIN or OPTOUT mode enabled");
        return;
    }
    if (!yes && !bytes_is(word, "no")) {
        call_error(call, ERR_SYNTAX);
        return;
    }
    if (yes && !(t->flags & TRACKING_OPTIN)) {
        reply_errorf(
            call->reply,
            "ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.");
        return;
    }
    if (!yes && !(t->flags & TRACKING_OPTOUT)) {
        reply_errorf(
            call->reply,
            "ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.");
        return;
    }
    t->flags |= TRACKING_CACHING;
    reply_ok(call->reply);
}

void client_tracking_do_getredir(struct call *call)
{
    const struct tracking_client *t = call->client->tracking;
    reply_int(call->reply, t ? (long long)t->redirect : -1);
}

void client_tracking_do_trackinginfo(struct call *call)
{
    const struct tracking_client *t = call->client->tracking;
    struct reply *r = call->reply;
    const char *flags[6];
    size_t n = 0;
    flags[n++] = t ? "on" : "off";
    if (t && (t->flags & TRACKING_BCAST))
        flags[n++] = "bcast";
    if (t && (t->flags & TRACKING_OPTIN)) {
        flags[n++] = "optin";
        if (t->flags & TRACKING_CACHING)
            flags[n++] = "caching-yes";
    }
    if (t && (t->flags & TRACKING_OPTOUT)) {
        flags[n++] = "optout";
        if (t->flags & TRACKING_CACHING)
            flags[n++] = "caching-no";
    }
    if (t && (t->flags & TRACKING_NOLOOP))
        flags[n++] = "noloop";
    if (t && (t->flags & TRACKING_BROKEN))
        flags[n++] = "broken_redirect";
    reply_map(r, 3);
    reply_bulk_text(r, "flags");
    reply_set(r, n);
    for (size_t i = 0; i < n; i++)
        reply_bulk_text(r, flags[i]);
    reply_bulk_text(r, "redirect");
    reply_int(r, t ? (long long)t->redirect : -1);
    reply_bulk_text(r, "prefixes");
    reply_array(r, t ? t->prefix_n : 0);
    for (size_t i = 0; t && i < t->prefix_n; i++)
        reply_bulk_str(r, t->prefixes[i]);
}
