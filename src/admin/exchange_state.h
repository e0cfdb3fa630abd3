/* An exchange as all who work on it see it: the request, who asks, what is asked, and the answer
 * that is being made. What happens to it when is admin/exchange's. */
#ifndef ADMIN_EXCHANGE_STATE_H
#define ADMIN_EXCHANGE_STATE_H

#include "admin/callable.h"
#include "admin/caller.h"
#include "admin/guard.h"
#include "admin/http_metrics.h"
#include "admin/login.h"
#include "admin/route.h"
#include "ds/chain.h"
#include "engine/engine.h"
#include "proto/http.h"

/* What all exchanges share; the parts are borrowed. */
struct exchange_all {
    struct engine *engine;
    struct guard_rates *rates;
    struct login_table *logins;
    const char *version;
    int loading_percent; /* of the data at the start; -1: they are there */
    struct http_figures figures;
    struct callable callable; /* owned, unlike the other parts */
    unsigned tails;           /* that are open (admin/tail) */
    int64_t born_ms; /* the first answer with a tag: tells this process from the one before */
};

enum exchange_phase {
    EXCHANGE_IDLE,      /* nothing of a request has come */
    EXCHANGE_HEAD,      /* some of its head */
    EXCHANGE_BODY,      /* all of its head */
    EXCHANGE_WORKING,   /* it is complete: exchange_step() */
    EXCHANGE_WAITING,   /* for a moment, or for the disk: exchange_is_due() */
    EXCHANGE_STREAMING, /* some of the answer is in `out`, and more will be (admin/flow) */
    EXCHANGE_ANSWERED,  /* the answer is in `out`: send it, then exchange_sent() */
};

/* Of console-mode. */
enum exchange_mode { EXCHANGE_FULL, EXCHANGE_READ_ONLY, EXCHANGE_OFF };

struct exchange {
    struct exchange_all *all; /* borrowed */
    struct guard_peer peer;
    struct guard_origin from;
    struct http_request request;
    struct chain out;
    enum exchange_phase phase;
    int64_t since_ms; /* when the phase began, by the steady clock */
    bool closes;      /* behind the answer */

    /* Who asks. */
    struct caller caller;
    struct str *user; /* whose request it is; NULL: nobody has shown who it is */
    bool by_token;    /* it carried the token of a session */
    char served[64];  /* key of the session whose requests the caller has run last */
    struct {
        bool begun, judged;
        bool by_certificate; /* which is proof enough */
        int64_t until_ms;    /* it is judged then */
        struct buf user, password;
    } attempt; /* to log in, or to show the password again, by this request */

    /* What is asked, while asked.route is set; and the answer so far. */
    struct route_asked asked;
    unsigned step;   /* how many of its steps have run */
    struct buf body; /* what they answered */
    struct json_write json;
    struct buf command; /* what was run that may change something, as redis-cli would type it */
    bool repeats;       /* the command is that of before once more: told and logged already */
    char tag[48];       /* of the answer (If-None-Match), or empty */
    void *work;         /* a program's, between its steps */
    void (*drop_work)(void *work); /* frees it; NULL: there is none */
    struct {
        bool (*is_due)(struct exchange *x); /* of one that rests; NULL: when there is room */
        bool rests, ends;
        bool has_lines; /* of JSON */
        bool is_safe;   /* the program asks the gate itself */
    } flow;             /* while STREAMING */
};

/* Moves on to another phase. */
static inline void exchange_state_enter(struct exchange *x, enum exchange_phase phase)
{
    x->phase = phase;
    x->since_ms = x->all->engine->steady_ms;
}

#endif
