/* hiredis: a worker that reads, works and acknowledges, and knows nothing else. Run by queues.py.
 */
#include <hiredis/hiredis.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *field(const redisReply *fields, const char *name)
{
    for (size_t i = 0; i + 1 < fields->elements; i += 2)
        if (strcmp(fields->element[i]->str, name) == 0)
            return fields->element[i + 1]->str;
    return "";
}

/* 0: the connection is gone. */
static int acknowledge(redisContext *c, const char *key, const char *id)
{
    redisReply *r = redisCommand(c, "XACK %s g %s", key, id);
    int good = r && r->type == REDIS_REPLY_INTEGER;
    freeReplyObject(r);
    return good;
}

static int work(redisContext *c, const char *key, const redisReply *message)
{
    const char *id = message->element[0]->str, *kind = field(message->element[1], "kind");
    if (strcmp(kind, "work") == 0) {
        printf("did %s\n", field(message->element[1], "n"));
        fflush(stdout);
        return acknowledge(c, key, id);
    }
    printf("took %s\n", id);
    fflush(stdout);
    if (strcmp(kind, "kills") == 0)
        kill(getpid(), SIGKILL);
    return 1; /* it has failed: there is nothing to acknowledge */
}

static int work_all(redisContext *c, const redisReply *r)
{
    if (!r || r->type == REDIS_REPLY_ERROR)
        return 0;
    for (size_t i = 0; r->type == REDIS_REPLY_ARRAY && i < r->elements; i++) {
        const redisReply *key = r->element[i]->element[0], *messages = r->element[i]->element[1];
        for (size_t k = 0; k < messages->elements; k++)
            if (!work(c, key->str, messages->element[k]))
                return 0;
    }
    return 1;
}

int main(void)
{
    struct timeval patience = {10, 0};
    for (;; usleep(50000)) {
        redisContext *c = redisConnect("127.0.0.1", atoi(getenv("PORT")));
        int good = c && !c->err && redisSetTimeout(c, patience) == REDIS_OK;
        while (good) {
            redisReply *r = redisCommand(c, "XREADGROUP GROUP g %s COUNT %s BLOCK 1000 STREAMS q >",
                                         getenv("NAME"), getenv("COUNT"));
            good = work_all(c, r);
            freeReplyObject(r);
        }
        printf("failed %s\n", c ? c->errstr : "");
        fflush(stdout);
        if (c)
            redisFree(c);
    }
}
