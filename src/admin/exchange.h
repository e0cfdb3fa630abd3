/* One HTTP connection's requests, one after the other: from bytes to an answer. Knows no socket;
 * whoever has one gives what came, runs steps, and sends what is in `out`. */
#ifndef ADMIN_EXCHANGE_H
#define ADMIN_EXCHANGE_H

#include "admin/caller.h"
#include "admin/guard.h"
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
};

enum exchange_phase {
    EXCHANGE_IDLE,     /* nothing of a request has come */
    EXCHANGE_HEAD,     /* some of its head */
    EXCHANGE_BODY,     /* all of its head */
    EXCHANGE_WORKING,  /* it is complete: exchange_step() */
    EXCHANGE_WAITING,  /* for a moment, or for the disk: exchange_is_due() */
    EXCHANGE_ANSWERED, /* the answer is in `out`: send it, then exchange_sent() */
};

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
    struct {
        bool begun, judged;
        int64_t until_ms; /* it is judged then */
        struct buf user, password;
    } attempt; /* to log in, by this request */

    /* What is asked: valid while asked.route is set. */
    struct route_asked asked;
    unsigned step;   /* how many of its steps have run */
    struct buf body; /* what they answered */
    struct json_write json;
};

/* Zero-initialised memory becomes an exchange. */
void exchange_begin(struct exchange *x, struct exchange_all *all, const struct guard_peer *peer);
void exchange_end(struct exchange *x);
/* Takes from the front of *in what belongs to the request that is read; nothing while one is being
 * answered. */
void exchange_take(struct exchange *x, struct bytes *in);
/* While WORKING: a part of the work, of at most about 0.3 ms. */
void exchange_step(struct exchange *x);
/* While WAITING: whether it may go on; it is WORKING then. */
bool exchange_is_due(struct exchange *x);
/* All of the answer has left: the next request. */
void exchange_sent(struct exchange *x);
/* The request did not come in time: says so, and closes. While IDLE: only closes. */
void exchange_too_late(struct exchange *x);

#endif
